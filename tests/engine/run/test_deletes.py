"""The order of deletes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.deletes import antichains, needed_by, references
from embedded.engine.prune import pruned
from embedded.engine.state import Resource


def entry(urn, *, delete=False, **fields):
    return Resource(urn=urn, type="t", custom=True, id="i", delete=delete, **fields)


@st.composite
def states(draw):
    """A valid state: every reference points backwards, through any kind of reference."""
    entries = []
    for index in range(draw(st.integers(0, 10))):
        earlier = st.sampled_from([f"r{i}" for i in range(index)]) if index else st.nothing()
        some = st.lists(earlier, max_size=2, unique=True) if index else st.just([])
        one = st.one_of(st.just(""), earlier) if index else st.just("")
        provider = draw(one)
        entries.append(
            entry(
                f"r{index}",
                parent=draw(one),
                dependencies=draw(some),
                property_dependencies={"p": draw(some)},
                provider=f"{provider}::id" if provider else "",
                deleted_with=draw(one),
                replace_with=draw(some),
            )
        )
    return entries


@given(states(), st.data())
def test_dependents_always_go_before_what_they_need(state, data):
    leaving = [one for one in state if data.draw(st.booleans())]
    groups = antichains(leaving)
    assert sorted(one.urn for group in groups for one in group) == sorted(one.urn for one in leaving)
    position = {one.urn: number for number, group in enumerate(groups) for one in group}
    for one in leaving:
        for needed in references(one):
            if needed in position:
                assert position[one.urn] < position[needed]


@given(states())
def test_there_are_no_more_groups_than_the_longest_chain(state):
    depth = {}
    for one in state:
        depth[one.urn] = 1 + max((depth[needed] for needed in references(one)), default=0)
    assert len(antichains(state)) == max(depth.values(), default=0)


@given(states(), st.data())
def test_what_stays_has_everything_it_needs(state, data):
    kept = [one for one in state if data.draw(st.booleans())]
    stays = {one.urn for one in needed_by(state, kept)}
    assert {one.urn for one in kept} <= stays
    assert all(needed in stays for one in state if one.urn in stays for needed in references(one))


@given(states(), st.data())
def test_pruning_leaves_no_reference_to_what_is_gone(state, data):
    gone = {one.urn for one in state if data.draw(st.booleans())}
    parents = {one.urn: one.parent for one in state}
    for one in state:
        if one.urn not in gone:
            left = pruned(entry(one.urn, parent=one.parent, dependencies=one.dependencies), gone, parents)
            assert not gone.intersection(references(left))


def test_two_generations_of_one_urn_do_not_block_each_other():
    older = entry("a", delete=True)
    newer = entry("a")
    user = entry("b", dependencies=["a"])
    assert [[one.urn for one in group] for group in antichains([older, newer, user])] == [["b"], ["a", "a"]]


def test_a_child_of_what_is_gone_moves_to_the_grandparent():
    child = entry("c", parent="b")
    assert pruned(child, {"b", "a"}, {"b": "a", "a": "root"}).parent == "root"


def test_an_entry_without_references_to_what_is_gone_is_the_same_object():
    one = entry("c", parent="b")
    assert pruned(one, {"x"}, {}) is one
