"""The cluster's own schemas, as its OpenAPI document has them, judge as the CRDs do."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import providers
from automation.operations import check
from gitops import schemas
from providers.core.identity import KINDS, VERSION
from providers.errors import NotInstalled

CRDS = Path(providers.__file__).parent / "crds"


def document(group: str) -> dict:
    """What an API server publishes for a group: a component per kind, its metadata a reference."""
    components = {"io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": {"type": "object"}}
    for kind in KINDS.values():
        if kind.group == group:
            crd = yaml.safe_load((CRDS / f"{kind.plural}.{kind.group}.yaml").read_text("utf-8"))
            component = dict(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
            component["properties"] = {**component["properties"], "metadata": {"allOf": [{"$ref": "#/components/x"}]}}
            component["x-kubernetes-group-version-kind"] = [{"group": group, "kind": kind.name, "version": VERSION}]
            components[f"x.{kind.name}"] = component
    return {"components": {"schemas": components}}


class Cluster:
    server = "https://cluster.example.com"

    def __init__(self, documents):
        self.openapi = documents


WRONG = {"spec": {"subnets": {"default": {"vlan": "1001", "colour": "red"}}}}


def test_the_live_schema_finds_what_the_bundled_one_finds():
    found = check.live_schemas(Cluster(document))
    assert found.keys() == KINDS.keys()
    assert found["VPC"].findings(WRONG) == schemas.bundled()["VPC"].findings(WRONG) != ()


def test_a_kind_that_the_cluster_does_not_serve_is_named():
    with pytest.raises(NotInstalled, match="no schema of Connection, External"):
        check.live_schemas(Cluster(lambda group: {"components": {"schemas": {}}}))
