"""The checks of the sample find what they are for: one small fault each, put into a fabric without any."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from sample.generate import generate
from tests.support.sample_rules import faults

BREAKS: list[tuple[str, str, str, list[Any], Any]] = [
    # fault expected, kind, name, path in the document, value (None takes the key away)
    ("longer than 11", "VPC", "vpc-00001", ["metadata", "name"], "vpc-00001234"),
    ("there are 2", "Server", "server-0101", ["metadata", "name"], "server-0102"),
    ("not in namespace default", "Server", "server-0101", ["metadata", "namespace"], "other"),
    ("overlaps vpc-00001/default", "VPC", "vpc-00001", ["spec", "subnets", "default", "subnet"], "10.0.2.0/25"),
    ("is outside of IPv4Namespace", "VPC", "vpc-00001", ["spec", "subnets", "default", "subnet"], "192.168.0.0/24"),
    ("is outside of IPv4Namespace", "VPC", "vpc-00001", ["spec", "ipv4Namespace"], "nope"),
    ("is reserved", "IPv4Namespace", "default", ["spec", "subnets", 0], "172.16.0.0/12"),
    ("is not in 10.0.1.0/24", "VPC", "vpc-00001", ["spec", "subnets", "default", "gateway"], "10.0.2.1"),
    ("VLAN 1001 of row-1 is used 2 times", "VPC", "vpc-00001", ["spec", "subnets", "default", "vlan"], 1001),
    ("is outside of VLANNamespace", "VPC", "vpc-00001", ["spec", "subnets", "default", "vlan"], 999),
    ("reserved VLANs", "VLANNamespace", "row-1", ["spec", "ranges", 0, "to"], 3000),
    ("172.30.0.8/21 is used by 2", "Switch", "leaf-02", ["spec", "ip"], "172.30.0.8/21"),
    ("address outside", "Switch", "leaf-02", ["spec", "ip"], "172.30.4.8/21"),
    ("65101 is used by", "Switch", "leaf-02", ["spec", "asn"], 65101),
    ("ASN 65101", "Switch", "spine-01", ["spec", "asn"], 65101),
    ("VTEP IP None", "Switch", "leaf-01", ["spec", "vtepIP"], None),
    (
        "port leaf-01/E1/2 is used 2 times",
        "Connection",
        "server-0101--eslag--leaf-01--leaf-02",
        ["spec", "eslag", "links", 0, "switch", "port"],
        "leaf-01/E1/2",
    ),
    (
        "no device leaf-99",
        "Connection",
        "server-0109--unbundled--leaf-01",
        ["spec", "unbundled", "link", "switch", "port"],
        "leaf-99/E1/1",
    ),
    (
        "has no port E1/49",
        "Connection",
        "server-0109--unbundled--leaf-01",
        ["spec", "unbundled", "link", "switch", "port"],
        "leaf-01/E1/49",
    ),
    (
        "more than one device",
        "Connection",
        "server-0107--bundled--leaf-01",
        ["spec", "bundled", "links", 0, "switch", "port"],
        "leaf-02/E1/20",
    ),
    ("no pair", "Connection", "spine-01--fabric--leaf-01", ["spec", "fabric", "links", 0, "leaf", "ip"], "172.30.128.1/30"),
    ("are not one eslag pair", "Switch", "leaf-01", ["spec", "redundancy"], None),
    ("lacks the VLAN namespace", "Switch", "leaf-01", ["spec", "vlanNamespaces"], None),
    ("no subnet vpc-00001/nope", "ExternalPeering", None, ["spec", "permit", "vpc", "subnets", 0], "nope"),
    ("different IPv4 namespaces", "External", "partner", ["spec", "ipv4Namespace"], "nope"),
    ("static on one side", "External", "internet", ["spec", "static"], {"prefixes": ["0.0.0.0/0"]}),
    ("not two VPCs", "VPCPeering", None, ["spec", "permit", 0, "vpc-00001"], {}),
    ("to a connection of type external", "VPCAttachment", None, ["spec", "connection"], "leaf-01--external--internet"),
    ("no subnet vpc-00001/nope", "VPCAttachment", None, ["spec", "subnet"], "vpc-00001/nope"),
]  # fmt: skip


@pytest.fixture
def documents() -> list[dict[str, Any]]:
    return [document for text in generate(60).values() for document in yaml.safe_load_all(text)]


def _put(document: Any, path: list[Any], value: Any) -> None:
    *parents, last = path
    for key in parents:
        document = document[key]
    if value is None:
        del document[last]
    else:
        document[last] = value


def test_a_fabric_without_fault_has_none(documents: list[dict[str, Any]]) -> None:
    assert faults(documents) == []


@pytest.mark.parametrize(("fault", "kind", "name", "path", "value"), BREAKS)
def test_each_fault_is_found(
    documents: list[dict[str, Any]], fault: str, kind: str, name: str | None, path: list[Any], value: Any
) -> None:
    _put(next(d for d in documents if d["kind"] == kind and name in (None, d["metadata"]["name"])), path, value)
    assert any(fault in found for found in faults(documents)), faults(documents)
