"""The schemas that judge: those that hhsync ships (providers/crds), compiled once per process, or those of a folder."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from providers.core.identity import KINDS, VERSION
from providers.core.schema import Schema, compile_crd
from providers.errors import ConfigError, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from providers.settings import GitSettings

# What the output of `hhsync check` names as the source of the schemas.
BUNDLED = "the bundled schemas of Hedgehog v0.126"

_CRD = "CustomResourceDefinition"


@functools.cache
def bundled() -> Mapping[str, Schema]:
    """The schema of each of the 12 kinds at its served version, by kind."""
    schemas: dict[str, Schema] = {}
    folder = resources.files("providers.crds")
    for kind in KINDS.values():
        text = (folder / f"{kind.plural}.{kind.group}.yaml").read_text("utf-8")
        crd = yaml.load(text, yaml.CSafeLoader)
        schemas |= {schema.kind: schema for schema in compile_crd(crd) if schema.version == VERSION}
    return schemas


def chosen(settings: GitSettings) -> tuple[Mapping[str, Schema], str]:
    """The schemas that a stack asks for, and what the output says of them.

    Raises:
        ConfigError: its folder of schemas cannot be used.
    """
    return of_folder(Path(settings.schemas_dir)) if settings.schemas_dir else (bundled(), BUNDLED)


def of_folder(folder: Path) -> tuple[Mapping[str, Schema], str]:
    """The schemas of the CRDs in a folder's YAML files, at any depth, and what the output says of them.

    A kind that the folder has no CRD of is judged by the bundled schema, and the text says which those are. What is no CRD
    of our kinds is passed over.

    Raises:
        ConfigError: there is no such folder, no CRD of ours in it, or one that cannot be used.
    """
    if not folder.is_dir():
        raise ConfigError(f"schemas: there is no folder {folder}; name one with Hedgehog's CRDs as YAML files")
    found: dict[str, Schema] = {}
    for path in sorted(one for one in folder.rglob("*") if one.suffix in {".yaml", ".yml"} and one.is_file()):
        for crd in _crds(path):
            found |= _compiled(path, crd)
    if not found:
        raise ConfigError(f"schemas: no YAML file under {folder} has a CRD of Hedgehog's 12 kinds; name another folder")
    others = sorted(KINDS.keys() - found.keys())
    more = f", and {BUNDLED} for {', '.join(others)}" if others else ""
    return {**bundled(), **found}, f"the schemas in {folder}{more}"


def _crds(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        for document in yaml.load_all(path.read_text("utf-8"), yaml.CSafeLoader):
            if isinstance(document, dict) and document.get("kind") == _CRD:
                yield document
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"schemas: {path} cannot be read: {one_line(str(error))}") from None


def _compiled(path: Path, crd: Mapping[str, Any]) -> dict[str, Schema]:
    try:
        names, group = crd["spec"]["names"], crd["spec"]["group"]
        kind = KINDS.get(names["kind"])
        if kind is None or group != kind.group:
            return {}
        schemas = {schema.kind: schema for schema in compile_crd(crd) if schema.version == VERSION}
    except (
        Exception
    ) as error:  # a hand-made CRD can be wrong in any way, and the compiler of schemas says so in its own
        text = f"schemas: the CRD in {path} cannot be used: {type(error).__name__}: {one_line(str(error))}"
        raise ConfigError(f"{text}; take it from a Hedgehog release or from a cluster") from None
    if not schemas:
        raise ConfigError(
            f"schemas: the CRD of {kind.name} in {path} does not serve {VERSION}, the version that hhsync writes"
        )
    return schemas
