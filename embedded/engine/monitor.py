"""The two gRPC services that a program talks to: ResourceMonitor and Engine (engine-contract §2, §7).

Handlers only translate; what a registration does is the registrar's business. Both services listen on loopback, each
with its own threads, so that log messages never wait behind registrations.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from embedded.engine import functions
from embedded.engine.errors import EngineError, NotSupported
from embedded.engine.failures import Stopped
from embedded.engine.program_text import user_frames
from embedded.engine.props import from_struct, to_struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.deployment import Deployment
    from embedded.engine.goals import GoalReader
    from embedded.engine.reporter import Severity
    from embedded.engine.steps import Answer, Goal

FEATURES = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "resourceReferences": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    "outputValues": resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    "aliasSpecs": resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    "replacementTrigger": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    "replaceWith": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    "transforms": resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    "invokeTransforms": resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    "resourceHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    "errorHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
}
"""What the SDK is told it may use; for anything else it raises by itself."""

_SEVERITIES: tuple[Severity, ...] = ("debug", "info", "warning", "error")
_OPTIONS = [*_GRPC_CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)]


class Registrar(Protocol):
    """What a run does with registrations: an Executor, or a Replayer."""

    def register(self, goal: Goal) -> Answer:
        """Handle one resource. Raises Stopped when the run is ending."""

    def read(self, goal: Goal, id_: str) -> Answer:
        """Read what somebody else made. Raises Stopped when the run is ending."""

    def register_outputs(self, urn: str, outputs: dict[str, Any]) -> None:
        """Handle the outputs of a component. Raises EngineError for an unknown one."""


class ResourceMonitor(resource_pb2_grpc.ResourceMonitorServicer):
    """The service that resources are registered with."""

    def __init__(
        self, deployment: Deployment, reader: GoalReader, registrar: Registrar, parallel: int, wake: Callable[[], None]
    ) -> None:
        """`wake` is called when the program says that it has registered everything."""
        self._deployment = deployment
        self._reader = reader
        self._registrar = registrar
        self._parallel = parallel
        self._wake = wake
        self.finished_registering = threading.Event()
        self.released = threading.Event()
        """Set when the program may end: every step, deletes included, is done."""
        self._active = 0
        self._idle = threading.Condition()

    def wait_idle(self) -> None:
        """Return when no registration is under way."""
        with self._idle:
            self._idle.wait_for(lambda: self._active == 0)

    def GetDeploymentInfo(self, request: Any, context: Any) -> resource_pb2.DeploymentInfo:  # noqa: ARG002
        """What the program is told about this run."""
        run = self._deployment.context
        return resource_pb2.DeploymentInfo(
            project=run.project.name,
            stack=run.stack_name,
            organization="organization",
            config=run.config,
            configSecretKeys=sorted(run.secret_keys),
            dryRun=self._deployment.dry,
            parallel=self._parallel,
            supportedFeatures=list(FEATURES.values()),
        )

    def SupportsFeature(self, request: Any, context: Any) -> resource_pb2.SupportsFeatureResponse:  # noqa: ARG002
        """The older way to ask for features."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in FEATURES)

    def RegisterResource(self, request: Any, context: Any) -> resource_pb2.RegisterResourceResponse:
        """One resource, from start to end."""

        def work() -> resource_pb2.RegisterResourceResponse:
            self._deployment.guard()
            transforms = self._deployment.transforms
            goal = self._reader.read(transforms.resource(request), self._deployment.goals)
            transforms.remember(goal.urn, request)
            answer = self._registrar.register(goal)
            return resource_pb2.RegisterResourceResponse(
                urn=answer.urn,
                id=answer.id,
                object=to_struct(answer.properties),
                unknown=answer.unknown,
                result=resource_pb2.FAIL if answer.failed else resource_pb2.SUCCESS,
            )

        return self._handle(context, lambda: self._reader.urn(request), work)

    def RegisterResourceOutputs(self, request: Any, context: Any) -> empty_pb2.Empty:  # type: ignore[name-defined]
        """The outputs of a component or of the stack."""

        def work() -> Any:
            self._registrar.register_outputs(request.urn, from_struct(request.outputs))
            return empty_pb2.Empty()  # type: ignore[attr-defined]

        return self._handle(context, lambda: str(request.urn), work)

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        """`getResource` on what this run has registered, and the functions of the built-in plugins."""

        def work() -> provider_pb2.InvokeResponse:
            self._deployment.guard()
            if request.tok != "pulumi:pulumi:getResource":
                call = self._deployment.transforms.function(request)
                arguments = from_struct(call.args)
                found = functions.invoke(self._deployment, call.tok, arguments, call.provider, call.version)
                return provider_pb2.InvokeResponse(**{"return": to_struct(found)})
            urn = str(from_struct(request.args).get("urn", ""))
            entry = self._deployment.news.get(urn)
            if entry is None:
                raise EngineError(f"getResource: {urn} has not been registered in this run")
            found = {"urn": urn, "id": entry.id, "state": entry.outputs}
            return provider_pb2.InvokeResponse(**{"return": to_struct(found)})

        return self._handle(context, str, work)

    def ReadResource(self, request: Any, context: Any) -> resource_pb2.ReadResourceResponse:
        """`Resource.get` and stack references."""

        def work() -> resource_pb2.ReadResourceResponse:
            self._deployment.guard()
            goal = self._reader.read_external(request, self._deployment.goals)
            answer = self._registrar.read(goal, request.id)
            return resource_pb2.ReadResourceResponse(
                urn=answer.urn,
                id=answer.id,
                properties=to_struct(answer.properties),
                unknown=answer.unknown,
                result=resource_pb2.FAIL if answer.failed else resource_pb2.SUCCESS,
            )

        return self._handle(context, lambda: self._reader.urn(request), work)

    def Call(self, request: Any, context: Any) -> NoReturn:
        """Methods of remote components."""
        self._refuse(context, f"calling {request.tok}")

    def ExistsResource(self, request: Any, context: Any) -> NoReturn:  # noqa: ARG002
        """Asking whether a resource exists on a server."""
        self._refuse(context, "asking whether a resource exists")

    def RegisterPackage(self, request: Any, context: Any) -> NoReturn:
        """Parameterized packages."""
        self._refuse(context, f"the package {request.name!r}")

    def RegisterStackTransform(self, request: Any, context: Any) -> empty_pb2.Empty:  # type: ignore[name-defined]
        """A function that rewrites every registration."""
        return self._handle(context, str, lambda: self._registered(self._deployment.transforms.register, request))

    def RegisterStackInvokeTransform(self, request: Any, context: Any) -> empty_pb2.Empty:  # type: ignore[name-defined]
        """A function that rewrites every function call."""
        register = self._deployment.transforms.register_invoke
        return self._handle(context, str, lambda: self._registered(register, request))

    def RegisterResourceHook(self, request: Any, context: Any) -> empty_pb2.Empty:  # type: ignore[name-defined]
        """A hook, before the first resource that names it."""
        return self._handle(context, str, lambda: self._registered(self._deployment.hooks.register, request))

    def RegisterErrorHook(self, request: Any, context: Any) -> empty_pb2.Empty:  # type: ignore[name-defined]
        """A hook that decides whether a failed step is tried again."""
        return self._handle(context, str, lambda: self._registered(self._deployment.hooks.register_error_hook, request))

    @staticmethod
    def _registered(register: Callable[[Any], None], request: Any) -> Any:
        register(request)
        return empty_pb2.Empty()  # type: ignore[attr-defined]

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        """The program has registered everything; it waits until all steps, deletes included, are done."""
        if self.finished_registering.is_set():
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "shutdown was signalled before")
        self.finished_registering.set()
        self._wake()
        self.released.wait()
        return empty_pb2.Empty()  # type: ignore[attr-defined]

    def _refuse(self, context: Any, what: str) -> NoReturn:
        def work() -> NoReturn:
            raise NotSupported(what)

        self._handle(context, str, work)
        raise AssertionError("unreachable: the handler aborts")

    def _handle[T](self, context: Any, urn: Callable[[], str], work: Callable[[], T]) -> T:
        """Run a handler; whatever stops it becomes a diagnostic and UNAVAILABLE, on which the program ends quietly."""
        with self._idle:
            self._active += 1
        try:
            return work()
        except Stopped:
            pass
        except EngineError as error:
            self._fail(urn(), str(error))
        except Exception as error:  # a defect of ours must end the run with a word, not hang the program
            self._fail(urn(), f"internal error of the embedded engine: {type(error).__name__}: {error}")
        finally:
            with self._idle:
                self._active -= 1
                self._idle.notify_all()
        context.abort(grpc.StatusCode.UNAVAILABLE, "the engine is shutting down")
        raise AssertionError("unreachable: abort raises")

    def _fail(self, urn: str, message: str) -> None:
        self._deployment.fail()
        self._deployment.reporter.diagnostic("error", message, urn)


class Engine(engine_pb2_grpc.EngineServicer):
    """The service that a program logs to."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._root = ""
        self._empty = empty_pb2.Empty()  # type: ignore[attr-defined]
        self._debug = deployment.request.debug
        self.errors: list[str] = []
        """Error messages of the program, so that its outcome need not repeat them."""

    def Log(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        """One message. The SDK sends several debug messages a resource and waits for each."""
        severity = _SEVERITIES[request.severity]
        if severity == "debug" and not self._debug:
            return self._empty
        message = request.message
        if severity == "error":
            self.errors.append(message)
            if self._deployment.stopping.is_set():
                return self._empty  # the program trips over our own ending; the cause has been told
            message = user_frames(message)
        more = {"streamID": request.streamId, "ephemeral": request.ephemeral}
        self._deployment.reporter.diagnostic(severity, message, request.urn, **more)
        return self._empty

    def GetRootResource(self, request: Any, context: Any) -> engine_pb2.GetRootResourceResponse:  # noqa: ARG002
        """The stack's URN, once it has been set."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(self, request: Any, context: Any) -> engine_pb2.SetRootResourceResponse:  # noqa: ARG002
        """Remember the stack's URN."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, request: Any, context: Any) -> engine_pb2.RequirePulumiVersionResponse:  # noqa: ARG002
        """This engine stands in for the version of the SDK beside it, which every range that it asks for includes."""
        return engine_pb2.RequirePulumiVersionResponse()


def serve(add: Callable[[Any], None], threads: int) -> tuple[Any, str]:
    """Start a server with one service on a free loopback port; returns it and its address."""
    server = grpc.server(ThreadPoolExecutor(max_workers=threads), options=_OPTIONS)  # type: ignore[no-untyped-call]
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"127.0.0.1:{port}"
