"""Preview, sync and destroy of one fabric through the Automation API → OperationResult.

Every run passes `--run-program` and `--refresh`: with them the provider gets today's stack config, not the state's copy of
it, so that a rotated token or a moved URL needs no repair, and drift is seen before anything is decided.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from automation import events
from automation.progress import Phases, Progress, silent, ticking
from automation.results import DESTROY, INTERRUPTED, PREVIEW, SYNC, OperationResult
from automation.workspace import engine_errors
from program.config import ALLOW_DELETES_VARIABLE, VERB_VARIABLE
from providers.errors import EngineError, HhsyncError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi.automation import Stack
    from pulumi.automation.events import EngineEvent

    from automation.workspace import Workspace

log = logging.getLogger("hhsync.operations")

_TELL_SECONDS = 0.05
#: A line for each of thousands of events would cost more than the events.

PARALLEL = 32
#: CRs in flight. The servers answer in tens of milliseconds and writes are gathered into bulk requests, so that more
#: than the engine's default of 4 × CPUs pays.


def preview(workspace: Workspace, fabric: str, progress: Progress | None = None) -> OperationResult:
    """What a sync would change; nothing is written anywhere.

    Raises:
        HhsyncError: the run could not begin (no such stack, no passphrase).
    """
    return _run(workspace, fabric, PREVIEW, progress, {})


def sync(
    workspace: Workspace, fabric: str, progress: Progress | None = None, allow_deletes: int | None = None
) -> OperationResult:
    """Make the cluster and NetBox match Git. `allow_deletes` lets that many managed CRs go whatever the prune rule says.

    Raises:
        HhsyncError: the run could not begin (no such stack, no passphrase, another run holds the stack).
    """
    extra = {} if allow_deletes is None else {ALLOW_DELETES_VARIABLE: str(allow_deletes)}
    result = _run(workspace, fabric, SYNC, progress, extra)
    if not result.ok and not result.interrupted and (result.counts.changed or result.counts.failed):
        _tell_netbox(workspace, fabric, result)
    return result


def destroy(workspace: Workspace, fabric: str, progress: Progress | None = None) -> OperationResult:
    """Delete every managed CR from the cluster and NetBox. The stack stays, empty; Git is not read.

    Raises:
        HhsyncError: the run could not begin.
    """
    return _run(workspace, fabric, DESTROY, progress, {VERB_VARIABLE: DESTROY})


def _run(
    workspace: Workspace, fabric: str, verb: str, progress: Progress | None, extra: dict[str, str]
) -> OperationResult:
    shown = progress or silent()
    stack = workspace.select(fabric, extra)
    log.debug("%s of %s with %s on %s", verb, fabric, workspace.engine.info, workspace.backend)
    shown.update("reading Git and the servers")
    collected, phases = events.Collected(), Phases(verb)

    told = 0.0

    def tell() -> None:
        for text, final in phases.lines(collected):
            (shown.line if final else shown.update)(text)

    def on_event(event: EngineEvent) -> None:
        nonlocal told
        collected.feed(event)
        _trace(event)
        if event.diagnostic_event or time.monotonic() - told >= _TELL_SECONDS:
            tell()
            told = time.monotonic()

    started = time.monotonic()
    with ticking(shown):
        errors = _call(stack, fabric, verb, on_event, collected)
        tell()
    result = OperationResult(
        verb=verb,
        fabric=fabric,
        counts=collected.counts,
        changes=collected.changes,
        fabric_changes=collected.fabric_changes,
        errors=(INTERRUPTED,) if collected.interrupted else errors,
        warnings=tuple(collected.warnings),
        duration_s=time.monotonic() - started,
        engine=workspace.engine.info,
        interrupted=collected.interrupted,
    )
    log.info("%s of %s: %s in %.1f s, %d errors", verb, fabric, result.counts, result.duration_s, len(errors))
    return result


def _call(
    stack: Stack, fabric: str, verb: str, on_event: Callable[[EngineEvent], None], collected: events.Collected
) -> tuple[str, ...]:
    """Run the engine to its end; the errors of the run, one line each, none on success."""
    options: dict[str, Any] = {"on_event": on_event, "run_program": True, "refresh": True, "parallel": PARALLEL}
    calls: dict[str, Callable[..., object]] = {PREVIEW: stack.preview, SYNC: stack.up, DESTROY: stack.destroy}
    try:
        with engine_errors(fabric):
            calls[verb](**options, color="never", suppress_outputs=True)
    except EngineError as error:
        if type(error) is not EngineError:  # a lock or another named case says it better than the diagnostics
            raise
        return collected.errors or (str(error),)
    except KeyboardInterrupt:
        collected.stopped = True
    except RuntimeError as error:  # the SDK's plain one: no summary event ever came
        return collected.errors or (one_line(f"the engine ended without a result: {error}"),)
    return collected.errors


def _tell_netbox(workspace: Workspace, fabric: str, result: OperationResult) -> None:
    """Write the failure to the fabric's record, as far as NetBox can be reached; a second error must not hide the first."""
    from providers.outcome import record_failure

    try:
        record_failure(workspace.config(fabric), fabric, result.errors[0], wrote_something=bool(result.counts.changed))
    except HhsyncError as error:
        log.warning("the failure could not be written to NetBox: %s", error)


def _trace(event: EngineEvent) -> None:
    """A debug line for each step, without values."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    step = event.resource_pre_event or event.res_outputs_event or event.res_op_failed_event
    if step is not None:
        what = "begins" if event.resource_pre_event else "failed" if event.res_op_failed_event else "done"
        log.debug("%s %s %s", step.metadata.op.value, events.name_of(step.metadata.urn), what)
    elif event.diagnostic_event and event.diagnostic_event.severity == "debug":
        log.debug("engine: %s", one_line(event.diagnostic_event.message))
