"""`hhsync sync`: read, plan, refuse or carry out, and say what the servers answered."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from automation import context as run_context
from automation.engine import locks
from automation.engine.state import urns
from automation.execution import outcome, publishing
from automation.operations import orphans, partial
from automation.operations import wait as health
from automation.operations.preview import failed
from automation.operations.refusals import named, refusals
from automation.progress import silent, timed
from automation.results import SYNC, OperationResult, ResourceChange
from providers.errors import HhsyncError, ValidationFailed, error_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from automation.context import RunContext
    from automation.engine.workspace import Workspace
    from automation.execution.run import Done
    from automation.operations.reassignment import Carried
    from automation.progress import Progress

log = logging.getLogger("hhsync.sync")

type Check = Callable[[RunContext], list[str]]


def sync(
    workspace: Workspace,
    fabric: str,
    progress: Progress | None = None,
    allow_deletes: int | None = None,
    *,
    valid_only: bool = False,
    check: Check | None = None,
    wait: float | None = None,
) -> OperationResult:
    """Make the cluster and NetBox match Git. `allow_deletes` lets that many managed CRs go whatever the prune rule says.

    `valid_only` syncs the valid CRs of a folder with findings, and deletes nothing. `check` may refuse what was read, with
    one line a reason. `wait` follows the switches concerned for so many seconds at most.

    Raises:
        HhsyncError: Git, the stack or its state cannot be read, or another run holds the stack.
    """
    started = time.monotonic()
    try:
        context = run_context.read(workspace, fabric, progress, partial_sync=valid_only)
        if valid_only:
            context = partial.valid_only(context)
    except ValidationFailed as error:
        return failed(SYNC, fabric, error_lines(error), time.monotonic() - started)
    reasons = (check(context) if check else []) or refusals(context, allow_deletes)
    if reasons:
        return failed(SYNC, fabric, reasons, time.monotonic() - started)
    if wait is None:
        result, context = of(context, progress)
    else:
        result, context = health.followed_by(context, lambda: of(context, progress), progress or silent(), wait)
    return replace(partial.reported(result, context), duration_s=time.monotonic() - started)


def of(context: RunContext, progress: Progress | None = None) -> tuple[OperationResult, RunContext]:
    """Carry out what was read and planned; returns the result, and the context as it is after it."""
    workspace, fabric = context.workspace, context.fabric
    pending, note = locks.clearing_stale_lock(
        workspace, fabric, lambda: locks.clear_pending(workspace, fabric, context.recorded)
    )
    notes = [text for text in (pending, note) if text]
    if context.nothing_to_do:
        result = OperationResult(SYNC, fabric, outcome.counts(context.plan, ()), warnings=tuple(notes))
        return _with_orphans(result, context), context
    with timed(log, "engine"):
        carried = _carried_out(context, progress)
    return _result(context, carried, [*notes, *carried.done.journal.notes])


def _carried_out(context: RunContext, progress: Progress | None) -> Carried:
    from automation.execution import run
    from automation.operations import reassignment  # with the Pulumi SDK, for a sync that writes

    if context.plan.first:
        return reassignment.carry_out(context, progress)
    return reassignment.Carried(run.carry_out(context, progress))


def _result(context: RunContext, carried: Carried, notes: list[str]) -> tuple[OperationResult, RunContext]:
    plan, done = context.plan, carried.done
    written, refused = done.journal.written, done.journal.errors
    settled = carried.settled(written.keys() & plan.touched.keys())
    changed = outcome.changed(plan, settled, done.journal.idle)
    errors = [*carried.errors, *outcome.errors(done)]
    if done.run.interrupted:
        errors = list(outcome.interrupted())
    elif not errors:
        errors = _unexpected(context, done)
    after = context.after(written, refused)
    whole = not errors
    result = OperationResult(
        verb=SYNC,
        fabric=context.fabric,
        counts=outcome.counts(plan, changed, refused, unchanged=len(settled) - len(changed)),
        changes=outcome.changes(plan, changed),
        fabric_changes=(*_recorded_changes(context, done), *outcome.extra_changes(done.run.done)),
        failed=tuple(sorted(map(str, refused))),
        errors=tuple(errors),
        warnings=(*notes, *(one.text for one in done.run.problems if one.severity == "warning")),
        engine=context.workspace.engine.info,
        interrupted=done.run.interrupted,
        reassignment=outcome.reassignment(plan, carried.rolled_back),
        not_done=() if whole else outcome.not_done(plan, settled, refused),
    )
    if not whole and not result.interrupted and (result.counts.changed or result.counts.failed):
        publishing.record_failure(after, errors[0], wrote_something=bool(result.counts.changed))
    if result.has_changes or not whole:
        with timed(log, "publish"):
            publishing.publish_after(after)
    return (_with_orphans(result, after) if whole else result), after


def _unexpected(context: RunContext, done: Done) -> list[str]:
    """What the engine did otherwise than was planned, and what it left out without a word."""
    if context.plan.first:  # two runs, each held against its own part
        return []
    found = done.mismatches(context.plan, context.fabric, context.recorded.crs)
    silent = sorted(context.plan.touched.keys() - done.journal.outcomes.keys())
    if silent:
        found.append(f"planned, and not done by the engine, which did not say why: {named(silent)}")
    return found


def _recorded_changes(context: RunContext, done: Done) -> tuple[ResourceChange, ...]:
    """The changes of the fabric's record that the engine carried out."""
    names = {urns.name_of(urn) for urn, op in done.run.done.items() if op != "same"}
    return tuple(one for one in outcome.record_changes(context.plan) if one.ref in names)


def _with_orphans(result: OperationResult, context: RunContext) -> OperationResult:
    if not context.record_orphans or context.selection is not None:
        return result
    try:
        return replace(result, orphans_recorded=orphans.record(context))
    except HhsyncError as error:
        text = f"CRs that are not in Git could not be recorded in NetBox: {error}"
        return replace(result, errors=(*result.errors, text))
