"""Which switches a change concerns, and when they have taken it up."""

from __future__ import annotations

import pytest

from providers.core.drift.convergence import Agent, Concerned, behind
from providers.core.identity import ObjectRef


def ref(text):
    kind, name = text.split("/")
    return ObjectRef(kind, "default", name)


def link(switch, server):
    return {"unbundled": {"link": {"switch": {"port": f"{switch}/E1/1"}, "server": {"port": f"{server}/e1"}}}}


FABRIC = {
    ref(name): spec
    for name, spec in {
        "IPv4Namespace/default": {},
        "VLANNamespace/default": {},
        "VLANNamespace/spare": {},
        "SwitchGroup/pair": {},
        "Switch/leaf-1": {"groups": ["pair"]},
        "Switch/leaf-2": {"vlanNamespaces": ["spare"]},
        "Switch/leaf-3": {},
        "Server/server-1": {},
        "Connection/c-1": link("leaf-1", "server-1"),
        "Connection/c-2": link("leaf-2", "server-2"),
        "Connection/st": {"staticExternal": {"withinVPC": "b", "link": {"switch": {"port": "leaf-3/E1/9"}}}},
        "Connection/x-1": {"external": {"link": {"switch": {"port": "leaf-3/E1/2"}}}},
        "VPC/a": {},
        "VPC/b": {},
        "VPC/idle": {},
        "VPCAttachment/a-1": {"subnet": "a/default", "connection": "c-1"},
        "VPCAttachment/b-2": {"subnet": "b/default", "connection": "c-2"},
        "VPCPeering/a-b": {"permit": [{"a": {}, "b": {}}]},
        "External/x": {},
        "ExternalAttachment/x-1": {"external": "x", "connection": "x-1"},
        "ExternalPeering/a-x": {"permit": {"vpc": {"name": "a"}, "external": {"name": "x"}}},
    }.items()
}

CONCERNED = {
    "Switch/leaf-1": {"leaf-1"},
    "SwitchGroup/pair": {"leaf-1"},
    "Connection/c-2": {"leaf-2"},
    "VPCAttachment/a-1": {"leaf-1"},
    "VPC/a": {"leaf-1"},
    "VPC/b": {"leaf-2", "leaf-3"},
    "VPC/idle": set(),
    "VPCPeering/a-b": {"leaf-1", "leaf-2", "leaf-3"},
    "External/x": {"leaf-3"},
    "ExternalAttachment/x-1": {"leaf-3"},
    "ExternalPeering/a-x": {"leaf-1", "leaf-3"},
    "IPv4Namespace/default": {"leaf-1", "leaf-2", "leaf-3"},
    "VLANNamespace/spare": {"leaf-2"},
    "Server/server-1": set(),
    "VPC/unknown": set(),
}


@pytest.mark.parametrize("name", CONCERNED)
def test_concerned(name):
    assert Concerned(FABRIC).switches(ref(name)) == CONCERNED[name]


def test_several_changes_concern_the_switches_of_each():
    assert Concerned(FABRIC).of([ref("VPC/a"), ref("Connection/c-2")]) == {"leaf-1", "leaf-2"}


# name: (before, now, settled, waited for)
BEHIND = {
    "taken up": ((4, 4), (5, 5), False, False),
    "moved and not taken up": ((4, 4), (5, 4), False, True),
    "still behind after the time for the controller": ((4, 4), (5, 4), True, True),
    "the controller has not moved it yet": ((4, 4), (4, 4), False, True),
    "the change does not move it": ((4, 4), (4, 4), True, False),
    "behind from before": ((4, 3), (4, 3), True, True),
}


@pytest.mark.parametrize("case", BEHIND)
def test_behind(case):
    before, now, settled, waited = BEHIND[case]
    found = behind({"leaf-1": Agent("leaf-1", *before)}, {"leaf-1": Agent("leaf-1", *now)}, {"leaf-1"}, settled=settled)
    assert [one.switch for one in found] == (["leaf-1"] if waited else [])


def test_a_new_switch_must_take_up_its_first_generation():
    new = Agent("leaf-1", 1, 0)
    assert behind({}, {"leaf-1": new}, {"leaf-1"}, settled=True) == [new]
    assert str(new) == "leaf-1 (runs generation 0 of 1)"


def test_a_switch_without_an_agent_is_not_waited_for():
    assert behind({}, {}, {"leaf-1"}, settled=False) == []
