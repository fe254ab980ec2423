"""What a failed sync left undone, and why."""

from __future__ import annotations

import pytest

from automation.orphans import _ordered, parse
from automation.undone import left
from providers.core.identity import ObjectRef
from providers.errors import ConfigError

VPC, PEER = ObjectRef("VPC", "default", "a"), ObjectRef("VPCPeering", "default", "a--b")
CHILD, OTHER = ObjectRef("VPCAttachment", "default", "x"), ObjectRef("VPC", "default", "b")
REFERENCES = {VPC: (), OTHER: (), CHILD: (VPC,), PEER: (VPC, OTHER)}
WHY = "VPC/default/a: refused by the server: vlan 5 is reserved"

TABLE = [
    # settled, failed -> not done
    ({VPC, OTHER, CHILD, PEER}, set(), {}),
    ({OTHER}, {VPC}, {VPC: WHY, CHILD: f"waits for {VPC}", PEER: f"waits for {VPC}"}),
    ({VPC, OTHER, PEER}, {CHILD}, {CHILD: "refused"}),
    ({VPC}, set(), dict.fromkeys((OTHER, CHILD), "not begun: the run ended before") | {PEER: f"waits for {OTHER}"}),
]


@pytest.mark.parametrize(("settled", "failed", "expected"), TABLE)
def test_what_was_not_done_and_why(settled, failed, expected):
    found = left(REFERENCES, set(map(str, settled)), set(map(str, failed)), [WHY])
    assert {one.ref: one.why for one in found} == {str(ref): why for ref, why in expected.items()}


def test_a_delete_that_was_refused_is_not_done_although_git_does_not_name_the_cr():
    (one,) = left({}, set(), {str(VPC)}, [WHY])
    assert (one.ref, one.why) == (str(VPC), WHY)


def test_what_refers_to_others_is_removed_before_them():
    live = {
        VPC: {"spec": {}},
        CHILD: {"spec": {"subnet": "a/default", "connection": "c"}},
        OTHER: None,
    }
    order = _ordered(live)
    assert order.index(CHILD) < order.index(VPC)
    assert set(order) == set(live)


@pytest.mark.parametrize("text", ["VPC/a", "VPC/default/a"])
def test_a_cr_is_named_with_or_without_its_namespace(text):
    assert parse(text) == VPC


@pytest.mark.parametrize("text", ["a", "VPC", "VPC/", "Pod/a", "VPC/default/a/b", ""])
def test_what_names_no_cr_is_refused_with_the_form(text):
    with pytest.raises(ConfigError, match="KIND/NAME"):
        parse(text)
