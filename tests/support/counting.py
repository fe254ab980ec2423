"""A reverse proxy on loopback that writes down every request: what a server was asked is counted where it is asked."""

from __future__ import annotations

import http.client
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-authorization"}


class CountingProxy:
    """Stands before `upstream` (a base URL; `ca_file` verifies it); `requests` are (method, path, query) of what was
    not refused for want of credentials, as clients ask first without them."""

    def __init__(self, upstream: str, ca_file: str | None = None) -> None:
        self._parts = urlsplit(upstream)
        self._tls = ssl.create_default_context(cafile=ca_file) if self._parts.scheme == "https" else None
        self.requests: list[tuple[str, str, str]] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _forward(self) -> None:
                proxy.forward(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = _forward

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def forward(self, handler: BaseHTTPRequestHandler) -> None:
        """Pass one request on, and its answer back."""
        path = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        where = (self._parts.hostname or "", self._parts.port)
        made: Any = (
            http.client.HTTPSConnection(*where, context=self._tls) if self._tls else http.client.HTTPConnection(*where)
        )
        try:
            kept = {key: value for key, value in handler.headers.items() if key.lower() not in _HOP}
            made.request(handler.command, handler.path, body, kept)
            answer = made.getresponse()
            content = answer.read()
        finally:
            made.close()
        if answer.status != http.HTTPStatus.UNAUTHORIZED:
            self.requests.append((str(handler.command), path.path, path.query))
        handler.send_response_only(answer.status, answer.reason)
        for key, value in answer.getheaders():
            if key.lower() not in _HOP | {"content-length"}:
                handler.send_header(key, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(content)

    def taken(self) -> list[tuple[str, str, str]]:
        """The requests since the last call."""
        found, self.requests = self.requests, []
        return found

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
