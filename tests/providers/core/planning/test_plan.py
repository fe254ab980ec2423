"""What a sync does with each CR, in which phase and order: one plan, from values."""

from __future__ import annotations

import graphlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.core import sections
from providers.core.drift.adoption import Adoption
from providers.core.drift.classify import Action
from providers.core.drift.facts import Facts, Unread
from providers.core.planning import plan
from providers.core.planning.plan import Phase
from providers.core.references import references
from tests.support.contexts import committed, left, live, manifest, outputs, ref, synced

A, B = ref("VPC/a"), ref("VPC/b")
ATTACHMENT, PEERING, CONNECTION = ref("VPCAttachment/x"), ref("VPCPeering/p"), ref("Connection/c")


def takes(octet):
    return {"subnets": {"default": {"subnet": f"10.0.{octet}.0/24", "vlan": 1000 + octet}}}


def changed(facts, **more):
    """The facts, with Git's spec moved on."""
    spec = {**facts.desired["cluster"]["spec"], **more}
    return replace(facts, desired=sections.inputs_for("f", manifest(facts.ref, spec)))


def commented(facts):
    """The facts, with another commit of the same content."""
    one = manifest(facts.ref, facts.desired["cluster"]["spec"])
    by = replace(one.attribution, commit="d" * 40)
    return replace(facts, desired=sections.inputs_for("f", replace(one, attribution=by)))


def build(*facts):
    desired = {one.ref: one.desired["cluster"]["spec"] for one in facts if one.desired}
    edges = {
        one: tuple(each.ref for each in references(one.kind, spec) if each.ref in desired)
        for one, spec in desired.items()
    }
    known = {one.ref for one in facts if one.outputs}
    depends = {
        one.ref: tuple(
            each.ref for each in references(one.ref.kind, one.outputs["cluster"].get("spec") or {}) if each.ref in known
        )
        for one in facts
        if one.outputs
    }
    return plan.build("f", facts, edges, depends=depends)


IN_SYNC = synced(A, takes(1))
ACTIONS = [
    ("all sides agree", IN_SYNC, Action.UNCHANGED),
    ("only Git has it", committed(A), Action.CREATE),
    (
        "the cluster has it without us",
        replace(committed(A), live=live(A, label=None), adoption=Adoption(A)),
        Action.ADOPT,
    ),
    ("Git has newer content", changed(IN_SYNC, mode="l3"), Action.UPDATE),
    ("somebody changed the object", replace(IN_SYNC, live=live(A, takes(2))), Action.UPDATE),
    ("somebody changed the record", replace(IN_SYNC, record={**IN_SYNC.record, "name": "x"}), Action.UPDATE),
    ("gone from the cluster", replace(IN_SYNC, live=None), Action.UPDATE),
    ("gone from NetBox", replace(IN_SYNC, record=None), Action.UPDATE),
    ("gone everywhere", replace(IN_SYNC, live=None, record=None), Action.CREATE),
    ("a comment in Git", commented(IN_SYNC), Action.ATTRIBUTION),
    ("left Git", left(A), Action.DELETE),
    ("left Git, and gone everywhere", Facts(A, outputs=outputs(A)), Action.DELETE),
    ("a server's alone", Facts(A, live=live(A, label=None)), Action.UNCHANGED),
    ("the cluster was not read", replace(IN_SYNC, live=Unread("no answer")), Action.UNKNOWN),
    ("NetBox was not read", replace(committed(A), record=Unread("no answer")), Action.UNKNOWN),
]


@pytest.mark.parametrize(("facts", "action"), [row[1:] for row in ACTIONS], ids=[row[0] for row in ACTIONS])
def test_what_is_done_with_a_cr(facts, action):
    assert build(facts).by_ref[A].action is action


def test_what_takes_the_subnet_of_one_that_goes_comes_after_its_deletion():
    made = build(left(A, takes(1)), committed(B, takes(1)), synced(ref("VPC/o")))
    assert (made.first, made.touched) == ({A}, {A: Action.DELETE, B: Action.CREATE})
    assert (made.phase(A), made.phase(B)) == (Phase.DELETE_FIRST, Phase.WRITE)


def test_what_refers_to_one_that_goes_first_is_replaced():
    peering = synced(PEERING, {"permit": [{"a": {}, "b": {}}]})
    moved = replace(peering, desired=sections.inputs_for("f", manifest(PEERING, {"permit": [{"b": {}, "z": {}}]})))
    made = build(left(A, takes(1)), synced(B, takes(2)), committed(ref("VPC/z"), takes(1)), moved)
    assert made.touched[PEERING] is Action.REPLACE
    assert made.first == {A, PEERING}


def test_a_connection_that_changes_its_type_is_replaced_and_an_empty_one_is_not():
    link = {"link": {"server": {"port": "s/1"}, "switch": {"port": "l/E1/1"}}}
    other = replace(
        synced(CONNECTION, {"unbundled": link}),
        desired=sections.inputs_for("f", manifest(CONNECTION, {"bundled": {"links": [link["link"]]}})),
    )
    assert build(other).touched == {CONNECTION: Action.REPLACE}
    empty = synced(CONNECTION, {"mclagDomain": {}})
    assert build(replace(empty, live=live(CONNECTION, {}))).is_empty
    assert build(replace(empty, live=live(CONNECTION, {}))).first == frozenset()


def test_what_left_git_goes_after_all_writes():
    made = build(left(A), committed(B), synced(ref("VPC/o")))
    assert (made.phase(A), made.phase(B)) == (Phase.PRUNE, Phase.WRITE)


def test_one_side_that_was_not_read_lets_nothing_be_reassigned():
    made = build(left(A, takes(1)), committed(B, takes(1)), replace(synced(ref("VPC/o")), record=Unread("no")))
    assert (made.first, len(made.unknown)) == (frozenset(), 1)


@st.composite
def fabrics(draw):
    """A few VPCs and peerings in any standing."""
    vpcs = [ref(f"VPC/v{number}") for number in range(draw(st.integers(1, 5)))]
    found = []
    for one in vpcs:
        make = draw(st.sampled_from([synced, committed, left]))
        facts = make(one, takes(draw(st.integers(1, 4))))
        if facts.desired and draw(st.booleans()):
            facts = changed(facts, **takes(draw(st.integers(1, 4))))
        found.append(facts)
    names = [one.ref.name for one in found if one.desired]
    if len(names) > 1:
        found.append(draw(st.sampled_from([synced, committed]))(PEERING, {"permit": [{names[0]: {}, names[1]: {}}]}))
    return found


@given(fabrics())
def test_every_cr_is_in_the_plan_once_and_can_be_carried_out(facts):
    made = build(*facts)
    assert [one.ref for one in made.crs] == sorted(one.ref for one in facts)
    managed = {one.ref for one in facts if one.outputs is not None}
    assert made.first <= managed
    assert {ref for ref in made.first if made.touched[ref] is Action.REPLACE} == {
        one.ref for one in facts if one.desired and one.ref in made.first
    }
    order = {one: [parent for parent in parents if parent not in made.first] for one, parents in made.before.items()}
    assert list(graphlib.TopologicalSorter(order).static_order()) or not order


@given(fabrics())
def test_after_it_was_carried_out_nothing_is_left_to_do(facts):
    after = [synced(one.ref, one.desired["cluster"]["spec"]) for one in facts if one.desired]
    assert build(*after).is_empty


C, D = ref("VPC/c"), ref("VPC/d")
SCOPES = {
    "what is written, alone": ({A}, {}, {}, {A}, {A}),
    "what it depends on is registered": (
        {ATTACHMENT},
        {ATTACHMENT: [A]},
        {ATTACHMENT: [A]},
        {ATTACHMENT, A},
        {ATTACHMENT},
    ),
    "so is what depends on it": ({A}, {ATTACHMENT: [A]}, {ATTACHMENT: [A]}, {ATTACHMENT, A}, {A}),
    "what once had to follow it is a target": ({A}, {}, {B: [A]}, {A, B}, {A, B}),
    "so is a bystander that once had to follow another": (
        {CONNECTION},
        {ATTACHMENT: [CONNECTION, B]},
        {ATTACHMENT: [CONNECTION, B], B: [A]},
        {CONNECTION, ATTACHMENT, B},
        {CONNECTION, B},
    ),
    "what goes is a target and not registered": ({D}, {}, {B: [D]}, {B}, {B, D}),
}


@pytest.mark.parametrize(("touched", "waits_for", "depends", "registered", "targets"), SCOPES.values(), ids=SCOPES)
def test_the_scope_of_an_engine_run(touched, waits_for, depends, registered, targets):
    assert plan.scope(touched, {A, B, C, ATTACHMENT, CONNECTION}, waits_for, depends) == (registered, targets)


def test_a_bystander_that_once_took_something_over_is_not_deleted_first():
    """B takes the subnet that A has and gives up for good; C once had to follow A, which the state remembers."""
    facts = [left(A, takes(1)), committed(B, takes(1)), synced(C, takes(3))]
    edges = {B: (), C: ()}
    assert plan.build("f", facts, edges, depends={A: (), C: (A,)}).first == {A}
