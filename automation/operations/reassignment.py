"""A sync with a delete-first phase: what is in the way is deleted, then all is written, and rolled back where it was refused.

Hedgehog refuses a create that takes what another object still holds, and Pulumi deletes after all creates (docs/order.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from automation.execution import run
from automation.operations.refusals import named
from providers.core import sections
from providers.core.drift.classify import Action
from providers.core.identity import FABRIC_LABEL
from providers.core.manifest import Attribution, Manifest, Origin
from providers.core.planning.plan import with_dependents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from automation.context import RunContext
    from automation.execution.run import Done
    from automation.progress import Progress
    from providers.core.identity import ObjectRef
    from providers.core.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Carried:
    """What carrying a plan out came to: the runs as one, the CRs that were rolled back, those that were lost, and errors."""

    done: Done
    rolled_back: tuple[ObjectRef, ...] = ()
    reverted: frozenset[ObjectRef] = frozenset()
    errors: tuple[str, ...] = ()

    def settled(self, written: Collection[ObjectRef]) -> set[ObjectRef]:
        """Of the CRs that were written, those that stayed so."""
        return set(written) - self.reverted


def carry_out(context: RunContext, progress: Progress | None) -> Carried:
    """Delete what is in the way, carry out the rest, and roll back where what should follow was refused.

    Raises:
        StackLocked, EngineError: as `execution.carry_out`.
    """
    plan = context.plan
    if progress is not None:
        progress.line(f"reassignment: {len(plan.first)} CRs are deleted first: {named(plan.first)}")
    deleted = run.delete(context, plan.first, progress)
    after = context.after(deleted.journal.written)
    if deleted.run.interrupted:
        return Carried(deleted)
    if deleted.journal.errors or deleted.run.failed:
        return _roll_back(context, after, deleted, progress)
    made = run.carry_out(after, progress)
    done = _merged(plan, deleted, made)
    if made.run.interrupted or not (made.journal.errors or made.run.errors):
        return Carried(done)
    return _roll_back(context, after.after(made.journal.written), done, progress)


def _merged(plan: Plan, deleted: Done, made: Done) -> Done:
    """Both runs as one; a CR that was deleted and never made again is in the journal as deleted."""
    done = run.merged(deleted, made)
    lost = {
        ref: replace(one, error="deleted first, and not made again")
        for ref, one in deleted.journal.outcomes.items()
        if plan.touched.get(ref) is Action.REPLACE and ref not in made.journal.outcomes and not one.error
    }
    done.journal.outcomes.update(lost)
    return done


def _roll_back(before: RunContext, now: RunContext, done: Done, progress: Progress | None) -> Carried:
    """Undo the reassignments of which a part was refused; the others stay.

    What was made of them is deleted again, and what they deleted is made as the server had it.
    """
    plan = before.plan
    refused = set(done.journal.errors) | {
        ref for ref in plan.touched if plan.touched[ref] is not Action.DELETE and ref not in now.recorded.crs
    }
    reverted = _groups(before, refused)
    gone = sorted(ref for ref in reverted & plan.first if ref in before.recorded.crs and ref not in now.recorded.crs)
    takers = {
        one.new_owner for one in plan.reassignment.because if one.new_owner in reverted
    } - before.recorded.crs.keys()
    made = with_dependents((takers | (reverted & plan.first)) & now.recorded.crs.keys(), now.recorded.depends)
    remade = made if done.journal.outcomes.keys() - plan.first else frozenset()
    if not gone and not remade:
        return Carried(done)
    if progress is not None:
        progress.line(f"reassignment refused: rolling back {named(reverted & plan.first)}")
    errors: list[str] = []
    if remade:
        away = run.delete(now, remade, progress)
        errors += away.journal.errors.values()
        now = now.after(away.journal.written)
        gone = sorted({*gone, *(ref for ref in remade if ref in before.recorded.crs and ref not in now.recorded.crs)})
    returned = _return(before, now, gone, progress) if gone else None
    back = [ref for ref in gone if returned and ref in returned.journal.written]
    errors += returned.journal.errors.values() if returned else ()
    left = sorted(set(gone) - set(back))
    if left:
        errors.append(f"deleted and not made again: {named(left)}; they are in the commit before this one")
    if back:
        errors.insert(0, f"the reassignment was refused, and what was deleted for it was rolled back: {named(back)}")
    return Carried(done, tuple(back), frozenset(reverted | remade), tuple(errors))


def _return(before: RunContext, now: RunContext, refs: Iterable[ObjectRef], progress: Progress | None) -> Done:
    """Make CRs again as the server had them."""
    returning = {ref: _as_recorded(before.recorded.crs[ref]) for ref in refs}
    return run.carry_out(now.returning(returning), progress)


def _as_recorded(outputs: Mapping[str, Any]) -> Manifest:
    """A CR as the server had answered to our last write; `outputs` are whole, as `sections.restored`."""
    git, cluster = outputs["git"], sections.recorded_section(outputs, "cluster")
    return Manifest(
        ref=sections.ref_of(outputs),
        spec=cluster.get("spec") or {},
        origin=Origin(git["path"], 1, git["document"]),
        attribution=Attribution(git["commit"], git["author"], git["committed_at"]),
        labels={key: value for key, value in (cluster.get("labels") or {}).items() if key != FABRIC_LABEL},
        annotations=cluster.get("annotations") or {},
    )


def _groups(context: RunContext, refused: Collection[ObjectRef]) -> set[ObjectRef]:
    """All members of those reassignments (new and old owners, and what was deleted with them) of which one was refused."""
    plan = context.plan
    groups: list[set[ObjectRef]] = []
    for one in plan.reassignment.because:
        members = {one.new_owner} | with_dependents({one.old_owner} & plan.first, context.recorded.depends)
        touching = [group for group in groups if group & members]
        groups = [group for group in groups if group not in touching] + [members.union(*touching)]
    return set().union(*(group for group in groups if group & set(refused)))
