"""Why a sync does not begin: preview and sync ask the same list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automation.operations.refusals import refusals
from gitops.load import Selection
from providers.core.diff import FieldChange
from providers.core.drift.adoption import Adoption
from providers.core.drift.facts import Unread
from tests.support.contexts import committed, context, left, live, ref, synced

A, B, C = (ref(f"VPC/{name}") for name in "abc")
SWITCH = ref("Switch/leaf-01")


def takes(octet):
    return {"subnets": {"default": {"subnet": f"10.0.{octet}.0/24"}}}


def adopted(owned):
    change = FieldChange(("cluster", "spec", "vlan"), 1, 2)
    return replace(committed(B), live=live(B, label=None), adoption=Adoption(B, (change,), owned))


CASES = [
    ("nothing to say", [synced(A), committed(B)], {}, []),
    ("a side that was not read", [synced(A), replace(synced(B), live=Unread("no answer"))], {}, ["no answer"]),
    ("so much would go that none stays", [left(A), committed(B)], {}, ["none would stay"]),
    (
        "what others own is not adopted",
        [synced(A), adopted({"cluster.spec.vlan": ("kubectl-edit",)})],
        {},
        ["kubectl-edit"],
    ),
    ("what nobody owns is", [synced(A), adopted({})], {}, []),
    (
        "an object of another fabric",
        [synced(A), replace(committed(B), live=live(B, label="g"))],
        {},
        ["belongs to fabric g"],
    ),
    (
        "what is in the way and not in the state",
        [synced(C), committed(B, takes(1)), replace(left(A, takes(1)), outputs=None)],
        {},
        ["not in its state"],
    ),
    (
        "a delete-first phase in a partial sync",
        [synced(C), committed(B, takes(1)), left(A, takes(1))],
        {"selection": Selection(frozenset({A, B, C}))},
        ["--partial deletes nothing"],
    ),
]


@pytest.mark.parametrize(("facts", "changes", "named"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_what_is_refused(facts, changes, named):
    found = refusals(context(facts, **changes))
    assert len(found) == len(named)
    assert all(word in line and "\n" not in line for word, line in zip(named, found, strict=True))


def test_a_switch_is_never_deleted_to_come_back():
    other = ref("Switch/leaf-02")
    facts = [synced(A), synced(SWITCH, {"ip": "10.0.0.1/32"}), synced(other, {"ip": "10.0.0.2/32"})]
    swapped = [
        facts[0],
        replace(facts[1], desired=synced(SWITCH, {"ip": "10.0.0.2/32"}).desired),
        replace(facts[2], desired=synced(other, {"ip": "10.0.0.1/32"}).desired),
    ]
    (line,) = [one for one in refusals(context(swapped)) if "two commits" in one]
    assert "Switch/default/leaf-0" in line


@pytest.mark.parametrize(("allowed", "refused"), [(None, True), (3, True), (4, False)])
def test_what_is_given_for_one_run_goes_before_the_rule(allowed, refused):
    facts = [synced(C), *(left(ref(f"VPC/gone-{number}")) for number in range(4))]
    assert bool(refusals(context(facts), allowed)) is refused
