"""Pulumi's dynamic provider protocol, served from this process: the CLI attaches to it instead of starting a host.

The provider is then the run's own: it knows the plan and what was read, and takes 64 calls at once where Pulumi's host takes
four, so that writes to NetBox stay in bulk. Held to Pulumi's own host (`pulumi/dynamic/__main__.py`) by a contract suite.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from concurrent import futures
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime import proto, rpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc

from automation.engine.state.pickles import referenced_class
from providers.errors import EngineError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pulumi.dynamic import ResourceProvider

PROVIDER_KEY = "__provider"

# Calls at once: twice what the engine sends, so that none waits for a thread.
WORKERS = 64


@contextlib.contextmanager
def serve(providers: Mapping[str, ResourceProvider], workers: int = WORKERS) -> Iterator[int]:
    """Serve on a loopback port, which is what the block gets.

    `providers` maps a class's import path, e.g. "providers.lifecycle.HedgehogProvider", to the instance that answers for it.
    Nothing is unpickled: what a resource carries is only looked at for the name of its class.

    Raises:
        EngineError: no port can be opened.
    """
    server = grpc.server(  # type: ignore[no-untyped-call]
        futures.ThreadPoolExecutor(max_workers=workers), options=_GRPC_CHANNEL_OPTIONS
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(_Servicer(providers), server)
    try:
        port = server.add_insecure_port("127.0.0.1:0")
    except RuntimeError as error:
        raise EngineError(f"no port could be opened on 127.0.0.1 for the provider: {one_line(str(error))}") from None
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()


def _one_line(call: Callable[..., Any]) -> Callable[..., Any]:
    """An exception ends the call with its text alone: the engine prints what it gets."""

    @functools.wraps(call)
    def wrapper(self: _Servicer, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(self, request)
        except Exception as error:  # whatever a provider raises is the answer to this one call
            text = one_line(str(error) or type(error).__name__)
            context.abort(grpc.StatusCode.UNKNOWN, text)  # type: ignore[no-untyped-call]
            raise  # not reached: abort raises

    return wrapper


class _Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Messages in, a provider's methods, messages out."""

    def __init__(self, providers: Mapping[str, ResourceProvider]) -> None:
        self._providers = providers

    def _provider(self, *sides: Mapping[str, Any]) -> ResourceProvider:
        text = next((side[PROVIDER_KEY] for side in sides if isinstance(side.get(PROVIDER_KEY), str)), "")
        try:
            return self._providers[referenced_class(text)]
        except ValueError as error:
            raise EngineError(f"the resource's provider is not one of hhsync's: {error}") from None
        except KeyError as error:
            raise EngineError(f"the resource's provider is {error}, which hhsync does not have") from None

    @_one_line
    def Check(self, request: Any) -> Any:
        """Validate inputs."""
        olds, news = _values(request.olds, unknowns=True), _values(request.news, unknowns=True)
        result = self._provider(news, olds).check(olds, news)
        failures = [proto.CheckFailure(property=one.property, reason=one.reason) for one in result.failures or ()]
        inputs = {**result.inputs, PROVIDER_KEY: news[PROVIDER_KEY]}
        return proto.CheckResponse(inputs=_message(inputs), failures=failures)

    @_one_line
    def Diff(self, request: Any) -> Any:
        """Compare the last inputs with the new ones."""
        olds, news = _values(request.olds, unknowns=True), _values(request.news, unknowns=True)
        result = self._provider(news, olds).diff(request.id, olds, news)
        kinds = proto.DiffResponse
        changes = {None: kinds.DIFF_UNKNOWN, True: kinds.DIFF_SOME, False: kinds.DIFF_NONE}[result.changes]
        return proto.DiffResponse(
            changes=changes,
            replaces=result.replaces or (),
            deleteBeforeReplace=bool(result.delete_before_replace),
        )

    @_one_line
    def Create(self, request: Any) -> Any:
        """Make a resource."""
        props = _values(request.properties)
        result = self._provider(props).create(props)
        outs = {**(result.outs or {}), PROVIDER_KEY: props[PROVIDER_KEY]}
        return proto.CreateResponse(id=result.id, properties=_message(outs))

    @_one_line
    def Update(self, request: Any) -> Any:
        """Change a resource in place."""
        olds, news = _values(request.olds), _values(request.news)
        result = self._provider(news).update(request.id, olds, news)
        return proto.UpdateResponse(properties=_message({**(result.outs or {}), PROVIDER_KEY: news[PROVIDER_KEY]}))

    @_one_line
    def Delete(self, request: Any) -> Any:
        """Remove a resource."""
        props = _values(request.properties)
        self._provider(props).delete(request.id, props)
        return empty_pb2.Empty()  # type: ignore[attr-defined]

    @_one_line
    def Read(self, request: Any) -> Any:
        """Look at a resource as it is now."""
        props = _values(request.properties) or _values(request.inputs)
        result = self._provider(props).read(request.id, props)
        key = {PROVIDER_KEY: props[PROVIDER_KEY]}
        inputs = {} if result.inputs is None else {"inputs": _message({**result.inputs, **key})}
        return proto.ReadResponse(id=result.id or "", properties=_message({**(result.outs or {}), **key}), **inputs)

    def Configure(self, _request: Any, _context: Any) -> Any:
        """Take no config: the instances know their run."""
        return proto.ConfigureResponse(acceptSecrets=False)

    def Attach(self, _request: Any, _context: Any) -> Any:
        """Be attached to."""
        return empty_pb2.Empty()  # type: ignore[attr-defined]

    def Cancel(self, _request: Any, _context: Any) -> Any:
        """Let running calls end: each is one write, and its answer belongs into the state."""
        return empty_pb2.Empty()  # type: ignore[attr-defined]

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        """The version that Pulumi's own host reports."""
        return proto.PluginInfo(version="0.1.0")


def _values(message: Any, *, unknowns: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = rpc.deserialize_properties(message, unknowns)
    return found


def _message(values: Mapping[str, Any]) -> Any:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(rpc.serialize_properties(dict(values), {}))
    finally:
        loop.close()
