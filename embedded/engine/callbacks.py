"""Calls functions of the program: hooks and transforms, which it serves on a port of its own (engine-contract §2.6)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc

from embedded.engine.errors import EngineError
from embedded.engine.failures import Stopped

if TYPE_CHECKING:
    from google.protobuf.message import Message


class Callbacks:
    """The callback servers of one program. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[str, Any] = {}
        self._closed = False

    def invoke(self, callback: callback_pb2.Callback, request: Message) -> bytes:
        """What the function answers, serialized. Blocks as long as the function runs, or until `close`.

        Raises EngineError when it raised, or its program is gone; Stopped after `close`.
        """
        stub = callback_pb2_grpc.CallbacksStub(self._channel(callback.target))
        message = callback_pb2.CallbackInvokeRequest(token=callback.token, request=request.SerializeToString())  # type: ignore[no-untyped-call]
        try:
            return bytes(stub.Invoke(message).response)
        except (grpc.RpcError, ValueError) as error:  # ValueError: the channel was closed before the call
            if self._closed:
                raise Stopped from error
            details = error.details() if isinstance(error, grpc.Call) else ""  # type: ignore[no-untyped-call]
            raise EngineError(details or "the program has gone away") from error

    def close(self) -> None:
        """Give up on every call, now and later."""
        with self._lock:
            self._closed = True
            channels = list(self._channels.values())
        for channel in channels:
            channel.close()

    def _channel(self, target: str) -> Any:
        with self._lock:
            if self._closed:
                raise Stopped
            if target not in self._channels:
                self._channels[target] = grpc.insecure_channel(target, options=_GRPC_CHANNEL_OPTIONS)  # type: ignore[no-untyped-call]
            return self._channels[target]
