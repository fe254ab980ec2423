"""The CRDs that hhsync ships are those of the 12 kinds, and their names agree with what hhsync asks servers for."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
import yaml

from providers.core.identity import KINDS, VERSION, Kind

FOLDER = resources.files("providers.crds")


def _crd(kind: Kind) -> dict[str, Any]:
    crd: dict[str, Any] = yaml.safe_load((FOLDER / f"{kind.plural}.{kind.group}.yaml").read_text("utf-8"))
    return crd


def test_there_is_one_file_for_each_kind() -> None:
    files = {file.name for file in FOLDER.iterdir() if file.name.endswith(".yaml")}
    assert files == {f"{kind.plural}.{kind.group}.yaml" for kind in KINDS.values()}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_it_is_served_under_the_names_that_hhsync_uses(kind: Kind) -> None:
    crd = _crd(kind)
    assert crd["metadata"]["name"] == f"{kind.plural}.{kind.group}"
    assert (crd["spec"]["group"], crd["spec"]["names"]["kind"]) == (kind.group, kind.name)
    assert (crd["spec"]["names"]["plural"], crd["spec"]["scope"]) == (kind.plural, "Namespaced")
    (version,) = crd["spec"]["versions"]
    assert (version["name"], version["served"], version["storage"]) == (VERSION, True, True)
    assert version["subresources"] == {"status": {}}


def _untyped(schema: Any, path: str = "") -> list[str]:
    """Paths of schema nodes that would make the API server refuse the CRD as not structural, or show odd help."""
    found = [] if isinstance(schema.get("type"), str) else [f"{path}: no type"]
    if not isinstance(schema.get("description", ""), str):
        found.append(f"{path}: description")
    for name, child in schema.get("properties", {}).items():
        found += _untyped(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in schema:
            found += _untyped(schema[key], f"{path}[]")
    return found


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_node_of_its_schema_has_a_type(kind: Kind) -> None:
    (version,) = _crd(kind)["spec"]["versions"]
    assert _untyped(version["schema"]["openAPIV3Schema"]) == []
