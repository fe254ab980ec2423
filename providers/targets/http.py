"""The one way to talk HTTP to a target: deadlines, repeats that are safe, and errors a person can act on.

Knows nothing of Kubernetes or NetBox. Nothing of httpx2 leaves it: callers get an `HttpResponse`, or an error of
providers/errors.py.
"""

from __future__ import annotations

import http.cookiejar
import ipaddress
import json
import logging
import random
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx2
import stamina
import stamina.instrumentation

from providers import errors
from providers.targets import http_errors
from providers.targets.http_errors import Endpoint, HttpResponse
from providers.targets.tls import for_threads, trusted_by_system

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Mapping

    Refusal = Callable[[Endpoint, str, HttpResponse], errors.TargetError | None]

__all__ = ["CALL_DEADLINE", "Endpoint", "HttpResponse", "HttpTarget", "is_loopback"]

_log = logging.getLogger(__name__)

# Seconds for name, TCP and TLS: a round trip around the world takes 0.3 s, so 5 s of silence means that nobody is
# there.
CONNECT_DEADLINE = 5.0

# Seconds for a whole call. Kubernetes gives a webhook up to 10 s (30 s at most), a LIST page of 500 takes 0.1 s.
CALL_DEADLINE = 30.0

# Pulumi runs up to 32 resources at once by default here; a few more, so that no thread waits for a connection.
CONNECTIONS = 40

# Seconds an idle connection is kept. gunicorn closes its own after 2 s: a POST sent into that moment could not be
# repeated.
KEEPALIVE = 1.5

# Tries of one call. With the waits below, the last one is sent 3–5 s after the first: an API server's restart takes
# 3 s.
ATTEMPTS = 5

# Seconds after which no further try begins, so that a server that hangs costs one deadline and not five.
RETRY_WINDOW = 20.0

# Seconds that a Retry-After is obeyed; a server that asks for more is reported instead.
LONGEST_WAIT = 5.0

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# A proxy or server that is starting. Not 500: an API server answers it for a webhook that is down and for some bad
# content.
_BUSY = frozenset({502, 503, 504})

# stamina's default hook warns about every retry on its own logger, for the whole process; ours names the server.
stamina.instrumentation.set_on_retry_hooks(())


class _TryAgain(Exception):
    """One try failed with `error`; `again`: whether another makes sense, `after` how many seconds the server asked for."""

    def __init__(self, error: errors.TargetError, *, again: bool, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again
        self.after = after


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine, for which no proxy is ever asked."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class HttpTarget:
    """A server of a target, over one pool of connections. Safe to use from many threads; `requests` counts what was sent."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        tls: ssl.SSLContext | None = None,
        headers: Mapping[str, str] | None = None,
        auth: httpx2.Auth | None = None,
        refusal: Refusal | None = None,
        proxy: str | None = None,
        tls_name: str | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """Prepare the client; no connection is made.

        Args:
            endpoint: the server, and the settings that error texts name.
            tls: the rules of `tls.tls_context`; None means the system's CAs.
            headers: sent with every call, e.g. Authorization.
            auth: for credentials that change while the process runs.
            refusal: gives the target's own error for an answer of 300 or above, or None for the general one.
            proxy: a proxy's URL; otherwise the environment's is used, except for this machine.
            tls_name: the name that the certificate is for, where the URL has another.
            transport: stands in for the network, in tests.

        Raises:
            ConfigError: the URL is none, or carries a user or password.
        """
        try:
            url = httpx2.URL(endpoint.url)
        except httpx2.InvalidURL as error:
            raise errors.ConfigError(f"{endpoint.url_key} is not a URL: {error}") from None
        if url.scheme not in {"http", "https"} or not url.host:
            raise errors.ConfigError(f"{endpoint.url_key} must be a URL like https://host:port")
        if url.userinfo:
            raise errors.ConfigError(f"{endpoint.url_key} must not carry credentials; use {endpoint.credentials_key}")
        self.endpoint = endpoint
        self.server = endpoint.server
        self.requests = 0
        self._counting = threading.Lock()
        self._refusal = refusal
        self._extensions = {"sni_hostname": tls_name} if tls_name else {}
        self._client = httpx2.Client(
            base_url=endpoint.url,
            verify=for_threads(tls or trusted_by_system(encrypted=url.scheme == "https")),
            headers={"Accept": "application/json", "User-Agent": "hhsync", **(headers or {})},
            auth=auth,
            proxy=proxy,
            transport=transport,
            trust_env=not is_loopback(url.host),
            limits=httpx2.Limits(
                max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=KEEPALIVE
            ),
            # A session cookie would turn token calls into session calls, which NetBox then wants CSRF tokens for.
            cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool | None = None,
        accept: Collection[int] = (),
        deadline: float = CALL_DEADLINE,
        about: str = "",
    ) -> HttpResponse:
        """Send one call and return its answer, repeated only where that is safe.

        A 429 and a refused connection were never processed, so those are tried again for every method. A lost answer
        and 502, 503, 504 are tried again only with `repeat`.

        Args:
            method: e.g. "GET".
            path: below the base URL, e.g. "/api/status/"; a full URL is refused.
            params: the query.
            body: sent as JSON, unless None.
            headers: beside those of the target, e.g. If-Match.
            repeat: whether doing it twice equals doing it once; default: GET yes, everything else no. Say True for a
                PUT or DELETE with a precondition, and for a dry run.
            accept: codes of 300 and above that are an answer here and no error, e.g. {404}.
            deadline: seconds for one try.
            about: what is being done, e.g. "create VPC/default/vpc-1"; begins the error's text.

        Raises:
            TargetError: one of its kinds, by cause (see providers/errors.py).
        """
        if not path.startswith("/"):
            raise ValueError(f"a path below the base URL is wanted, not {path!r}")
        safe = method in _SAFE_METHODS if repeat is None else repeat
        request = self._client.build_request(
            method,
            path,
            params=dict(params or {}) or None,
            json=body,
            headers=dict(headers or {}),
            timeout=httpx2.Timeout(deadline, connect=min(CONNECT_DEADLINE, deadline)),
            extensions=dict(self._extensions),
        )
        try:
            for attempt in stamina.retry_context(
                on=_next_try, attempts=ATTEMPTS, timeout=RETRY_WINDOW, wait_initial=0.2, wait_max=2.0, wait_jitter=0.3
            ):
                with attempt:
                    return self._try(request, attempt.num, safe=safe, accept=accept, deadline=deadline, about=about)
        except _TryAgain as failed:
            # The chain would only add the client's own traceback, and its request holds the credentials.
            raise failed.error from None
        raise AssertionError("a retry context either returns or raises")

    def _try(
        self, request: httpx2.Request, number: int, *, safe: bool, accept: Collection[int], deadline: float, about: str
    ) -> HttpResponse:
        with self._counting:
            self.requests += 1
        began = time.monotonic()
        try:
            response = self._send(request, began + deadline)
        except httpx2.TransportError as error:
            problem = http_errors.unreachable(
                self.endpoint,
                about,
                error,
                deadline=deadline,
                connect=min(CONNECT_DEADLINE, deadline),
                write=request.method not in _SAFE_METHODS,
            )
            again = http_errors.is_refused(error) or (safe and not http_errors.is_permanent(error))
            raise _TryAgain(problem, again=again) from None
        answer = HttpResponse(response.status_code, response.headers, _json(response), number)
        took = (time.monotonic() - began) * 1000
        _log.debug("%s %s %s: %d, %.0f ms", self.server, request.method, request.url.path, answer.status, took)
        if answer.status in accept:
            return answer
        if answer.status < 300:
            return self._checked(answer, response, about)
        problem = self._problem(answer, response, about)
        again = answer.status == 429 or (safe and answer.status in _BUSY)
        raise _TryAgain(problem, again=again, after=http_errors.retry_after(answer.headers.get("retry-after")))

    def _send(self, request: httpx2.Request, deadline: float) -> httpx2.Response:
        """Send and read to the end; the client's own timeouts only limit the wait for the next byte."""
        response = self._client.send(request, stream=True)
        try:
            chunks: list[bytes] = []
            for chunk in response.iter_bytes():
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("deadline", request=request)
                chunks.append(chunk)
        except httpx2.DecodingError as error:
            raise httpx2.RemoteProtocolError(str(error), request=request) from error
        finally:
            response.close()
        # The body is decoded already, so its encoding and length no longer hold.
        kept = {k: v for k, v in response.headers.items() if k not in {"content-encoding", "content-length"}}
        return httpx2.Response(response.status_code, headers=kept, content=b"".join(chunks), request=request)

    def _problem(self, answer: HttpResponse, response: httpx2.Response, about: str) -> errors.TargetError:
        own = self._refusal(self.endpoint, about, answer) if self._refusal and answer.status >= 400 else None
        return own or http_errors.refused(self.endpoint, about, answer, response.text[:500])

    def _checked(self, answer: HttpResponse, response: httpx2.Response, about: str) -> HttpResponse:
        """Refuse a success that is no JSON: a login page or a portal, not the server's API."""
        if answer.body is None and response.content.strip() not in {b"", b"null"}:
            what = f"it answered {answer.status} without JSON; does {self.endpoint.url_key} lead to the API?"
            raise _TryAgain(http_errors.failure(errors.ServerFailure, self.endpoint, about, what), again=False)
        return answer


def _json(response: httpx2.Response) -> Any:
    """The body as parsed, None where it is no JSON. A refusal that repeats our credentials is shown without them."""
    content = response.content
    secret = response.request.headers.get("authorization", "").rpartition(" ")[2]
    if response.status_code >= 300 and secret:
        content = content.replace(secret.encode(), b"(hidden)")
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


def _next_try(failed: Exception) -> bool | float:
    """Tell stamina whether to try again, and when: as the server wishes, with jitter as many threads hear it, else its own."""
    if not isinstance(failed, _TryAgain) or not failed.again:
        return False
    if failed.after is None:
        _log.debug("%s; trying again", failed.error)
        return True
    if failed.after > LONGEST_WAIT:
        return False
    wait = failed.after + random.uniform(0, 0.25)  # noqa: S311 - spreads load, protects nothing
    _log.debug("%s; trying again in %.1f s", failed.error, wait)
    return wait
