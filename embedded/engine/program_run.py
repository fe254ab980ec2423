"""Runs the program against the two services, and what follows when it has registered everything."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from embedded.engine.failures import Stopped
from embedded.engine.goals import GoalReader
from embedded.engine.language import ChildProgram, InlineProgram, Outcome, ProgramSpec
from embedded.engine.monitor import Engine, ResourceMonitor, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    import grpc

    from embedded.engine.deployment import Deployment
    from embedded.engine.language import Program
    from embedded.engine.monitor import Registrar

_LOG_THREADS = 8
_SPARE_THREADS = 32
_PATIENCE_SECONDS = 30.0
"""How long a program may take to notice that the run has failed."""
_POLL_SECONDS = 0.2


class ProgramRun:
    """One execution of the program."""

    def __init__(self, deployment: Deployment, parallel: int, registrar: Registrar) -> None:
        self._deployment = deployment
        self._parallel = parallel
        context = deployment.context
        reader = GoalReader(context.stack_name, context.project.name, str(context.project.root))
        self._wake = threading.Event()
        self._monitor = ResourceMonitor(deployment, reader, registrar, parallel, self._wake.set)
        self._engine = Engine(deployment)
        self._outcome: Outcome | None = None

    def run(self, then: Callable[[], None]) -> None:
        """Run the program, and `then` when it has registered everything without an error; it stays alive meanwhile.

        Raises Stopped when the run has failed or was cancelled.
        """
        servers = []
        try:
            # The SDK has at most 4 × parallel registrations under way; one more thread holds the shutdown signal.
            server, monitor = serve(self._add_monitor, 4 * self._parallel + _SPARE_THREADS)
            servers.append(server)
            server, engine = serve(self._add_engine, _LOG_THREADS)
            servers.append(server)
            program = self._start(monitor, engine)
            waiter = threading.Thread(target=self._await, args=(program,), name="program", daemon=True)
            waiter.start()
            try:
                self._follow(then)
            finally:
                self._monitor.released.set()
                self._end(program, waiter)
        finally:
            self._deployment.callbacks.close()
            for server in servers:
                server.stop(grace=1).wait()
        self._judge()

    def _add_monitor(self, server: grpc.Server) -> None:
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self._monitor, server)

    def _add_engine(self, server: grpc.Server) -> None:
        engine_pb2_grpc.add_EngineServicer_to_server(self._engine, server)

    def _start(self, monitor: str, engine: str) -> Program:
        context, request = self._deployment.context, self._deployment.request
        spec = ProgramSpec(
            project=context.project.name,
            stack=context.stack_name,
            root=str(context.project.root),
            pwd=str(context.project.program_dir),
            entry_point=context.project.entry_point,
            monitor=monitor,
            engine=engine,
            config=dict(context.config),
            secret_keys=tuple(sorted(context.secret_keys)),
            dry=self._deployment.dry,
            parallel=self._parallel,
            env=context.env,
            debug=request.debug,
        )
        if request.client:
            return InlineProgram(request.client, spec)
        return ChildProgram(spec, self._say)

    def _say(self, severity: str, line: str) -> None:
        self._deployment.reporter.diagnostic("info#err" if severity == "info#err" else "info", line)

    def _await(self, program: Program) -> None:
        self._outcome = program.wait()
        self._wake.set()

    def _follow(self, then: Callable[[], None]) -> None:
        """Wait until the program has registered everything, has ended, or the run is over for another reason."""
        while not self._wake.wait(_POLL_SECONDS):
            if self._deployment.stopping.is_set():
                break
        if self._deployment.stopping.is_set():
            return
        ended = self._outcome
        if self._monitor.finished_registering.is_set() or (ended is not None and ended.ok):
            self._monitor.wait_idle()
            then()

    def _end(self, program: Program, waiter: threading.Thread) -> None:
        """See the program off. After a cancel nobody waits for it; after a failure it gets a while to notice."""
        if self._deployment.stopping.is_set():
            self._monitor.wait_idle()
            if not self._deployment.canceled:
                waiter.join(_PATIENCE_SECONDS)
            program.kill()
        waiter.join()

    def _judge(self) -> None:
        """What the program's end means, unless the run was over before it."""
        outcome = self._outcome
        if self._deployment.stopping.is_set() or outcome is None:
            raise Stopped
        if outcome.ok:
            return
        self._deployment.fail()
        if not outcome.told and not any(outcome.error in message for message in self._engine.errors):
            self._deployment.reporter.diagnostic("error", f"an unhandled error occurred: {outcome.error}")
        raise Stopped
