"""What each kind names: the table against the CRDs, and cases of every Connection type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops import schemas
from providers.core.identity import KINDS
from providers.core.references import RULES, references
from tests.support.strategies import specs


def link(*ends: str) -> dict[str, dict[str, str]]:
    pairs = (end.split("=") for end in ends)
    return {end: {"port": port} for end, port in pairs}


CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("VPC", {}, ["IPv4Namespace/default", "VLANNamespace/default"]),
    ("VPC", {"ipv4Namespace": "", "vlanNamespace": "v"}, ["IPv4Namespace/default", "VLANNamespace/v"]),
    (
        "VPC",
        {
            "ipv4Namespace": "n",
            "vlanNamespace": "v",
            "subnets": {"a": {"dhcp": {"relay": "10.0.0.1/32", "relayVPC": "r"}}},
        },
        ["IPv4Namespace/n", "VLANNamespace/v", "VPC/r"],
    ),
    ("VPCAttachment", {"subnet": "v-1/default", "connection": "c"}, ["VPC/v-1", "Connection/c"]),
    ("VPCAttachment", {"subnet": "v-1", "connection": "c"}, ["VPC/v-1", "Connection/c"]),
    ("VPCPeering", {"permit": [{"a": {"subnets": ["s"]}, "b": {}}, {"a": {}, "c": {}}]}, ["VPC/a", "VPC/b", "VPC/c"]),
    ("External", {"ipv4Namespace": "n"}, ["IPv4Namespace/n"]),
    ("External", {}, ["IPv4Namespace/default"]),
    ("ExternalAttachment", {"external": "e", "connection": "c"}, ["External/e", "Connection/c"]),
    ("ExternalPeering", {"permit": {"vpc": {"name": "v"}, "external": {"name": "e"}}}, ["VPC/v", "External/e"]),
    ("IPv4Namespace", {"subnets": ["10.0.0.0/16"]}, []),
    ("VLANNamespace", {"ranges": [{"from": 1, "to": 2}]}, []),
    ("Server", {"profile": "p"}, []),
    ("SwitchGroup", {}, []),
    (
        "Switch",
        {
            "groups": ["g-1", "g-2"],
            "redundancy": {"group": "g-1", "type": "eslag"},
            "vlanNamespaces": ["v"],
            "profile": "vs",
        },
        ["SwitchGroup/g-1", "SwitchGroup/g-2", "VLANNamespace/v"],
    ),
    ("Switch", {"redundancy": {"group": "g"}}, ["SwitchGroup/g", "VLANNamespace/default"]),
    ("Connection", {"unbundled": {"link": link("server=s/p", "switch=l/E1/1")}}, ["Server/s", "Switch/l"]),
    *(
        (
            "Connection",
            {kind: {"links": [link("server=s/p1", "switch=l1/E1/1"), link("server=s/p2", "switch=l2/E1/1")]}},
            ["Server/s", "Switch/l1", "Switch/l2"],
        )
        for kind in ("bundled", "mclag", "eslag")
    ),
    (
        "Connection",
        {
            "mclagDomain": {
                "peerLinks": [link("switch1=l1/E1/1", "switch2=l2/E1/1")],
                "sessionLinks": [link("switch1=l3/E1/2", "switch2=l4/E1/2")],
            }
        },
        ["Switch/l1", "Switch/l2", "Switch/l3", "Switch/l4"],
    ),
    ("Connection", {"fabric": {"links": [link("spine=s/E1/1", "leaf=l/E1/1")]}}, ["Switch/s", "Switch/l"]),
    ("Connection", {"mesh": {"links": [link("leaf1=l1/E1/1", "leaf2=l2/E1/1")]}}, ["Switch/l1", "Switch/l2"]),
    ("Connection", {"gateway": {"links": [link("switch=l/E1/1", "gateway=gw/enp1")]}}, ["Switch/l"]),
    ("Connection", {"vpcLoopback": {"links": [link("switch1=l/E1/1", "switch2=l/E1/2")]}}, ["Switch/l"]),
    ("Connection", {"external": {"link": link("switch=l/E1/1")}}, ["Switch/l"]),
    (
        "Connection",
        {"staticExternal": {"withinVPC": "v", "link": {"switch": {"port": "l/E1/1", "ip": "1.2.3.4/24"}}}},
        ["Switch/l", "VPC/v"],
    ),
    ("Connection", {"staticExternal": {"link": link("switch=l/E1/1")}}, ["Switch/l"]),
]


@pytest.mark.parametrize(("kind", "spec", "expected"), CASES)
def test_a_spec_names(kind: str, spec: dict[str, Any], expected: list[str]) -> None:
    found = references(kind, spec)
    assert [f"{one.ref.kind}/{one.ref.name}" for one in found] == expected
    assert {one.ref.namespace for one in found} <= {"default"}


@pytest.mark.parametrize(("kind", "spec", "expected"), CASES)
def test_the_path_of_a_reference_leads_to_its_name(kind: str, spec: dict[str, Any], expected: list[str]) -> None:
    for one in references(kind, spec):
        value: Any = {"spec": spec}
        key: Any = None
        for part in () if one.implied else one.path:
            key, value = part, value[part]
        assert one.implied or one.ref.name in {key, str(value).partition("/")[0]}


def test_every_kind_has_its_rules() -> None:
    assert RULES.keys() == KINDS.keys()


@pytest.mark.parametrize(("kind", "path"), [(kind, rule.path) for kind, rules in RULES.items() for rule in rules])
def test_every_path_of_the_table_is_a_field_of_the_crd(kind: str, path: str) -> None:
    spec: Any = "name"
    for part in reversed(path.split(".")):
        spec = [spec] if part == "*" else {"any": {}} if part == "%" else {part: spec}
    if path.startswith("subnets."):  # a mapping, not a list
        spec = {"subnets": {"any": spec["subnets"][0]}}
    found = schemas.bundled()[kind].findings({"spec": spec})
    assert [one for one in found if one.rule in {"additionalProperties", "type"}] == []


@given(st.sampled_from(sorted(KINDS)), specs)
def test_no_spec_breaks_the_search(kind: str, spec: dict[str, Any]) -> None:
    references(kind, spec)
