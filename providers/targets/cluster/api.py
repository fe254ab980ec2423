"""Calls to a Kubernetes API server's paths for the 12 kinds.

Knows the paths, the query of a write, how "no such object" and "no such kind" differ, and that admission webhooks read a cache
that lags behind our own writes. Knows nothing of what is written.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import stamina

from providers import errors
from providers.core.identity import FIELD_MANAGER, Kind, ObjectRef
from providers.targets import http, http_errors
from providers.targets.cluster import auth
from providers.targets.cluster.errors import Denied, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import httpx2

    from providers.settings import ClusterSettings

# Seconds for which a refusal may come from a webhook's cache that has not seen our last write (seen: up to 54 ms).
CACHE_LAG = 5.0

# Tries against such a refusal, 0.05 s to 0.4 s apart, 0.75 s in all.
CACHE_TRIES = 5


class ClusterApi:
    """The HTTP side of a cluster, safe to use from many threads. Reads its settings and connects at the first call."""

    def __init__(self, settings: ClusterSettings, transport: httpx2.BaseTransport | None = None) -> None:
        """Remember where the cluster is; no I/O. `transport` stands in for the network, in tests."""
        self._settings = settings
        self._transport = transport
        self._connecting = threading.Lock()
        self._http: http.HttpTarget | None = None
        self._written: dict[str, float] = {}

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent so far."""
        return self._http.requests if self._http else 0

    def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        with self._connecting:
            if self._http:
                self._http.close()
            self._http = None

    def target(self) -> http.HttpTarget:
        """The HTTP client, made at the first call.

        Raises:
            ConfigError: the settings lead nowhere (see `cluster_auth.login`).
        """
        with self._connecting:
            if self._http is None:
                login = auth.login(self._settings)
                self._http = http.HttpTarget(
                    login.endpoint,
                    tls=login.tls,
                    auth=login.auth,
                    proxy=login.proxy,
                    tls_name=login.tls_name,
                    refusal=refusal,
                    transport=self._transport,
                )
            return self._http

    def call(
        self,
        method: str,
        kind: Kind,
        ref: ObjectRef | None,
        *,
        about: str,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        dry_run: bool = False,
        repeat: bool | None = None,
        accept: Collection[int] = (),
    ) -> http.HttpResponse:
        """Call the path of a kind (no `ref`), of a namespace's objects (POST), or of an object; see `HttpTarget.call`.

        Raises:
            NotInstalled: the cluster does not serve the kind.
            TargetError: any other reason.
        """
        path = f"/apis/{kind.api_version}"
        if ref is not None:
            path += f"/namespaces/{ref.namespace}"
        path += f"/{kind.plural}"
        if ref is not None and method != "POST":
            path += f"/{ref.name}"
        query = dict(params or {})
        if method in {"POST", "PUT"}:
            query |= {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        response = self.target().call(
            method, path, params=query, body=body, repeat=repeat, accept={404, *accept}, about=about
        )
        if response.status == 404 and not _names_object(response.body) and method != "DELETE":
            what = f"it lacks the CRD {kind.plural}.{kind.group}; install it: kubectl apply -f providers/crds"
            raise self.failure(errors.NotInstalled, about, what)
        if response.status == 404 and 404 not in accept:
            raise self.refused(response, about)
        return response

    def failure(self, kind: type[errors.TargetError], about: str, what: str) -> errors.TargetError:
        """Make an error of the given kind about this cluster."""
        return http_errors.failure(kind, self.target().endpoint, about, what)

    def refused(self, response: http.HttpResponse, about: str) -> errors.TargetError:
        """Make the error for an answer that was accepted first."""
        endpoint = self.target().endpoint
        return refusal(endpoint, about, response) or http_errors.refused(endpoint, about, response)

    def write(
        self, send: Callable[[], http.HttpResponse], ref: ObjectRef, *, dry_run: bool = False, deleting: bool = False
    ) -> http.HttpResponse:
        """Send a write; a refusal that may come from a webhook's late cache is asked again, up to 5 times in a second.

        Late is what speaks of another object that we wrote in the last 5 s, or any refused delete after such a write: those
        name nobody ("VPC has attachments").

        Raises:
            Denied: the webhook keeps refusing.
            TargetError: any other reason.
        """

        def late(error: Exception) -> bool:
            recent = {name for name, when in tuple(self._written.items()) if time.monotonic() - when < CACHE_LAG}
            return isinstance(error, Denied) and (bool(recent) if deleting else error.mentions(recent - {ref.name}))

        for attempt in stamina.retry_context(
            on=late, attempts=CACHE_TRIES, timeout=None, wait_initial=0.05, wait_max=0.4, wait_jitter=0
        ):
            with attempt:
                response = send()
                if not dry_run and response.status < 300:
                    self._written[ref.name] = time.monotonic()
                return response
        raise AssertionError("a retry context either returns or raises")


def _names_object(body: Any) -> bool:
    """Whether a 404 is about an object: for a kind that is not served the server names none, or answers plain text."""
    return isinstance(body, dict) and bool((body.get("details") or {}).get("name"))
