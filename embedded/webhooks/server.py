"""The HTTPS server that the API server asks: /mutate/KIND and /validate/KIND, and /healthz for whoever starts it."""

from __future__ import annotations

import base64
import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from embedded.webhooks.admission import AdmissionResponse, mutate, validate
from embedded.webhooks.rules.kind import World
from embedded.webhooks.rules.registry import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from embedded.webhooks.cache import Cache
    from embedded.webhooks.settings import Settings

LOOPBACK = "127.0.0.1"
_FORBIDDEN = 403


class Desk:
    """Answers reviews with the rules, the cache, and the settings of the moment."""

    def __init__(self, cache: Cache, settings: Callable[[], Settings]) -> None:
        self._cache = cache
        self._settings = settings

    def ready(self) -> bool:
        """Whether the cache holds everything."""
        return self._cache.complete

    def answer(self, what: str, kind: str, review: dict[str, Any]) -> dict[str, Any]:
        """The AdmissionReview that answers one."""
        request = review["request"]
        if what == "mutate":
            answer = mutate(kind, request, self._settings())
        else:
            with self._cache.objects() as objects:
                answer = validate(kind, request, World(objects, self._settings()))
        return {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": _response(request["uid"], answer),
        }


def _response(uid: str, answer: AdmissionResponse) -> dict[str, Any]:
    response: dict[str, Any] = {"uid": uid, "allowed": answer.allowed}
    if answer.patch:
        encoded = base64.b64encode(json.dumps(answer.patch).encode()).decode()
        response |= {"patchType": "JSONPatch", "patch": encoded}
    if answer.warnings:
        response["warnings"] = list(answer.warnings)
    if not answer.allowed:
        status: dict[str, Any] = {"code": answer.code, "message": answer.message}
        if answer.code == _FORBIDDEN:
            status["reason"] = "Forbidden"
        response["status"] = status
    return response


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    desk: Desk

    def do_GET(self) -> None:
        """Tell whether reviews can be answered."""
        ready = self.path == "/healthz" and self.desk.ready()
        self._send(200 if ready else 503, {"ready": ready})

    def do_POST(self) -> None:
        """Answer a review."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        what, _, kind = self.path.partition("?")[0].strip("/").partition("/")
        if what not in ("mutate", "validate") or kind not in KINDS:
            self._send(404, {"message": f"there is no webhook at {self.path}"})
            return
        if not self.desk.ready():
            self._send(503, {"message": "the objects are not all listed yet"})
            return
        self._send(200, self.desk.answer(what, kind, json.loads(body)))

    def _send(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: two requests for every write would fill the log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(desk: Desk, port: int, certificate: Path, key: Path) -> None:
    """Answer on a loopback port until the process ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    handler = type("Handler", (_Handler,), {"desk": desk})
    server = _Server((LOOPBACK, port), handler)
    # the handshake is left to the connection's own thread, so that a slow client holds up nobody
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()
