"""One engine run: one process of the Pulumi CLI, with program and provider of this process.

The plan is made, so nothing is refreshed; the state is saved once, at the end. What a killed run has written is found again
by the next plan: creates adopt what carries our label, updates write only what differs, deletes take "gone" for done.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pulumi.automation import LocalWorkspace, Stack, UpdateSummary
from pulumi.automation._stack import StackInitMode

from automation.engine.cli import CliCommand
from automation.engine.host import serve
from automation.engine.problems import Problem, diagnostic_line
from automation.engine.workspace import engine_errors
from program import sdk
from providers.errors import EngineError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulumi.automation.events import EngineEvent
    from pulumi.dynamic import ResourceProvider

    from automation.engine.workspace import Workspace

log = logging.getLogger("hhsync.engine")

UP, DESTROY = "up", "destroy"

# Resources in flight. The servers answer in tens of milliseconds and writes go out in bulk requests, so that more
# than the engine's default of 4 × CPUs pays.
PARALLEL = 32

# Without the first two the whole state is written at every step: cost that grows with the square of a fabric. The CLI spends
# a third of its processor time on collecting garbage of 100 MB; a higher limit takes most of that off, for as much memory.
_SETTINGS = {"PULUMI_SKIP_CHECKPOINTS": "true", "PULUMI_EXPERIMENTAL": "true", "GOGC": "300"}


@dataclass(frozen=True, slots=True)
class EngineRun:
    """What the engine did: by URN the op that it reported as done ("create", "update", "delete", "same", …; the last one
    where there were several), the resources whose step failed, and its diagnostics.
    """

    done: Mapping[str, str] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    interrupted: bool = False

    @property
    def errors(self) -> list[Problem]:
        """The diagnostics that say why something failed."""
        found = [one for one in self.problems if one.severity == "error" and not one.is_cancel]
        return [one for one in found if one.is_reason] or found


class _Events:
    """Collects the run's events; called from one thread at a time."""

    def __init__(self, on_event: Callable[[EngineEvent], None] | None) -> None:
        self.done: dict[str, str] = {}
        self.failed: set[str] = set()
        self.problems: dict[Problem, None] = {}
        self.ended = False
        self._on_event = on_event

    def feed(self, event: EngineEvent) -> None:
        if event.res_outputs_event:
            metadata = event.res_outputs_event.metadata
            self.done[metadata.urn] = str(metadata.op.value)
            log.debug("%s %s done", metadata.op.value, metadata.urn)
        elif event.res_op_failed_event:
            self.failed.add(event.res_op_failed_event.metadata.urn)
        elif event.summary_event:
            self.ended = True
        elif event.diagnostic_event:
            self._diagnostic(event.diagnostic_event)
        if self._on_event is not None:
            self._on_event(event)

    def _diagnostic(self, diagnostic: Any) -> None:
        if diagnostic.severity not in ("error", "warning") or diagnostic.ephemeral:
            return
        urn = diagnostic.urn or ""
        line = diagnostic_line(diagnostic.message, urn)
        if line:
            self.problems[Problem(urn, line, diagnostic.severity)] = None


def run(
    workspace: Workspace,
    fabric: str,
    verb: str,
    program: Callable[[], None] | None,
    providers: Mapping[str, ResourceProvider],
    *,
    targets: Sequence[str] | None,
    excludes: Sequence[str] = (),
    on_event: Callable[[EngineEvent], None] | None = None,
    on_interrupt: Callable[[], None] = lambda: None,
) -> EngineRun:
    """Run the engine to its end; a step that fails does not stop those that do not depend on it.

    Args:
        workspace: the project.
        fabric: the stack.
        verb: UP, with an inline `program`, or DESTROY, without one.
        program: registers resources.
        providers: by the import path of the class that the state names.
        targets: URNs, None for the whole stack.
        excludes: URNs that are left alone.
        on_event: gets every event.
        on_interrupt: is called at a Ctrl-C. The engine begins no further registration then, but carries out all that were
            registered; who calls says to the provider that it is to refuse them.

    Raises:
        StackLocked, EngineError: the run could not begin, or ended without saying how.
        ValueError: `targets` is empty, which the engine would take for the whole stack.
    """
    if targets is not None and not targets:
        raise ValueError(f"an {verb} of nothing would be one of the whole stack")
    workspace.require_room(fabric)
    events, stopped = _Events(on_event), threading.Event()

    def interrupt() -> None:
        stopped.set()
        on_interrupt()

    sdk.install()
    with serve(providers) as port:
        variables = {**_SETTINGS, "PULUMI_DEBUG_PROVIDERS": f"pulumi-python:{port}"}
        if "GOGC" in workspace.env:
            variables["GOGC"] = workspace.env["GOGC"]
        stack = _stack(workspace, fabric, variables, interrupt)
        options: dict[str, Any] = {"parallel": PARALLEL, "color": "never", "suppress_outputs": True}
        options |= {"target": list(targets)} if targets else {}
        options |= {"exclude": list(excludes)} if excludes else {}
        try:
            with engine_errors(fabric):
                if verb == UP:
                    stack.up(program=program, continue_on_error=True, on_event=events.feed, **options)
                else:
                    stack.destroy(continue_on_error=True, on_event=events.feed, **options)
            if not events.ended:
                raise EngineError(
                    f"the engine ended without a result, and without an error; is {workspace.engine.command.command} Pulumi?"
                )
        except EngineError as error:
            if type(error) is not EngineError or not (events.problems or events.failed):
                raise
        except KeyboardInterrupt:
            stopped.set()
        except RuntimeError as error:
            raise EngineError(f"the engine ended without a result: {one_line(str(error))}") from None
    problems = tuple(events.problems)
    interrupted = stopped.is_set() or any(one.is_cancel for one in problems)
    log.debug("%s of %s: %d steps, %d failed", verb, fabric, len(events.done), len(events.failed))
    return EngineRun(events.done, frozenset(events.failed), problems, interrupted)


def _stack(
    workspace: Workspace, fabric: str, environment: Mapping[str, str], on_interrupt: Callable[[], None]
) -> Stack:
    """The stack without the CLI processes that the SDK starts around a run: nothing is selected, and no outputs or history
    are asked for, each of which would load the whole state once more.
    """

    class Plain(LocalWorkspace):
        def select_stack(self, stack_name: str) -> None:
            pass

    class Quick(Stack):
        def outputs(self) -> dict[str, Any]:
            return {}

        def info(self, show_secrets: bool = True) -> UpdateSummary:  # noqa: ARG002
            return cast("UpdateSummary", object())

    found = workspace.engine.command
    # What the SDK cannot say: `refresh: always` of Pulumi.yaml is not for this run.
    command = CliCommand(found.command, found.version, ["--refresh=false"], on_interrupt)
    plain = Plain(work_dir=str(workspace.root), pulumi_command=command, env_vars=workspace.variables(environment))
    return Quick(fabric, plain, StackInitMode.SELECT)
