"""The schemas that hhsync ships (providers/crds), compiled once per process."""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING

import yaml

from providers.core.identity import KINDS, VERSION
from providers.core.schema import Schema, compile_crd

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What the output of `hhsync check` names as the source of the schemas.
BUNDLED = "the bundled schemas of Hedgehog v0.126"


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
