"""Facts of one CR → its state, what a sync does with it, and every property that differs. Pure.

The differences come from the same functions that the provider's `read` uses, so that the report agrees with a preview.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.core import ownership, sections
from providers.core.diff import FieldChange, changes
from providers.core.drift.difference import Difference, differences
from providers.core.drift.facts import Facts, Unread
from providers.core.drift.states import State, StateFacts, failure, state_of

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    state, why = _current_state(facts, found)
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


def current_state(facts: Facts) -> tuple[State, str]:
    """The state of one CR and the reason: what `classify` says, with the six states' words, without the differences."""
    known = facts.desired is not None and facts.outputs is not None
    unread = isinstance(facts.live, Unread) or isinstance(facts.record, Unread)
    return _current_state(facts, changes(_observed(facts), facts.desired) if known and not unread else [])


def _current_state(facts: Facts, found: list[FieldChange]) -> tuple[State, str]:
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
    reported = failure(facts.record) if facts.record and not isinstance(facts.record, Unread) else ""
    return f"the last apply failed: {reported}" if reported else facts.waits


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
