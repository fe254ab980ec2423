"""Which hand-overs need an order, and which need something deleted first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.core.identity import ObjectRef
from providers.core.planning.conflicts import exclusives
from providers.core.planning.reassignment import plan
from providers.core.references import references


def ref(text):
    kind, name = text.split("/")
    return ObjectRef(kind, "default", name)


def vpc(*subnets, ipv4="default"):
    """A VPC of subnets like "10.0.1.0/24 1001"."""
    pairs = [each.split() for each in subnets]
    return {
        "ipv4Namespace": ipv4,
        "subnets": {f"s{place}": {"subnet": cidr, "vlan": int(vlan)} for place, (cidr, vlan) in enumerate(pairs)},
    }


def attached(subnet, connection="c-1"):
    return {"subnet": subnet, "connection": connection}


def unbundled(switch, server="server-1/e1"):
    return {"unbundled": {"link": {"switch": {"port": switch}, "server": {"port": server}}}}


def bundled(*switches, server="server-1"):
    links = [{"switch": {"port": port}, "server": {"port": f"{server}/e{n}"}} for n, port in enumerate(switches, 1)]
    return {"bundled": {"links": links}}


def made(present, desired):
    named = {ref(name): spec for name, spec in desired.items()}
    edges = {
        each: sorted({one.ref for one in references(each.kind, spec) if one.ref in named})
        for each, spec in named.items()
    }
    return plan(named, {ref(name): spec for name, spec in present.items()}, edges)


A, B = "10.0.1.0/24 1001", "10.0.2.0/24 1002"

# name: (on the server, in Git, deleted first, order)
CASES = {
    "nothing changes": ({"VPC/a": vpc(A)}, {"VPC/a": vpc(A)}, [], {}),
    "a new VPC beside": ({"VPC/a": vpc(A)}, {"VPC/a": vpc(A), "VPC/b": vpc(B)}, [], {}),
    "a VPC goes, and nobody takes its subnet": ({"VPC/a": vpc(A), "VPC/b": vpc(B)}, {"VPC/b": vpc(B)}, [], {}),
    "a VPC is renamed": (
        {"VPC/a": vpc(A), "VPCAttachment/x": attached("a/s0")},
        {"VPC/b": vpc(A), "VPCAttachment/x": attached("b/s0")},
        ["VPC/a", "VPCAttachment/x"],
        {},
    ),
    "only what refers to the holder goes with it": (
        {"VPC/a": vpc(A), "VPC/o": vpc(B), "VPCAttachment/x": attached("a/s0"), "VPCAttachment/y": attached("o/s0")},
        {"VPC/b": vpc(A), "VPC/o": vpc(B), "VPCAttachment/y": attached("o/s0")},
        ["VPC/a", "VPCAttachment/x"],
        {},
    ),
    "a part of the subnet is enough": (
        {"VPC/a": vpc("10.0.0.0/16 1001")},
        {"VPC/b": vpc("10.0.7.0/24 1002")},
        ["VPC/a"],
        {},
    ),
    "the same subnet in another namespace is another": (
        {"VPC/a": vpc("10.0.1.0/24 1001")},
        {"VPC/b": vpc("10.0.1.0/24 1002", ipv4="other")},
        [],
        {},
    ),
    "a VLAN alone": ({"VPC/a": vpc("10.0.1.0/24 1001")}, {"VPC/b": vpc("10.0.9.0/24 1001")}, ["VPC/a"], {}),
    "a subnet moves between VPCs that stay": (
        {"VPC/a": vpc(A, B), "VPC/b": vpc("10.0.3.0/24 1003")},
        {"VPC/a": vpc(A), "VPC/b": vpc("10.0.3.0/24 1003", B)},
        [],
        {"VPC/b": ["VPC/a"]},
    ),
    "two VPCs swap": (
        {"VPC/a": vpc(A), "VPC/b": vpc(B)},
        {"VPC/a": vpc(B), "VPC/b": vpc(A)},
        ["VPC/b"],
        {"VPC/b": ["VPC/a"]},
    ),
    "a port moves to a connection that is new": (
        {"Connection/c": unbundled("leaf-1/E1/1"), "VPCAttachment/x": attached("a/s0", "c")},
        {"Connection/d": unbundled("leaf-1/E1/1"), "VPCAttachment/x": attached("a/s0", "d")},
        ["Connection/c", "VPCAttachment/x"],
        {},
    ),
    "a port moves between connections that stay": (
        {
            "Connection/c": bundled("leaf-1/E1/1", "leaf-1/E1/2"),
            "Connection/d": unbundled("leaf-1/E1/3", "server-2/e1"),
        },
        {
            "Connection/c": bundled("leaf-1/E1/1"),
            "Connection/d": unbundled("leaf-1/E1/2", "server-2/e1"),
        },
        [],
        {"Connection/d": ["Connection/c"]},
    ),
    "a connection changes its type": (
        {"Connection/c": unbundled("leaf-1/E1/1"), "VPCAttachment/x": attached("a/s0", "c")},
        {"Connection/c": bundled("leaf-1/E1/1"), "VPCAttachment/x": attached("a/s0", "c")},
        ["Connection/c", "VPCAttachment/x"],
        {},
    ),
    "an attachment is renamed": (
        {"VPCAttachment/x": attached("a/default")},
        {"VPCAttachment/y": attached("a")},
        ["VPCAttachment/x"],
        {},
    ),
    "a VLAN of an external attachment": (
        {"ExternalAttachment/x": {"connection": "c", "switch": {"vlan": 10}}},
        {"ExternalAttachment/y": {"connection": "c", "switch": {"vlan": 10}}},
        ["ExternalAttachment/x"],
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_hand_over(case):
    present, desired, first, order = CASES[case]
    found = made(present, desired)
    assert sorted(found.delete_first) == sorted(ref(name) for name in first)
    expected = {ref(new_owner): tuple(ref(each) for each in holders) for new_owner, holders in order.items()}
    assert dict(found.order) == expected


def test_the_plan_says_who_takes_what():
    found = made({"VPC/a": vpc(A)}, {"VPC/b": vpc(A)})
    assert [str(one) for one in found.because] == [
        "VPC/default/b takes VLAN 1001 of VPC/default/a",
        "VPC/default/b takes subnet 10.0.1.0/24 of VPC/default/a",
    ]


def test_fields_of_a_wrong_type_claim_nothing():
    assert not exclusives(ref("VPC/a"), {"subnets": ["x", {"subnet": 7}]})


small = st.dictionaries(
    st.sampled_from(["VPC/a", "VPC/b", "VPC/c", "VPC/d"]),
    st.sets(st.sampled_from([f"10.0.{n}.0/24 {1000 + n}" for n in range(5)]), min_size=1, max_size=3).map(
        lambda subnets: vpc(*sorted(subnets))
    ),
)


def disjoint(fabric):
    """Without the VPCs that conflict with an earlier one: what a server would hold, or Git may want."""
    held, kept = set(), {}
    for name, spec in sorted(fabric.items()):
        mine = exclusives(ref(name), spec)
        if not mine & held:
            held |= mine
            kept[name] = spec
    return kept


@given(small, small)
def test_following_the_plan_nothing_is_taken_that_another_still_holds(present, desired):
    present, desired = disjoint(present), disjoint(desired)
    found = made(present, desired)
    server = {ref(name): spec for name, spec in present.items() if ref(name) not in found.delete_first}
    left = {ref(name): spec for name, spec in desired.items()}
    while left:
        ready = [each for each in left if not any(before in left for before in found.order.get(each, ()))]
        assert ready, "the order goes in a circle"
        for each in ready:
            spec = left.pop(each)
            others = set().union(*(exclusives(other, held) for other, held in server.items() if other != each))
            assert not exclusives(each, spec) & others
            server[each] = spec
