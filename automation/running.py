"""One engine run on one fabric: the Automation API's call, its events, its errors → OperationResult.

Every run passes `--run-program` and `--refresh`: with them the provider gets today's stack config, not the state's copy of
it, so that a rotated token or a moved URL needs no repair, and drift is seen before anything is decided.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from automation import events
from automation.engine.workspace import engine_errors
from automation.progress import Phases, Progress, silent, ticking
from automation.results import DESTROY, INTERRUPTED, PREVIEW, SYNC, OperationResult
from providers.errors import EngineError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulumi.automation import Stack
    from pulumi.automation.events import EngineEvent

    from automation.engine.workspace import Workspace

log = logging.getLogger("hhsync.operations")

_TELL_SECONDS = 0.05
#: A line for each of thousands of events would cost more than the events.

PARALLEL = 32
#: CRs in flight. The servers answer in tens of milliseconds and writes are gathered into bulk requests, so that more
#: than the engine's default of 4 × CPUs pays.


def run(
    workspace: Workspace,
    fabric: str,
    verb: str,
    progress: Progress | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    targets: Sequence[str] | None = None,
    excludes: Sequence[str] = (),
) -> OperationResult:
    """Run the engine to its end. `environment` is for this run's program; `targets` are URNs, None for the whole stack.

    `excludes` are URNs that the run leaves alone.

    A sync goes on after a refused CR with all that do not depend on it.

    Raises:
        HhsyncError: the run could not begin (no such stack, no passphrase, another run holds the stack).
        ValueError: `targets` is empty, which the engine would take for the whole stack.
    """
    if targets is not None and not targets:
        raise ValueError(f"a {verb} of nothing would be one of the whole stack")
    extra = dict(environment or {})
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
        errors = _call(stack, fabric, verb, {"on_event": on_event, **_options(verb, targets, excludes)}, collected)
        tell()
    result = OperationResult(
        verb=verb,
        fabric=fabric,
        counts=collected.counts,
        changes=collected.changes,
        failed=tuple(sorted(events.name_of(urn) for urn in collected.failed)),
        settled=tuple(sorted(events.name_of(urn) for urn in collected.done)),
        fabric_changes=collected.fabric_changes,
        errors=(INTERRUPTED,) if collected.interrupted else errors,
        warnings=tuple(collected.warnings),
        duration_s=time.monotonic() - started,
        engine=workspace.engine.info,
        interrupted=collected.interrupted,
    )
    log.info("%s of %s: %s in %.1f s, %d errors", verb, fabric, result.counts, result.duration_s, len(errors))
    return result


def _options(verb: str, targets: Sequence[str] | None, excludes: Sequence[str]) -> dict[str, Any]:
    options: dict[str, Any] = {"run_program": True, "refresh": True, "parallel": PARALLEL}
    if verb == SYNC:
        options["continue_on_error"] = True
    if targets:
        options["target"] = list(targets)
    if excludes:
        options["exclude"] = list(excludes)
    return options


def _call(
    stack: Stack, fabric: str, verb: str, options: Mapping[str, Any], collected: events.Collected
) -> tuple[str, ...]:
    """The errors of the run, one line each, none on success."""
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
