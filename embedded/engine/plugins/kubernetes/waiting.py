"""Waits until an object is ready, or gone, by asking for it again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from embedded.engine.failures import ProviderFailed
from embedded.engine.plugins.kubernetes import objects, readiness
from embedded.engine.plugins.kubernetes.client import ApiError
from embedded.engine.plugins.kubernetes.readiness import Hopeless

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping

    from embedded.engine.plugins.kubernetes.client import Client, Kind
    from embedded.engine.provider_protocol import Call

DEFAULT_SECONDS = 600.0
"""How long the plugin waits when the program does not say."""
_FIRST, _LONGEST = 0.1, 3.0


class NotReady(Exception):
    """The object did not become ready; `live` is how it was seen last."""

    def __init__(self, message: str, live: dict[str, Any]) -> None:
        super().__init__(message)
        self.live = live


def seconds_for(call: Call, item: Mapping[str, Any]) -> float:
    """How long to wait: customTimeouts, else the annotation `pulumi.com/timeoutSeconds`, else ten minutes."""
    if call.asked:
        return call.asked
    text = objects.annotation(item, objects.TIMEOUT)
    return min(call.seconds, float(text) if text.isdecimal() else DEFAULT_SECONDS)


def until_ready(
    client: Client, kind: Kind, wanted: Mapping[str, Any], live: dict[str, Any], call: Call, ended: threading.Event
) -> dict[str, Any]:
    """The object as it is when it is ready. Raises NotReady, ProviderFailed."""
    rule = readiness.rule_for(wanted)
    if rule is None:
        if readiness.not_awaited(wanted):
            call.say(
                "warning", f"{objects.label(wanted)}: this engine does not wait until a {kind_of(wanted)} is ready"
            )
        return live
    path = kind.path(objects.namespace_of(live), objects.name_of(live))
    limit, told = seconds_for(call, wanted), ""
    for _ in _pauses(limit, ended):
        waiting = _waiting(client, wanted, live, rule)
        if not waiting:
            return live
        if waiting != told:
            told = waiting
            call.say("status", f"waiting for {waiting}")
        try:
            live = client.call("GET", path)
        except ApiError as error:
            if error.status == 404:
                raise NotReady(f"{objects.label(wanted)} was deleted by someone while it became ready", live) from None
            raise
    raise NotReady(
        f"{objects.label(wanted)} was written, but is not ready after {limit:g} s: it waits for {told}; see "
        f"kubectl describe, or raise custom_timeouts, or set the annotation {objects.SKIP_AWAIT}",
        live,
    )


def _waiting(client: Client, wanted: Mapping[str, Any], live: dict[str, Any], rule: Callable[..., str]) -> str:
    try:
        waiting = rule(live)
    except Hopeless as error:
        raise NotReady(f"{objects.label(wanted)} was written, but {error}", live) from None
    if waiting and wanted.get("kind") == "PersistentVolumeClaim" and _binds_later(client, live):
        return ""
    if not waiting and readiness.needs_endpoints(wanted) and not _has_endpoints(client, live):
        return "a ready endpoint behind it"
    return waiting


def _binds_later(client: Client, live: Mapping[str, Any]) -> bool:
    """Whether a claim's storage class binds it only when a pod uses it."""
    name = (live.get("spec") or {}).get("storageClassName")
    if not name:
        return False
    try:
        found = client.call("GET", f"/apis/storage.k8s.io/v1/storageclasses/{name}")
    except ApiError:
        return False
    return found.get("volumeBindingMode") == "WaitForFirstConsumer"


def _has_endpoints(client: Client, live: Mapping[str, Any]) -> bool:
    path = f"/apis/discovery.k8s.io/v1/namespaces/{objects.namespace_of(live)}/endpointslices"
    found = client.call("GET", path, params={"labelSelector": f"kubernetes.io/service-name={objects.name_of(live)}"})
    for piece in found.get("items") or []:
        for endpoint in piece.get("endpoints") or []:
            if (endpoint.get("conditions") or {}).get("ready") is not False:
                return True
    return False


def until_gone(
    client: Client, path: str, wanted: Mapping[str, Any], uid: str, call: Call, ended: threading.Event
) -> None:
    """Return when the object is gone, or another one of its name is there. Raises ProviderFailed."""
    limit, live = seconds_for(call, wanted), dict[str, Any]()
    for _ in _pauses(limit, ended):
        try:
            live = client.call("GET", path)
        except ApiError as error:
            if error.status == 404:
                return
            raise
        if uid and objects.metadata_of(live).get("uid") != uid:
            return
    finalizers = objects.metadata_of(live).get("finalizers") or []
    held = f"; its finalizers {', '.join(map(str, finalizers))} hold it" if finalizers else ""
    raise ProviderFailed(
        f"{objects.label(live or wanted)} was not gone {limit:g} s after its delete{held}; see kubectl describe, or raise "
        "custom_timeouts"
    )


def kind_of(item: Mapping[str, Any]) -> str:
    """The kind, for messages."""
    return str(item.get("kind", "object"))


def _pauses(limit: float, ended: threading.Event) -> Iterator[None]:
    """Yield at once and then after growing pauses, until the limit; once more at its very end."""
    end, pause = time.monotonic() + limit, _FIRST
    while True:
        yield
        left = end - time.monotonic()
        if left <= 0:
            return
        if ended.wait(min(pause, left)):
            raise ProviderFailed("the run was given up while it waited")
        pause = min(pause * 1.5, _LONGEST)
