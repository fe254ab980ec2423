"""`hhsync destroy`: everything that is managed is deleted, what refers to others first. Git is not read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from automation.engine import locks
from automation.engine import run as engine
from automation.engine.state import recorded as state
from automation.engine.state import urns
from automation.execution import outcome
from automation.execution.providers import Journal, providers_for
from automation.execution.run import Done
from automation.progress import silent, ticking
from automation.results import DESTROY, Counts, OperationResult, ResourceChange
from providers.core.planning.plan import Plan
from providers.session import Session

if TYPE_CHECKING:
    from automation.engine.state.recorded import Recorded
    from automation.engine.workspace import Workspace
    from automation.progress import Progress


def destroy(workspace: Workspace, fabric: str, progress: Progress | None = None) -> OperationResult:
    """Delete every managed CR from the cluster and NetBox. The stack stays, empty.

    Raises:
        HhsyncError: the stack or its state cannot be read, or another run holds the stack.
    """
    started, shown = time.monotonic(), progress or silent()
    shown.update("reading the state")
    session, recorded = Session(workspace.config(fabric), fabric), state.read(workspace, fabric)
    pending, first = locks.clearing_stale_lock(
        workspace, fabric, lambda: locks.clear_pending(workspace, fabric, recorded)
    )
    notes = tuple(text for text in (pending, first) if text)
    if not recorded.all_urns:
        return OperationResult(DESTROY, fabric, Counts(), warnings=notes, duration_s=time.monotonic() - started)
    done, note = locks.clearing_stale_lock(workspace, fabric, lambda: _run(workspace, session, recorded, shown))
    deleted = done.journal.written.keys()
    errors = outcome.interrupted() if done.run.interrupted else tuple(outcome.errors(done))
    return OperationResult(
        verb=DESTROY,
        fabric=fabric,
        counts=Counts(deleted=len(deleted), failed=len(done.journal.errors)),
        changes=tuple(ResourceChange(str(ref), "delete") for ref in sorted(deleted)),
        fabric_changes=_fabric_changes(fabric, done),
        failed=tuple(sorted(map(str, done.journal.errors))),
        errors=errors,
        warnings=(*notes, *([note] if note else [])),
        duration_s=time.monotonic() - started,
        engine=workspace.engine.info,
        interrupted=done.run.interrupted,
    )


def _fabric_changes(fabric: str, done: Done) -> tuple[ResourceChange, ...]:
    own = (urns.identity(fabric), urns.result(fabric))
    deleted = [ResourceChange(urns.name_of(urn), "delete") for urn in own if done.run.done.get(urn) == "delete"]
    return (*deleted, *outcome.extra_changes(done.run.done))


def _run(workspace: Workspace, session: Session, recorded: Recorded, shown: Progress) -> Done:
    journal = Journal(len(recorded.crs), shown, "deleted")
    shown.update(f"deleting {len(recorded.crs)} CRs")
    with ticking(shown):
        done = engine.run(
            workspace,
            session.fabric,
            engine.DESTROY,
            None,
            providers_for(session, Plan(session.fabric), {}, journal),
            targets=None,
            on_interrupt=journal.stopped.set,
        )
    return Done(done, journal)
