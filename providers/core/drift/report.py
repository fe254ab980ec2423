"""Desired × recorded × observed → the state of each CR and the report.

The differences come from the same functions that the provider's `read` uses, so that the report agrees with a preview.
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from providers.core import ownership, sections
from providers.core.diff import FieldChange, changes
from providers.core.drift.difference import Difference, differences
from providers.core.drift.states import State, StateFacts, failure, state_of
from providers.core.equality import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from providers.core.drift.adoption import Adoption
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Origin


class Action(enum.StrEnum):
    """What a sync does with one CR; the value is what reports print.

    ADOPT is a create of what the cluster has already, ATTRIBUTION an update of nothing but where Git says the CR comes from,
    REPLACE a delete first and a create later. What is UNKNOWN lets nothing be done at all.
    """

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ATTRIBUTION = "attribution"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Unread:
    """A side that could not be read, with the reason; never "in sync"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known of one CR. None means: not there. `reference` is a dry-run answer, where one was asked for.

    `draft` is where the CR exists besides Git's tracked revision, `lags` which of its switches run something older, `waits` for
    which CR it waits, whose last apply failed; "" if none.
    """

    ref: ObjectRef
    desired: sections.Inputs | None = None
    outputs: Mapping[str, Any] | None = None
    live: Mapping[str, Any] | Unread | None = None
    record: Mapping[str, Any] | Unread | None = None
    reference: Mapping[str, Any] | None = None
    origin: Origin | None = None
    note: str = ""
    adoption: Adoption | None = None
    draft: str = ""
    not_converged: str = ""
    waits: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """One CR: its state, what a sync does with it, and every differing property.

    `places` are the servers that have the CR, `managers` and `created_at` what the cluster has on an object that is not in
    the state.
    """

    ref: ObjectRef
    state: State
    origin: Origin | None
    managed: bool
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    attribution_only: bool = False
    places: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    created_at: str = ""
    action: Action = Action.UNCHANGED


@dataclass(frozen=True, slots=True)
class Source:
    """Where Git's side comes from: the repository's URL, the branch, its head, and the fabric's folder."""

    url: str
    branch: str
    folder: str
    commit: str


@dataclass(frozen=True, slots=True)
class FabricRecord:
    """The fabric's own record in NetBox; it is no CR, and is counted apart. Paths of `differences` start with "record"."""

    state: State
    differences: tuple[Difference, ...] = ()
    reason: str = ""


COUNTS = (
    "in_sync",
    "drifted",
    "missing_from_cluster",
    "missing_from_git",
    "missing_from_netbox",
    "pending",
    "committed",
    "unknown",
)

_COUNTED = {State.SYNCED: "in_sync", State.ORPHANED: "missing_from_git"}


def count_of(detail: Detail) -> str:
    """Under which of COUNTS a report counts a CR: its state, and of a drifted one which server lacks it."""
    if detail.state is State.DRIFTED and "cluster" not in detail.places:
        return "missing_from_cluster"
    if detail.state is State.DRIFTED and "netbox" not in detail.places:
        return "missing_from_netbox"
    return _COUNTED.get(detail.state, detail.state.lower())


@dataclass(frozen=True, slots=True)
class DriftReport:
    """How a fabric stands. `details` has all CRs that are not in sync, in order of their names; `counts` counts each CR once,
    by the names of COUNTS.
    """

    fabric: str
    total: int
    counts: Mapping[str, int]
    details: tuple[Detail, ...]
    notes: tuple[str, ...] = field(default=())
    source: Source | None = None
    record: FabricRecord | None = None
    generated_at: str = ""

    @property
    def exit_code(self) -> int:
        """0 in sync, 1 something could not be read, 2 a sync would change something besides attribution."""
        record = self.record.state if self.record else State.SYNCED
        if self.counts.get("unknown") or record is State.UNKNOWN:
            return 1
        changing = any(_changes_something(detail) for detail in self.details)
        return 2 if changing or record is not State.SYNCED else 0


def _changes_something(detail: Detail) -> bool:
    """Unmanaged orphans are listed and never touched; an attribution update is neither drift nor pending."""
    if detail.attribution_only:
        return False
    return detail.managed or detail.state is not State.ORPHANED


def classify(facts: Facts) -> Detail:
    """The state of one CR, first match wins, with its differences."""
    managed = facts.outputs is not None
    for side in (facts.live, facts.record):
        if isinstance(side, Unread):
            action = Action.UNKNOWN if managed or facts.desired is not None else Action.UNCHANGED
            return Detail(facts.ref, State.UNKNOWN, facts.origin, managed, reason=side.reason, action=action)
    if facts.desired is None:
        return _orphan(facts, managed)
    if facts.outputs is None:
        return _new(facts)
    seen = _observed(facts)
    found = changes(seen, facts.desired)
    quiet = sections.only_attribution(found)
    state, why = _standing(facts, found)
    return Detail(
        facts.ref,
        state,
        facts.origin,
        managed,
        differences(found, facts.desired, _recorded(facts.outputs), seen),
        facts.note or (why if state is State.PENDING else ""),
        attribution_only=bool(found) and quiet,
        places=_places(facts),
        action=_action(facts, found),
    )


def _action(facts: Facts, found: list[FieldChange]) -> Action:
    """What becomes of a managed CR that is in Git."""
    if facts.live is None and facts.record is None:
        return Action.CREATE
    if not found:
        return Action.UNCHANGED
    return Action.ATTRIBUTION if sections.only_attribution(found) else Action.UPDATE


def _new(facts: Facts) -> Detail:
    """A CR that was never applied; where the cluster has it already, with what adopting it would change."""
    adoption = facts.adoption
    if adoption is None or facts.desired is None or isinstance(facts.live, Unread) or facts.live is None:
        return Detail(
            facts.ref,
            State.COMMITTED,
            facts.origin,
            managed=False,
            reason="in Git, never applied",
            places=_places(facts),
            action=Action.CREATE,
        )
    seen = {"cluster": sections.cluster_section(facts.live, facts.desired["cluster"])}
    if facts.record is not None and not isinstance(facts.record, Unread):
        seen["netbox"] = dict(facts.record)
    return Detail(
        facts.ref,
        State.COMMITTED,
        facts.origin,
        managed=False,
        differences=differences(adoption.changes, facts.desired, {}, seen, adoption.owned),
        reason="; ".join(text for text in ("in Git and in the cluster, a sync adopts it", adoption.note) if text),
        places=_places(facts),
        managers=ownership.managers(facts.live),
        created_at=ownership.created_at(facts.live),
        action=Action.ADOPT,
    )


def _orphan(facts: Facts, managed: bool) -> Detail:
    """A CR that Git does not name, with what is known of it."""
    live = facts.live if facts.live and not isinstance(facts.live, Unread) else None
    return Detail(
        facts.ref,
        State.ORPHANED,
        facts.origin,
        managed,
        reason=facts.note,
        places=_places(facts),
        managers=ownership.managers(live) if live else (),
        created_at=ownership.created_at(live) if live else "",
        action=Action.DELETE if managed else Action.UNCHANGED,
    )


def _places(facts: Facts) -> tuple[str, ...]:
    return tuple(name for name, side in (("cluster", facts.live), ("netbox", facts.record)) if side is not None)


def standing(facts: Facts) -> tuple[State, str]:
    """The state of one CR and the reason: what `classify` says, with the six states' words, without the differences."""
    known = facts.desired is not None and facts.outputs is not None
    unread = isinstance(facts.live, Unread) or isinstance(facts.record, Unread)
    return _standing(facts, changes(_observed(facts), facts.desired) if known and not unread else [])


def _standing(facts: Facts, found: list[FieldChange]) -> tuple[State, str]:
    """`found` is what differs between Git and the servers. Where a server has something else than what was applied, that
    a switch lags tells nothing about what was applied."""
    moved = not sections.only_attribution(found)
    unread = next((side.reason for side in (facts.live, facts.record) if isinstance(side, Unread)), "")
    return state_of(
        StateFacts(
            draft=facts.draft,
            in_git=facts.desired is not None,
            applied=facts.outputs is not None,
            present=_places(facts),
            newer=moved and _newer(facts),
            waits=_waits(facts) if moved or facts.outputs is None else "",
            not_converged="" if moved else facts.not_converged,
            differs=moved,
            unread=unread,
        )
    )


def _waits(facts: Facts) -> str:
    """Why a CR is not applied that should be: its own last failure goes before that of another."""
    told = failure(facts.record) if facts.record and not isinstance(facts.record, Unread) else ""
    return f"the last apply failed: {told}" if told else facts.waits


def _newer(facts: Facts) -> bool:
    """Whether Git's content is not what was applied last."""
    return not sections.only_attribution(changes(_sections(facts.outputs or {}), facts.desired))


def _observed(facts: Facts) -> sections.Inputs:
    """What `read` returns for these facts; everything gone is no section at all."""
    live, record = facts.live, facts.record
    if facts.outputs is None or isinstance(live, Unread) or isinstance(record, Unread):
        return {}
    if live is None and record is None:
        return {}
    return sections.observed(facts.outputs, live, record, facts.reference)


def _sections(outputs: Mapping[str, Any]) -> sections.Inputs:
    return {name: outputs[name] for name in ("git", "cluster", "netbox") if name in outputs}


def _recorded(outputs: Mapping[str, Any]) -> sections.Inputs:
    """What the servers answered to the last write; of the git section, what the state has."""
    answered = {name: sections.recorded_section(outputs, name) for name in ("cluster", "netbox") if name in outputs}
    return {**_sections(outputs), **answered}


def report_of(
    fabric: str,
    details: Iterable[Detail],
    notes: Iterable[str] = (),
    source: Source | None = None,
    record: FabricRecord | None = None,
    generated_at: str = "",
) -> DriftReport:
    """The report over all CRs that Git, the state, the cluster or NetBox know; `details` are in order of their names."""
    every = list(details)
    return DriftReport(
        fabric=fabric,
        total=len(every),
        counts=Counter(count_of(detail) for detail in every),
        details=tuple(one for one in every if one.state is not State.SYNCED or one.attribution_only),
        notes=tuple(notes),
        source=source,
        record=record,
        generated_at=generated_at,
    )


def needs_reference(facts: Facts) -> bool:
    """Whether the cluster's object differs from what it answered to our last write, so that a dry run should be asked."""
    if facts.outputs is None or facts.live is None or isinstance(facts.live, Unread):
        return False
    recorded = sections.recorded_section(facts.outputs, "cluster")
    return not same(recorded, sections.cluster_section(facts.live, facts.outputs["cluster"]))
