"""Talks to one Kubernetes API server: requests, its refusals as values, and which kinds it serves.

Requests that may be repeated are, when the connection broke or the server asked to wait.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2

from embedded.engine.failures import ProviderFailed
from embedded.engine.plugins.kubernetes.login import login

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.plugins.kubernetes.kubeconfig import Place

APPLY, JSON = "application/apply-patch+yaml", "application/json"
_SECONDS = 60.0
_TRIES = 4
_WAITS = (429, 502, 503, 504)
_LONG = 400
_LOOPBACK = re.compile(r"^http://(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:|/|$)")


class ApiError(Exception):
    """The server refused. `reason` is Kubernetes' word (NotFound, Conflict, …), `causes` (field, message) pairs."""

    def __init__(self, status: int, reason: str, message: str, causes: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.causes = causes


class NoSuchKind(Exception):
    """The server does not serve an apiVersion and kind."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Where objects of a kind are: `/apis/apps/v1`, `deployments`."""

    prefix: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        """The path of the kind's objects, or of one."""
        place = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        return f"{self.prefix}{place}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


@dataclass(slots=True)
class Client:
    """A connection to a cluster, made at the first request. Safe to use from any thread."""

    place: Place
    transport: httpx2.BaseTransport | None = None
    _http: httpx2.Client | None = None
    _kinds: dict[str, dict[str, Kind]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content: str = JSON,
        repeat: bool = True,
    ) -> dict[str, Any]:
        """Send one request; returns the JSON object that the server answers.

        Raises ApiError when it refuses, ProviderFailed when it cannot be reached or does not speak Kubernetes.
        """
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Accept": JSON, **({"Content-Type": content} if data is not None else {})}
        tries = _TRIES if repeat else 1
        for attempt in range(1, tries + 1):
            try:
                response = self._connection().request(method, path, params=params, content=data, headers=headers)
            except httpx2.TransportError as error:
                if attempt == tries:
                    raise ProviderFailed(self._unreachable(error)) from None
            else:
                if response.status_code not in _WAITS or attempt == tries:
                    return self._answer(response)
            time.sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable: the last try returns or raises")

    def kind(self, api_version: str, kind: str, *, fresh: bool = False) -> Kind:
        """Where a kind is. Raises NoSuchKind; `fresh` asks the server again, after a CRD was made."""
        with self._lock:
            known = None if fresh else self._kinds.get(api_version)
        if known is None or kind not in known:
            known = self._discover(api_version)
            with self._lock:
                self._kinds[api_version] = known
        if kind not in known:
            raise NoSuchKind(f"{self.place.server} does not serve {kind} of {api_version}")
        return known[kind]

    def forget_kinds(self) -> None:
        """Look kinds up anew: a CRD was made, changed or removed."""
        with self._lock:
            self._kinds.clear()

    def close(self) -> None:
        """Close the connection; a request under way fails."""
        with self._lock:
            if self._http is not None:
                self._http.close()
            self._http = None

    def _discover(self, api_version: str) -> dict[str, Kind]:
        prefix = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            listed = self.call("GET", prefix)
        except ApiError as error:
            if error.status == 404:
                return {}
            raise
        return {
            str(item["kind"]): Kind(prefix, str(item["name"]), bool(item.get("namespaced")))
            for item in listed.get("resources") or []
            if "/" not in str(item.get("name", "/"))
        }

    def _connection(self) -> httpx2.Client:
        with self._lock:
            if self._http is None:
                self._http = self._connect()
            return self._http

    def _connect(self) -> httpx2.Client:
        place = self.place
        signed = login(place)
        if place.server.startswith("http://") and signed.auth is not None and not _LOOPBACK.match(place.server):
            raise ProviderFailed(f"{place.where}: {place.server} would carry the credentials in clear; use https://")
        name = place.cluster.get("tls-server-name")
        return httpx2.Client(
            base_url=place.server.rstrip("/"),
            verify=signed.tls,
            auth=signed.auth,
            proxy=place.cluster.get("proxy-url") or None,
            timeout=_SECONDS,
            transport=self.transport,
            trust_env=not _LOOPBACK.match(place.server.replace("https", "http", 1)),
            event_hooks={"request": [lambda request: request.extensions.update(sni_hostname=name)]} if name else None,
        )

    def _answer(self, response: httpx2.Response) -> dict[str, Any]:
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.is_success and isinstance(body, dict):
            return body
        if not isinstance(body, dict) or body.get("kind") != "Status":
            what = f"HTTP {response.status_code}"
            if response.status_code == 404:  # an API server says so of a group that it does not have
                raise ApiError(404, "NotFound", f"there is no {response.request.url.path}")
            if response.status_code in (401, 403):
                raise ApiError(response.status_code, "Unauthorized", f"it refuses the credentials ({what})")
            raise ProviderFailed(
                f"{self.place.server} ({self.place.where}) is no Kubernetes API server: it answers {what}"
            )
        details = body.get("details") or {}
        causes = tuple(
            (str(cause.get("field", "")), str(cause.get("message", "")))
            for cause in (details.get("causes") if isinstance(details, dict) else None) or ()
        )
        message = str(body.get("message") or f"HTTP {response.status_code}").replace("\n", " ")
        raise ApiError(
            response.status_code, str(body.get("reason", "")), message[:_LONG] + "…" * (len(message) > _LONG), causes
        )

    def _unreachable(self, error: httpx2.TransportError) -> str:
        why = str(error).strip() or type(error).__name__
        return (
            f"{self.place.server} ({self.place.where}) cannot be reached: {why}; is it running, is the address right?"
        )
