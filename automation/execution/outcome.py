"""A plan, and what became of it, as the result of a verb. Pure.

Every count of a sync comes from the servers' answers; what was planned and not done is named with its reason.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from automation.engine.problems import about, name_of, type_of, without_repetition
from automation.engine.state.urns import is_cr
from automation.results import INTERRUPTED, Counts, NotDone, Reassignment, ResourceChange
from providers.core.drift.classify import Action
from providers.core.planning.plan import WRITES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from automation.execution.run import Done
    from providers.core.drift.classify import Detail
    from providers.core.identity import ObjectRef
    from providers.core.planning.plan import Plan

_WORDS = {
    Action.CREATE: "created",
    Action.ADOPT: "adopted",
    Action.UPDATE: "updated",
    Action.ATTRIBUTION: "attribution",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
}
_EXTRA = ("kubernetes:", "command:local:")
_EXTRA_OPS = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
}
_NOT_BEGUN = "not begun: the run ended before"


def changed(plan: Plan, done: Collection[ObjectRef], idle: Collection[ObjectRef]) -> set[ObjectRef]:
    """Of the CRs that were done, those that a server was written for; an update of what was so already is none.

    That happens after a run that was killed: the servers have its writes, and the state has not.
    """
    in_place = (Action.UPDATE, Action.ATTRIBUTION)
    return {ref for ref in done if not (ref in idle and plan.touched[ref] in in_place)}


def counts(
    plan: Plan, done: Collection[ObjectRef], failed: Collection[ObjectRef] = (), *, unchanged: int = 0
) -> Counts:
    """How many CRs were (in a preview: would be) written, by action, of those in `done`; the rest is as it was.

    `unchanged` are more CRs that turned out to be as they should.
    """
    found = Counter(_WORDS[action] for ref, action in plan.touched.items() if ref in done)
    unchanged += sum(1 for one in plan.crs if one.action is Action.UNCHANGED and one.managed)
    return Counts(**found, unchanged=unchanged, failed=len(failed))


def changes(
    plan: Plan, done: Collection[ObjectRef], notes: Mapping[ObjectRef, str] | None = None
) -> tuple[ResourceChange, ...]:
    """The CRs that were (or would be) written, by name, property by property."""
    message = notes or {}
    return tuple(_change(one, message.get(one.ref, "")) for one in plan.crs if one.ref in done and one.action in WRITES)


def _change(one: Detail, note: str) -> ResourceChange:
    shown = one.action in (Action.ADOPT, Action.UPDATE, Action.ATTRIBUTION, Action.REPLACE)
    return ResourceChange(str(one.ref), one.action.value, one.differences if shown else (), note=note)


def record_changes(plan: Plan) -> tuple[ResourceChange, ...]:
    """What is written to the fabric's own record for its own sake."""
    return tuple(
        ResourceChange(
            f"{plan.fabric}/{one.name}", one.action.value, one.differences if one.action is Action.UPDATE else ()
        )
        for one in plan.record
        if one.action is not Action.UNCHANGED
    )


def extra_changes(done: Mapping[str, str]) -> tuple[ResourceChange, ...]:
    """What the engine did to what a stack asks for besides its CRs (clusterBootstrap, hooksAfterSync)."""
    found = [
        ResourceChange(name_of(urn), _EXTRA_OPS[op])
        for urn, op in done.items()
        if type_of(urn).startswith(_EXTRA) and op in _EXTRA_OPS
    ]
    return tuple(sorted(found, key=lambda one: one.ref))


def reassignment(plan: Plan, rolled_back: Iterable[ObjectRef] = ()) -> Reassignment | None:
    """The delete-first phase, where there is one."""
    if not plan.first:
        return None
    first = tuple(map(str, sorted(plan.first)))
    because = tuple(map(str, plan.reassignment.because))
    return Reassignment(first, because, tuple(str(ref) for ref in rolled_back))


def errors(done: Done) -> list[str]:
    """Why something failed, one line each: what the servers said of CRs, then what the engine said of the rest."""
    message = {str(ref): about(str(ref), text) for ref, text in sorted(done.journal.errors.items())}
    rest = [
        one.text
        for one in done.run.errors
        if not (is_cr(one.urn) and name_of(one.urn) in message) and (one.is_reason or not message)
    ]
    return without_repetition([*message.values(), *dict.fromkeys(rest)])


def not_done(plan: Plan, done: Collection[ObjectRef], failed: Mapping[ObjectRef, str]) -> tuple[NotDone, ...]:
    """The CRs that should have been written and were not, by name, with the reason: refused, or waiting for one that was."""
    left = {ref for ref in plan.touched if ref not in done}
    why: dict[ObjectRef, str] = dict(failed)
    for ref in plan.before:  # in order of dependency
        if ref in left and ref not in why:
            waits = next((parent for parent in plan.before[ref] if parent in why), None)
            why[ref] = f"waits for {waits}" if waits else _NOT_BEGUN
    for ref in left - why.keys():
        why[ref] = _NOT_BEGUN
    return tuple(NotDone(str(ref), why[ref]) for ref in sorted(left))


def interrupted() -> tuple[str, ...]:
    """The error of a run that somebody ended."""
    return (INTERRUPTED,)
