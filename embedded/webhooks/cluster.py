"""Requests to one fabric's API server: a kept connection for each thread, and the stream of a watch."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import ssl
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMEOUT = 10.0
WATCH_SECONDS = 300


class ClusterError(Exception):
    """The API server did not do what was asked; `status` is 0 when no answer came."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status} {text}" if status else text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Cluster:
    """An API server, with the token of a kubeconfig."""

    host: str
    port: int
    token: str = field(repr=False)
    tls: ssl.SSLContext
    _kept: threading.local = field(default_factory=threading.local, repr=False)

    @classmethod
    def of(cls, kubeconfig: Path) -> Cluster:
        """Read a kubeconfig with one cluster, its CA and a token inside."""
        content = yaml.safe_load(kubeconfig.read_text())
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        url = urlsplit(cluster["server"])
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        return cls(url.hostname or "", url.port or 443, user["token"], ssl.create_default_context(cadata=authority))

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """One request, the decoded answer; ClusterError unless its status is 2xx."""
        data = None if body is None else json.dumps(body).encode()
        for attempt in (1, 2):
            connection, fresh = self._connection()
            try:
                connection.request(method, path, data, self._headers(content_type))
                answer = connection.getresponse()
                status, content = answer.status, answer.read()
                break
            except (OSError, http.client.HTTPException) as error:
                self._forget()
                # a kept connection may have been closed in the meantime; nothing has been done then
                if fresh or attempt == 2:
                    raise ClusterError(0, f"{type(error).__name__}: {error}") from error
        if not 200 <= status < 300:
            raise ClusterError(status, content.decode(errors="replace")[:300])
        return json.loads(content)

    def watch(self, path: str, resource_version: str) -> Iterator[dict[str, Any]]:
        """The events of a collection since a resource version, until the server ends the stream; ClusterError."""
        connection = self._connect(WATCH_SECONDS + TIMEOUT)
        query = f"watch=1&resourceVersion={resource_version}&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}"
        try:
            connection.request("GET", f"{path}?{query}", headers=self._headers())
            answer = connection.getresponse()
            if answer.status != 200:
                raise ClusterError(answer.status, answer.read().decode(errors="replace")[:300])
            while line := answer.readline():
                yield json.loads(line)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ClusterError(0, f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def _headers(self, content_type: str = "application/json") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "Content-Type": content_type}

    def _connect(self, timeout: float) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.tls)

    def _connection(self) -> tuple[http.client.HTTPSConnection, bool]:
        kept: http.client.HTTPSConnection | None = getattr(self._kept, "connection", None)
        if kept is not None:
            return kept, False
        made = self._connect(TIMEOUT)
        with contextlib.suppress(OSError):
            made.connect()
            made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._kept.connection = made
        return made, True

    def _forget(self) -> None:
        self._kept.connection.close()
        self._kept.connection = None
