"""Engine events: what the Automation API hears about a run (engine-contract §6).

Events go to `tcp://HOST:PORT` (the SDK's own gRPC service) or to a file, one JSON text a line. Secrets are blinded
while encoding; where nobody listens nothing is encoded.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import events_pb2, events_pb2_grpc

from embedded.engine.property_json import RESOURCE, SECRET, SIGNATURE, UNKNOWN_TEXT
from embedded.engine.values import ResourceRef, Secret, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedded.engine.state import Resource
    from embedded.engine.steps import Decision, Step

BLINDED = {SIGNATURE: SECRET, "ciphertext": "[secret]"}
_CLOSE_SECONDS = 60.0


class EventSink(Protocol):
    """Takes encoded events in order."""

    def put(self, text: str) -> None:
        """Send one event."""

    def close(self) -> None:
        """Return when everything has arrived, or cannot arrive any more."""


class FileSink:
    """JSON lines in a file."""

    def __init__(self, path: str) -> None:
        self._file = Path(path).open("a", encoding="utf-8")  # noqa: SIM115  # closed by close()

    def put(self, text: str) -> None:
        """Write one line; readers follow the file, so it is flushed."""
        self._file.write(text + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class GrpcSink:
    """The `Events.StreamEvents` call of the SDK."""

    def __init__(self, address: str) -> None:
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._channel = grpc.insecure_channel(address, options=_GRPC_CHANNEL_OPTIONS)  # type: ignore[no-untyped-call]
        self._call = events_pb2_grpc.EventsStub(self._channel).StreamEvents.future(self._requests())  # type: ignore[no-untyped-call]

    def put(self, text: str) -> None:
        """Queue one event."""
        self._queue.put(text)

    def close(self) -> None:
        """Half-close, then wait for the answer: the SDK stops its server right after the command returns."""
        self._queue.put(None)
        try:
            self._call.result(timeout=_CLOSE_SECONDS)
        except (grpc.RpcError, grpc.FutureTimeoutError, grpc.FutureCancelledError):
            return  # the listener has gone; events are a courtesy, the run is not affected
        finally:
            self._channel.close()

    def _requests(self) -> Iterator[events_pb2.EventRequest]:
        while (text := self._queue.get()) is not None:
            yield events_pb2.EventRequest(event=text)


class Events:
    """Numbers, stamps and sends events. Safe to use from any thread."""

    def __init__(self, event_log: str | None) -> None:
        """`event_log` as given to `--event-log`; None or "" for nobody. Raises OSError when a file cannot be opened."""
        self._lock = threading.Lock()
        self._sequence = 0
        self._sink: EventSink | None = None
        if event_log:
            tcp = event_log.startswith("tcp://")
            self._sink = GrpcSink(event_log.removeprefix("tcp://")) if tcp else FileSink(event_log)

    @property
    def wanted(self) -> bool:
        """Whether anybody listens."""
        return self._sink is not None

    def send(self, key: str, payload: Mapping[str, Any]) -> None:
        """Send one event with one payload."""
        if self._sink is None:
            return
        body = dumps(payload)
        with self._lock:
            stamp = int(time.time())
            self._sink.put(f'{{"sequence":{self._sequence},"timestamp":{stamp},"{key}":{body}}}')
            self._sequence += 1

    def step(self, key: str, step: Step, *, planning: bool, **more: Any) -> None:
        """Send `resourcePreEvent`, `resOutputsEvent` or `resOpFailedEvent` for a step."""
        if self._sink is not None:
            self.send(key, {"metadata": _metadata(step), **({"planning": True} if planning else {}), **more})

    def close(self) -> None:
        """Send the closing event and wait until everything has been delivered."""
        self.send("cancelEvent", {})
        if self._sink is not None:
            self._sink.close()


def dumps(payload: Any) -> str:
    """Compact JSON; secrets are blinded, unknowns and references marked."""
    return json.dumps(payload, separators=(",", ":"), default=_encode, ensure_ascii=False)


def _encode(value: Any) -> Any:
    match value:
        case Secret():
            return BLINDED
        case Unknown():
            return UNKNOWN_TEXT
        case ResourceRef(urn, id_, version):
            known = {} if id_ is None else {"id": id_}
            return {SIGNATURE: RESOURCE, "urn": urn, **known, "packageVersion": version}
        case _:
            raise TypeError(f"{type(value).__name__} is no property value")


def _metadata(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {
        "op": step.op.value,
        "urn": step.urn,
        "type": step.type,
        "old": state_of(step.old),
        "new": state_of(step.new),
        "detailedDiff": None,
        "provider": step.provider,
    }
    holder = step.new or step.old
    if step.decision is not None and holder is not None and holder.custom:  # as the CLI: reasons are a provider's
        found |= _reasons(step.decision)
    if step.logical:
        found["logical"] = True
    return found


def _reasons(decision: Decision) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if decision.replace_keys:
        found["keys"] = list(decision.replace_keys)
    if decision.diffs:
        found["diffs"] = list(decision.diffs)
    if decision.detailed is not None:
        found["detailedDiff"] = detailed_diff(decision)
    return found


def detailed_diff(decision: Decision) -> dict[str, dict[str, Any]]:
    """The differing paths with their kinds, as events and `preview --json` show them."""
    return {
        path: {"diffKind": f"{kind}-replace" if path in decision.replace_keys else kind, "inputDiff": True}
        for path, kind in (decision.detailed or {}).items()
    }


def state_of(resource: Resource | None) -> dict[str, Any] | None:
    """A state entry as events show it; None stays None."""
    if resource is None:
        return None
    found: dict[str, Any] = {
        "type": resource.type,
        "urn": resource.urn,
        "id": resource.id,
        "parent": resource.parent,
        "inputs": resource.inputs,
        "outputs": resource.outputs,
        "provider": resource.provider,
    }
    flags = {
        "custom": resource.custom,
        "delete": resource.delete,
        "protect": resource.protect,
        "external": resource.external,
        "retainOnDelete": resource.retain_on_delete,
        "initErrors": resource.init_errors,
    }
    return found | {key: value for key, value in flags.items() if value}
