"""Desired × recorded × observed → one plan: what a sync does with each CR, in which order and phase, and why. Pure.

The drift report, `status`, `preview`, `--plan FILE` and `sync` are views of this one value, so that they cannot disagree.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from providers.core.diff import changes
from providers.core.drift.classify import Action, Detail, classify
from providers.core.drift.difference import Difference
from providers.core.drift.facts import Facts, Unread
from providers.core.drift.states import State
from providers.core.field_path import at
from providers.core.identity import FABRIC_LABEL
from providers.core.planning import reassignment as moves
from providers.core.references import references

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from providers.core.identity import ObjectRef

# The actions for which a server is written.
WRITES = frozenset({Action.CREATE, Action.ADOPT, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.ATTRIBUTION})

_MOVING = WRITES - {Action.ATTRIBUTION}


class Phase(enum.IntEnum):
    """When a CR is written: some are deleted before anything else, and what left Git goes after all creates and updates."""

    DELETE_FIRST = 1
    WRITE = 2
    PRUNE = 3


@dataclass(frozen=True, slots=True)
class RecordStep:
    """What a sync does with one half of the fabric's own record (`name` is "identity" or "result")."""

    name: str
    action: Action
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a sync of a fabric does. `crs` has every CR that Git, the state or a server names, Drafts aside, by name.

    `first` are deleted before anything else, and those of them that are in Git made again; `reassignment` says why, and which
    update must follow which. `before` are the CRs that each CR waits for, in an order in which all can be written.
    """

    fabric: str
    crs: tuple[Detail, ...] = ()
    reassignment: moves.Plan = field(default_factory=moves.Plan)
    first: frozenset[ObjectRef] = frozenset()
    before: Mapping[ObjectRef, Sequence[ObjectRef]] = field(default_factory=dict)
    record: tuple[RecordStep, ...] = ()

    @cached_property
    def by_ref(self) -> Mapping[ObjectRef, Detail]:
        """The CRs by their identity."""
        return {one.ref: one for one in self.crs}

    @cached_property
    def touched(self) -> Mapping[ObjectRef, Action]:
        """The CRs that are written, with what is done to them."""
        return {one.ref: one.action for one in self.crs if one.action in WRITES}

    @property
    def unknown(self) -> tuple[Detail, ...]:
        """The CRs of which a side could not be read: with one of them nothing may be done."""
        return tuple(one for one in self.crs if one.action is Action.UNKNOWN)

    @property
    def record_changes(self) -> bool:
        """Whether the fabric's own record is written for its own sake."""
        return any(one.action is not Action.UNCHANGED for one in self.record)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.touched and not self.record_changes

    def phase(self, ref: ObjectRef) -> Phase:
        """When a CR that is written comes; a replaced one is deleted first and written with the others."""
        if ref in self.first:
            return Phase.DELETE_FIRST
        return Phase.PRUNE if self.touched.get(ref) is Action.DELETE else Phase.WRITE

    def deleted(self) -> set[ObjectRef]:
        """The managed CRs that go for good."""
        return {ref for ref, action in self.touched.items() if action is Action.DELETE}


def build(
    fabric: str,
    facts: Iterable[Facts],
    edges: Mapping[ObjectRef, Sequence[ObjectRef]],
    *,
    depends: Mapping[ObjectRef, Sequence[ObjectRef]] | None = None,
    record: tuple[RecordStep, ...] = (),
) -> Plan:
    """The plan for everything known.

    `edges` are the references among the CRs that Git names, each after what it names; `depends` are those that the state has.
    """
    known = [one for one in facts if not one.draft]
    crs = sorted((classify(one) for one in known), key=lambda one: one.ref)
    moving = any(one.action in _MOVING for one in crs)
    if not moving or any(one.action is Action.UNKNOWN for one in crs):
        return Plan(fabric, tuple(crs), before=edges, record=record)
    desired = {one.ref: one.desired["cluster"].get("spec") or {} for one in known if one.desired is not None}
    reassignment = moves.plan(desired, present(fabric, known), edges)
    first = with_dependents(
        reassignment.delete_first, _referring(known, depends or {}) if reassignment.delete_first else {}
    )
    crs = [replace(one, action=_deleted_first(one.action)) if one.ref in first else one for one in crs]
    before = {ref: (*parents, *reassignment.order.get(ref, ())) for ref, parents in edges.items()}
    return Plan(fabric, tuple(crs), reassignment, first, before, record)


def _deleted_first(action: Action) -> Action:
    return Action.DELETE if action is Action.DELETE else Action.REPLACE


def present(fabric: str, facts: Iterable[Facts]) -> dict[ObjectRef, Mapping[str, Any]]:
    """The specs of the objects in the cluster that carry this fabric's label."""
    return {
        one.ref: one.live.get("spec") or {}
        for one in facts
        if one.live is not None and not isinstance(one.live, Unread) and owner(one.live) == fabric
    }


def owner(live: Mapping[str, Any]) -> str | None:
    """The fabric whose label an object carries, or None."""
    return (live["metadata"].get("labels") or {}).get(FABRIC_LABEL)


def _referring(
    facts: Iterable[Facts], depends: Mapping[ObjectRef, Sequence[ObjectRef]]
) -> dict[ObjectRef, list[ObjectRef]]:
    """Of what the state has each CR depend on, what the CR refers to: the rest was an order of updates, and is over."""
    found = {}
    for one in facts:
        if one.outputs is not None and depends.get(one.ref):
            spec = one.outputs["cluster"].get("spec") or {}
            named = {reference.ref for reference in references(one.ref.kind, spec, one.ref.namespace)}
            found[one.ref] = [parent for parent in depends[one.ref] if parent in named]
    return found


def with_dependents(
    refs: Collection[ObjectRef], depends: Mapping[ObjectRef, Sequence[ObjectRef]]
) -> frozenset[ObjectRef]:
    """These CRs and all of the state that depend on one of them, transitively: nothing is deleted that others depend on.

    `depends` are the CRs that each one depends on, as the state has it.
    """
    children: dict[ObjectRef, list[ObjectRef]] = defaultdict(list)
    for ref, parents in depends.items() if refs else ():
        for parent in parents:
            children[parent].append(ref)
    found, left = set(refs), list(refs)
    while left:
        more = set(children.get(left.pop(), ())) - found
        found |= more
        left += more
    return frozenset(found)


def with_parents(refs: Collection[ObjectRef], edges: Mapping[ObjectRef, Sequence[ObjectRef]]) -> set[ObjectRef]:
    """These CRs and all that they depend on, transitively; `edges` are what each depends on."""
    found, left = set(refs), list(refs)
    while left:
        more = set(edges.get(left.pop(), ())) - found
        found |= more
        left += more
    return found


def scope(
    touched: Collection[ObjectRef],
    desired: Collection[ObjectRef],
    waits_for: Mapping[ObjectRef, Sequence[ObjectRef]],
    depends: Mapping[ObjectRef, Sequence[ObjectRef]],
) -> tuple[set[ObjectRef], set[ObjectRef]]:
    """What an engine run must register, and what it must name as its targets, to write the CRs `touched`.

    Registered is what depends on a target, which the engine would take for deleted, and what any of that depends on. A
    registered CR that the state has depend on more than the program does is a target, too, and not written: the engine keeps
    the old dependencies of any other, so it would find the one that it depended on registered twice, or would not delete it.
    Such dependencies are orders of updates, which Pulumi kept.

    Args:
        touched: what is written.
        desired: what Git names, which alone can be registered.
        waits_for: what each CR depends on in the program.
        depends: what each CR depends on in the state.
    """
    targets = set(touched)
    while True:
        registered = with_parents(with_dependents(targets, depends).intersection(desired), waits_for)
        more = {ref for ref in registered if not set(depends.get(ref, ())) <= set(waits_for.get(ref, ()))} - targets
        if not more:
            return registered, targets
        targets |= more


def record_step(
    name: str, desired: Mapping[str, Any], recorded: Mapping[str, Any] | None, live: Mapping[str, Any] | Unread | None
) -> RecordStep:
    """What to do with one half of the fabric's record: `desired` fields, those of our last write, and NetBox's now."""
    if isinstance(live, Unread):
        return RecordStep(name, Action.UNKNOWN)
    if recorded is None or live is None:
        return RecordStep(name, Action.CREATE)
    seen = {field: live.get(field) for field in desired}
    found = tuple(
        Difference(change.path, change.new, at({"record": recorded}, change.path), netbox=change.old)
        for change in changes({"record": seen}, {"record": dict(desired)})
    )
    return RecordStep(name, Action.UPDATE if found else Action.UNCHANGED, found)


def orphans(plan: Plan) -> tuple[Detail, ...]:
    """The CRs that a server or the state has and Git has not."""
    return tuple(one for one in plan.crs if one.state is State.ORPHANED)
