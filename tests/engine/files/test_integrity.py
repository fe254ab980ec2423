"""The rules of a sound state, and the order that satisfies them (engine-contract §5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine import integrity
from embedded.engine.errors import IntegrityError
from embedded.engine.state import Resource
from tests.engine.files.laws import law

if TYPE_CHECKING:
    import random

A, B, C = (f"urn:pulumi:s::p::t:m:T::{name}" for name in "abc")
PROVIDER = "urn:pulumi:s::p::pulumi:providers:x::default"


def entry(urn: str, **fields: Any) -> Resource:
    return Resource(urn, fields.pop("type", "t:m:T"), custom=fields.pop("custom", True), **fields)


def provider(identifier: str = "1", **fields: Any) -> Resource:
    return entry(PROVIDER, type="pulumi:providers:x", id=identifier, **fields)


SOUND: list[tuple[str, list[Resource]]] = [
    ("nothing", []),
    ("references back", [entry(A), entry(B, parent=A, dependencies=[A], property_dependencies={"k": [A]})]),
    ("deletedWith and replaceWith", [entry(A), entry(B, deleted_with=A, replace_with=[A])]),
    ("a provider before its resource", [provider(), entry(A, provider=f"{PROVIDER}::1")]),
    ("one alive, one waiting for deletion", [entry(A), entry(A, delete=True)]),
    ("two waiting for deletion", [entry(A, delete=True), entry(A, delete=True)]),
    ("a pending replacement without its provider", [entry(A, provider=f"{PROVIDER}::9", pending_replacement=True)]),
    ("a component without id", [entry(A, custom=False)]),
]


@pytest.mark.parametrize("resources", [row[1] for row in SOUND], ids=[row[0] for row in SOUND])
def test_a_sound_state_passes(resources: list[Resource]) -> None:
    integrity.check(resources)


BROKEN: list[tuple[str, list[Resource]]] = [
    ("no urn", [entry("")]),
    ("no type", [entry(A, type="")]),
    ("no custom resource but has the id", [entry(A, custom=False, id="1")]),
    ("has no id", [provider("")]),
    ("unknown provider", [entry(A, provider=f"{PROVIDER}::1")]),
    ("unknown provider", [provider("1"), entry(A, provider=f"{PROVIDER}::2")]),
    ("unknown provider", [entry(A, provider=f"{PROVIDER}::1"), provider()]),
    ("malformed provider reference", [entry(A, provider="nonsense")]),
    ("its parent .* comes after it", [entry(B, parent=A), entry(A)]),
    ("its parent .* is missing", [entry(B, parent=A)]),
    ("its dependency .* comes after it", [entry(B, dependencies=[A]), entry(A)]),
    ("its dependency .* is missing", [entry(B, dependencies=[A])]),
    (r"its property dependency \(k\) .* is missing", [entry(B, property_dependencies={"k": [A]})]),
    ("its deletedWith .* is missing", [entry(B, deleted_with=A)]),
    ("its replaceWith .* is missing", [entry(B, replace_with=[A])]),
    ("duplicate resource", [entry(A), entry(A)]),
    ("its dependency .* comes after it", [entry(A, dependencies=[A])]),
]


@pytest.mark.parametrize(("reason", "resources"), BROKEN)
def test_a_broken_rule_is_named(reason: str, resources: list[Resource]) -> None:
    with pytest.raises(IntegrityError, match=reason):
        integrity.check(resources)


@st.composite
def states(draw: st.DrawFn) -> list[Resource]:
    """Sound states: every entry refers to earlier ones only; some URNs have an old entry waiting for deletion."""
    resources = [provider()]
    for index in range(draw(st.integers(0, 12))):
        earlier = [resource.urn for resource in resources[1:] if not resource.delete]
        some = st.lists(st.sampled_from(earlier), max_size=3, unique=True) if earlier else st.just([])
        urn = f"urn:pulumi:s::p::t:m:T::r{index}"
        fields = {
            "parent": draw(st.sampled_from(["", *earlier])),
            "dependencies": draw(some),
            "property_dependencies": {"k": draw(some)},
            "deleted_with": draw(st.sampled_from(["", *earlier])),
            "replace_with": draw(some),
            "provider": draw(st.sampled_from(["", f"{PROVIDER}::1"])),
        }
        resources.append(entry(urn, **fields))
        if draw(st.booleans()):
            resources.append(entry(urn, delete=True, dependencies=draw(some)))
    return resources


@law
@given(states(), st.randoms(use_true_random=False))
def test_sorting_makes_any_order_sound_and_keeps_every_entry(resources: list[Resource], dice: random.Random) -> None:
    shuffled = list(resources)
    dice.shuffle(shuffled)
    ordered = integrity.sort(shuffled)
    integrity.check(ordered)
    assert sorted(map(id, ordered)) == sorted(map(id, resources))


@law
@given(states())
def test_sorting_leaves_a_sound_order_alone(resources: list[Resource]) -> None:
    assert list(map(id, integrity.sort(resources))) == list(map(id, resources))


@law
@given(states(), st.sets(st.integers(0, 20)))
def test_pruning_makes_what_is_left_sound(resources: list[Resource], gone: set[int]) -> None:
    left = [resource for index, resource in enumerate(resources) if index == 0 or index not in gone]
    integrity.prune(left)
    integrity.check(integrity.sort(left))


def test_pruning_a_sound_state_changes_nothing() -> None:
    assert integrity.prune([entry(A), entry(B, dependencies=[A])]) == []


def test_a_cycle_is_an_error_that_names_both() -> None:
    with pytest.raises(IntegrityError, match="cycle") as caught:
        integrity.sort([entry(A, dependencies=[B]), entry(B, dependencies=[A])])
    assert A in str(caught.value)
    assert B in str(caught.value)


def test_a_chain_longer_than_the_stack_is_sorted() -> None:
    chain = [entry(f"urn:{index}", dependencies=[f"urn:{index + 1}"] if index < 5000 else []) for index in range(5001)]
    assert integrity.sort(chain) == chain[::-1]


def test_replaced_entries_stand_behind_what_they_were_made_with() -> None:
    old_b, new_a, old_a, new_b = entry(B, delete=True, dependencies=[A]), entry(A), entry(A, delete=True), entry(B)
    new_b.dependencies = [A]
    ordered = integrity.sort([old_b, new_b, new_a, old_a])
    assert ordered.index(old_a) < ordered.index(old_b)
    integrity.check(ordered)


def test_a_resource_follows_the_provider_with_its_id() -> None:
    first, second = provider("1", delete=True), provider("2")
    one, two = entry(A, provider=f"{PROVIDER}::1"), entry(B, provider=f"{PROVIDER}::2")
    integrity.check(integrity.sort([one, two, first, second]))
