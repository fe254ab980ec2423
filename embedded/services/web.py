"""Small HTTP calls to the servers that were just started, with the standard library."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded.services.errors import ServicesError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from embedded.services.process import Server

_TIMEOUT = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.4
# servers on loopback are never behind the proxy that the environment may name
_NO_PROXY = urllib.request.ProxyHandler({})


@dataclass(frozen=True, slots=True)
class Api:
    """One server's base URL, the bearer token sent to it, and the TLS settings it is checked with."""

    url: str
    token: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None

    def call(
        self, method: str, path: str, body: bytes | None = None, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """One request: (status, decoded JSON or text). Status 0 with the reason when no answer came."""
        headers = {"Accept": "application/json", "Content-Type": content_type}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers)  # noqa: S310
        opener = urllib.request.build_opener(_NO_PROXY, urllib.request.HTTPSHandler(context=self.tls))
        try:
            with opener.open(request, timeout=_TIMEOUT) as response:
                return response.status, _decode(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _decode(error.read())
        except OSError as error:
            return 0, str(getattr(error, "reason", error))


def _decode(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def wait_until(server: Server, answers: Callable[[], bool], seconds: float) -> None:
    """Wait until `answers` is true; ServicesError when the server's process ends or `seconds` have passed."""
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    while not answers():
        if server.process() is None:
            raise ServicesError(f"{server.name} ended while starting: {server.last_words()}")
        if time.monotonic() > deadline:
            raise ServicesError(f"{server.name} does not answer after {seconds:.0f} s: {server.last_words()}")
        time.sleep(pause)
        # asking costs the very CPU time that the server starts with
        pause = min(_LONGEST_PAUSE, pause * 1.3)
