"""`hhsync sync` of a commit that hands a subnet, a VLAN or a port from one CR to another (design §6).

Pulumi deletes after all creates, and the servers refuse a create that takes what is still held. So: a targeted destroy of
the objects in the way and all that depends on them, then the sync, and where it is refused, back to what was there.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from automation.engine import state
from automation.results import DESTROY, SYNC, HandOver, OperationResult
from automation.running import run
from program import config, guard, load, put_back
from program.config import ALLOW_DELETES_VARIABLE, VERB_VARIABLE, cache_folder
from providers.core import handover
from providers.core.references import references
from providers.errors import UnsafeChange
from providers.targets.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from automation.engine.state import Recorded
    from automation.engine.workspace import Workspace
    from automation.progress import Progress
    from program.desired import DesiredState
    from providers.core.identity import ObjectRef

log = logging.getLogger("hhsync.handing_over")

#: Deleted and made again they would take half a fabric with them; moving their addresses is a thing for two commits.
_NEVER_DELETED_TO_COME_BACK = frozenset({"Switch", "Server", "IPv4Namespace", "VLANNamespace"})


@dataclass(frozen=True, slots=True)
class Detour:
    """What a hand-over does first. `first` is in the state; `going` counts the managed CRs that are not in Git."""

    plan: handover.Plan
    first: frozenset[ObjectRef]
    before: Recorded
    desired: DesiredState
    going: int

    @property
    def told(self) -> HandOver:
        """The same for a result."""
        return HandOver(tuple(map(str, sorted(self.first))), tuple(map(str, self.plan.because)))


def needed(result: OperationResult) -> bool:
    """Whether the program refused the run, before it wrote anything, since it needs a hand-over."""
    return any(guard.HAND_OVER in line for line in (*result.errors, *result.warnings))


def find(workspace: Workspace, fabric: str) -> Detour:
    """The detour that this commit needs now, from Git, the state and the cluster.

    Raises:
        HhsyncError: one of them cannot be read, or (UnsafeChange) the detour would delete what must not be deleted.
    """
    settings = config.parse(workspace.config(fabric), fabric)
    loaded = load.load_desired(settings.git, cache_folder())
    present = guard.managed_objects(Cluster(settings.cluster), fabric)
    before = state.read(workspace, fabric)
    desired = {ref: one.spec for ref, one in loaded.desired.manifests.items()}
    plan = handover.plan(desired, present, loaded.desired.references)
    unknown = sorted(plan.detour - before.crs.keys())
    if unknown:
        raise UnsafeChange(
            f"{guard.HAND_OVER}, and {_named(unknown)} in its way carry this fabric's label and are not in its state, so "
            f"nothing was written. Sync the commit before this one, which takes them over, and then this one"
        )
    first = _with_dependents(plan.detour, before)
    kept = sorted(ref for ref in first if ref.kind in _NEVER_DELETED_TO_COME_BACK and ref in desired)
    if kept:
        why = "; ".join(str(one) for one in plan.because)
        raise UnsafeChange(
            f"{guard.HAND_OVER}: {why}; that would delete {', '.join(map(str, kept))} for a moment with all that is "
            f"connected, so nothing was written. Do it in two commits: free it in the first, take it in the second"
        )
    return Detour(plan, first, before, loaded.desired, len(present.keys() - desired.keys()))


def sync(workspace: Workspace, fabric: str, progress: Progress | None, allow_deletes: int | None) -> OperationResult:
    """Delete what is in the way, sync, and put it back where what should follow was refused.

    The prune rule and all checks of Git have passed: the program tells of a hand-over only after them.

    Raises:
        HhsyncError: as `find`.
    """
    detour = find(workspace, fabric)
    if progress is not None:
        progress.line(f"hand-over: {len(detour.first)} CRs are deleted first: {_named(detour.first)}")
    urns = [detour.before.urns[ref] for ref in sorted(detour.first)]
    urns += _result_urns(detour.before)
    deleted = run(workspace, fabric, DESTROY, progress, {VERB_VARIABLE: DESTROY}, targets=urns)
    if not deleted.ok:
        result = replace(deleted, verb=SYNC, hand_over=detour.told)
        return result if deleted.interrupted else _put_back(workspace, fabric, progress, detour, result, remade=False)
    allowed = max(detour.going, allow_deletes or 0)
    made = run(workspace, fabric, SYNC, progress, {ALLOW_DELETES_VARIABLE: str(allowed)})
    result = _joined(deleted, made, detour)
    if result.ok or result.interrupted:
        return result
    return _put_back(workspace, fabric, progress, detour, result, remade=True)


def _put_back(
    workspace: Workspace,
    fabric: str,
    progress: Progress | None,
    detour: Detour,
    result: OperationResult,
    *,
    remade: bool,
) -> OperationResult:
    """Undo the hand-overs of which a part was refused; the others stay. `remade`: the second half has begun."""
    now = state.read(workspace, fabric)
    refused = {ref for ref in detour.desired.manifests if str(ref) in result.failed or ref not in now.crs}
    undone = _undone(detour, refused)
    returning = sorted(ref for ref in undone & detour.first if ref in detour.before.crs and ref not in now.crs)
    if not undone or not (returning or remade):
        return result
    if progress is not None:
        progress.line(f"hand-over refused: putting back {_named(undone & detour.first)}")
    made = {one.taker for one in detour.plan.because if one.taker in undone} - detour.before.crs.keys()
    away = _with_dependents((made | (undone & detour.first if remade else set())) & now.crs.keys(), now)
    errors: list[str] = []
    if away:
        urns = [now.urns[ref] for ref in sorted(away)] + _result_urns(now)
        errors += run(workspace, fabric, DESTROY, progress, {VERB_VARIABLE: DESTROY}, targets=urns).errors
        returning = sorted({*returning, *(ref for ref in away if ref in detour.before.crs)})
    if not returning:
        return replace(result, errors=(*result.errors, *errors))
    back = _return(workspace, fabric, progress, detour, returning)
    errors += back.errors
    left = {str(ref) for ref in returning} - {change.ref for change in back.changes if change.action == "create"}
    told = replace(detour.told, put_back=tuple(str(ref) for ref in returning if str(ref) not in left))
    if left:
        errors.append(f"deleted and not put back: {', '.join(sorted(left))}; they are in the commit before this one")
    if told.put_back:
        names = ", ".join(told.put_back)
        errors.insert(0, f"the hand-over was refused, and what was deleted for it was put back: {names}")
    return replace(result, hand_over=told, errors=(*result.errors, *errors))


def _return(
    workspace: Workspace, fabric: str, progress: Progress | None, detour: Detour, returning: Sequence[ObjectRef]
) -> OperationResult:
    with tempfile.TemporaryDirectory(prefix="hhsync-") as folder:
        path = Path(folder) / "put-back.json"
        put_back.write(path, (detour.before.crs[ref] for ref in returning))
        urns = [detour.before.urns[ref] for ref in returning]
        return run(workspace, fabric, SYNC, progress, {put_back.PUT_BACK_VARIABLE: str(path)}, targets=urns)


def _undone(detour: Detour, refused: Collection[ObjectRef]) -> set[ObjectRef]:
    """All members of those hand-overs (takers, holders and what was deleted with them) of which one was refused."""
    groups: list[set[ObjectRef]] = []
    for one in detour.plan.because:
        members = {one.taker} | _with_dependents({one.holder} & detour.first, detour.before)
        touching = [group for group in groups if group & members]
        groups = [group for group in groups if group not in touching] + [members.union(*touching)]
    return set().union(*(group for group in groups if group & set(refused)))


def _with_dependents(refs: Iterable[ObjectRef], recorded: Recorded) -> frozenset[ObjectRef]:
    """The CRs of the state that name one of these, transitively: the engine deletes nothing that others depend on."""
    found = set(refs)
    while True:
        more = {
            ref
            for ref, outputs in recorded.crs.items()
            if ref not in found
            and any(one.ref in found for one in references(ref.kind, outputs["cluster"]["spec"], ref.namespace))
        }
        if not more:
            return frozenset(found)
        found |= more


def _result_urns(recorded: Recorded) -> list[str]:
    """The fabric's result depends on every CR; deleting it writes nothing, and the next run makes it again."""
    return [*recorded.hook_urns, recorded.result_urn] if recorded.result_urn else []


def _joined(deleted: OperationResult, made: OperationResult, detour: Detour) -> OperationResult:
    """Both runs as one: what was deleted and made again was replaced."""
    again = {change.ref for change in made.changes if change.action == "create"}
    gone = tuple(change for change in deleted.changes if change.ref not in again)
    replaced = {change.ref for change in deleted.changes} & again
    changes = [replace(change, action="replace") if change.ref in replaced else change for change in made.changes]
    counts = made.counts
    return replace(
        made,
        counts=replace(
            counts,
            created=counts.created - len(replaced),
            replaced=counts.replaced + len(replaced),
            deleted=counts.deleted + len(gone),
        ),
        changes=tuple(sorted((*changes, *gone), key=lambda change: change.ref)),
        warnings=(*deleted.warnings, *made.warnings),
        duration_s=deleted.duration_s + made.duration_s,
        hand_over=detour.told,
    )


def _named(refs: Collection[ObjectRef]) -> str:
    return ", ".join(str(ref) for ref in sorted(refs)[:5]) + (", …" if len(refs) > 5 else "")
