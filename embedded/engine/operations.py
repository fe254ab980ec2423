"""preview, up, refresh and destroy: `run(request, context)` carries out one and returns the exit code."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from embedded.engine import plugins, targets, urns
from embedded.engine.applier import Applier
from embedded.engine.deleter import Deleter
from embedded.engine.deployment import Deployment
from embedded.engine.errors import BadInvocation, NoChangesExpected, NotSupported
from embedded.engine.executor import Executor
from embedded.engine.failures import Stopped
from embedded.engine.finish import finished_stack
from embedded.engine.interrupts import run_interruptible
from embedded.engine.program_run import ProgramRun
from embedded.engine.provider_host import ProviderHost
from embedded.engine.reads import Reads
from embedded.engine.refresher import Refresher
from embedded.engine.replayer import Replayer
from embedded.engine.reporter import Reporter
from embedded.engine.steps import Op

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.monitor import Registrar
    from embedded.engine.request import Context, Request, Result
    from embedded.engine.state import Resource
    from embedded.engine.targets import UrnSet

CALL_TIMEOUT = "PULUMI_EMBEDDED_CALL_TIMEOUT"
"""Environment variable: seconds that one provider call may take."""
_CALL_SECONDS = 1800.0
_LEAST_CALLS = 32
"""Provider calls in flight when nobody says `--parallel`: providers gather concurrent calls into bulk requests."""
_WORDS = {"up": "update"}


def run(request: Request, context: Context) -> int:
    """Carry out one operation and return its exit code (engine-contract §1.5): 0, 1 failed, 8 canceled.

    Raises EngineError before anything has happened for what this engine does not do, and NoChangesExpected at the end.
    """
    if context.project.runtime != "python":
        raise NotSupported(f"the language runtime {context.project.runtime!r}")
    refuse_state(context)
    reporter = Reporter(request, context)
    try:
        return Operation(request, context, reporter).run()
    finally:
        reporter.close()


class Operation:
    """One run, from header to summary."""

    def __init__(self, request: Request, context: Context, reporter: Reporter) -> None:
        self._request = request
        self._context = context
        self._reporter = reporter
        self._deployment = Deployment(request, context, reporter)
        self._parallel = parallel_of(request, context)
        self._calls = self._parallel if _explicit(request, context) else max(_LEAST_CALLS, self._parallel)
        self._refreshing = context.project.refresh if request.refresh is None else request.refresh
        self._hosts: list[ProviderHost] = []

    def run(self) -> int:
        """All phases; the state is saved whatever happens."""
        started = int(time.time())
        self._reporter.begin()
        self._warn_pending()
        if self._request.clear_pending_creates and not self._deployment.dry:
            self._context.journal.clear_pending()
        try:
            run_interruptible(self._phases, self._context.cancel, self._cancel, self._abort)
        except Stopped:
            self._deployment.stopping.set()
        return self._finish(started)

    def _phases(self) -> None:
        match self._request.kind:
            case "preview" | "up":
                self._update()
            case "refresh":
                self._refresh()
            case "destroy":
                self._destroy()

    # --- the kinds --------------------------------------------------------------------------------------------------

    def _update(self) -> None:
        """With `--run-program` resources are read as they are registered, else all of them before the program runs."""
        deployment = self._deployment
        host = self._host(of_today=True)
        refresher = None
        if self._refreshing and self._request.run_program:
            refresher = Refresher(deployment, host, is_the_point=False)
        elif self._refreshing:
            before = Refresher(deployment, self._host(of_today=False), is_the_point=False)
            if not before.read_all(self._to_read(), self._calls):
                deployment.fail()
            deployment.guard()
        self._require(deployment.selection.replaces)
        if deployment.failed:
            raise Stopped
        leaving = Deleter(deployment, host, refresher, self._calls)

        def delete_rest() -> None:
            self._require(deployment.selection.targets)
            leaving.run(deployment.leaving())

        self._program(Executor(deployment, host, refresher, self._calls), delete_rest)

    def _refresh(self) -> None:
        deployment = self._deployment
        host = self._host(of_today=self._request.run_program)
        refresher = Refresher(deployment, host, is_the_point=True)

        def read_rest() -> None:
            entries = self._to_read()
            refresher.read_all(entries, self._calls)
            refresher.tell_rest(entries)
            refresher.remove_gone()

        if self._request.run_program:
            self._program(self._replayer(host, refresher), read_rest)
        else:
            read_rest()
        deployment.guard()

    def _destroy(self) -> None:
        deployment = self._deployment
        host = self._host(of_today=self._request.run_program)
        refresher = Refresher(deployment, host, is_the_point=False) if self._refreshing else None
        leaving = Deleter(deployment, host, refresher, self._calls)

        def delete_all() -> None:
            self._require(deployment.selection.targets)
            leaving.run([deployment.current(entry) for entry in self._context.snapshot.resources])

        if self._request.run_program:
            self._program(self._replayer(host, refresher), delete_all)
        else:
            delete_all()

    # --- parts ------------------------------------------------------------------------------------------------------

    def _program(self, registrar: Registrar, then: Callable[[], None]) -> None:
        ProgramRun(self._deployment, self._parallel, registrar).run(then)

    def _replayer(self, host: ProviderHost, refresher: Refresher | None) -> Replayer:
        reads = Reads(self._deployment, host, Applier(self._deployment, host))
        return Replayer(self._deployment, refresher, reads)

    def _require(self, patterns: UrnSet) -> None:
        """Say which resources were named that do not exist; the run fails by that, at its end."""
        for line in targets.missing(patterns, self._deployment.known_urns()):
            self._reporter.diagnostic("error", line)
            self._deployment.failed = True

    def _to_read(self) -> list[Resource]:
        """What a refresh reads. Raises Stopped when a resource was named that does not exist."""
        deployment = self._deployment
        for patterns in (deployment.selection.targets, deployment.selection.excludes):
            self._require(patterns)
        if deployment.failed:
            raise Stopped
        state = deployment.standing()
        chosen = {entry.urn for entry in deployment.selection.to_read(state)}
        return [entry for entry in deployment.entries.values() if entry.urn in chosen]

    def _host(self, *, of_today: bool) -> ProviderHost:
        """Providers configured from today's stack config, or from the copy of it that the state holds."""
        entry = self._deployment.entries.get(self._deployment.provider_urn)
        config = self._deployment.config if of_today or entry is None else entry.inputs
        host = ProviderHost(
            self._context.project.name,
            config,
            parallel=self._calls,
            deadline=_call_seconds(self._context),
            guard=self._deployment.guard,
            inputs_of=lambda reference: self._deployment.providers.inputs_of(reference, of_today=of_today),
            tell=self._tell,
            folder=str(self._context.project.program_dir),
            outputs_of=self._context.outputs_of,
        )
        self._hosts.append(host)
        self._deployment.host = host
        return host

    def _tell(self, severity: str, message: str, urn: str) -> None:
        """What a provider says; a status is shown only while it lasts."""
        if severity == "status":
            self._reporter.diagnostic("info", message, urn, ephemeral=True)
        else:
            self._reporter.diagnostic("warning" if severity == "warning" else "info", message, urn)

    def _cancel(self) -> None:
        self._reporter.diagnostic("warning", "canceling: running steps are finished, no new ones start")
        self._deployment.cancel()

    def _abort(self) -> None:
        self._deployment.callbacks.close()
        for host in self._hosts:
            host.abort()

    def _warn_pending(self) -> None:
        pending = self._context.snapshot.pending_operations
        if pending and self._request.kind != "refresh":
            lines = "".join(
                f"\n  * {operation.resource.urn}, interrupted while {operation.type}" for operation in pending
            )
            self._reporter.diagnostic(
                "warning",
                f"an earlier run was interrupted; it is not known how {len(pending)} operation(s) ended:{lines}\n"
                "`pulumi refresh` reads what is there; `pulumi refresh --clear-pending-creates` forgets creates",
            )

    # --- the end ----------------------------------------------------------------------------------------------------

    def _finish(self, started: int) -> int:
        deployment = self._deployment
        ok = not deployment.failed and not deployment.canceled
        stack = finished_stack(deployment, ok=ok)
        result: Result = (
            "succeeded" if ok else "canceled" if deployment.canceled and not deployment.failed else "failed"
        )
        word = _WORDS.get(self._request.kind, self._request.kind)
        what = "preview" if deployment.dry else "update"  # a refresh or destroy is one too, in the CLI's words
        if result == "canceled":
            self._reporter.diagnostic("error", f"{what} canceled")
        elif not ok and (self._reporter.step_failed or not self._reporter.errors):
            self._reporter.diagnostic("error", f"{what} failed")
        if not deployment.dry:
            self._context.save()
            self._context.record_history(
                result=result, started=started, ended=int(time.time()), changes=dict(self._reporter.changes)
            )
        self._reporter.end(result, stack.outputs if stack is not None and ok else None)
        if ok and self._request.expect_no_changes and set(self._reporter.changes) - {Op.SAME.value}:
            raise NoChangesExpected(word)
        return 0 if ok else 8 if result == "canceled" else 1


def refuse_state(context: Context) -> None:
    """Raise NotSupported when the state holds a resource that only another plugin can manage."""
    for entry in context.snapshot.resources:
        if not entry.custom or entry.external or urns.is_provider(entry.type):
            continue
        if urns.package_of(entry.type) not in plugins.PACKAGES:
            raise NotSupported(f"the plugin {urns.package_of(entry.type)!r}, which manages {entry.urn} in the state,")
        plugins.refuse(entry.type)


def parallel_of(request: Request, context: Context) -> int:
    """How many resources the program may have under way: the flag, PULUMI_PARALLEL, or 4 × CPUs.

    Raises BadInvocation for a PULUMI_PARALLEL that is no number.
    """
    if request.parallel is not None:
        return max(1, request.parallel)
    text = context.env.get("PULUMI_PARALLEL", "")
    if not text:
        return 4 * (os.cpu_count() or 1)
    if not text.isdigit():
        raise BadInvocation(f"PULUMI_PARALLEL is {text!r}; it has to be a number from 1 up")
    return max(1, int(text))


def _explicit(request: Request, context: Context) -> bool:
    return request.parallel is not None or bool(context.env.get("PULUMI_PARALLEL"))


def _call_seconds(context: Context) -> float:
    text = context.env.get(CALL_TIMEOUT, "")
    try:
        return float(text) if text else _CALL_SECONDS
    except ValueError:
        raise BadInvocation(f"{CALL_TIMEOUT} is {text!r}; it has to be a number of seconds") from None
