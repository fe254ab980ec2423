"""A server that behaves like GitHub's and GitLab's REST APIs, as far as hhsync uses them."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "forge-canary-token"


@dataclass
class ForgeServer:
    """`opened` are the requests by (source, target); `may_write` False answers as for a token that may only read."""

    kind: str
    url: str = ""
    may_write: bool = True
    opened: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, token: str) -> tuple[int, Any]:
        self.calls.append(f"{method} {path}")
        if token != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials" if self.kind == "github" else "401 Unauthorized"}
        return (self._github if self.kind == "github" else self._gitlab)(method, path, query, body)

    def _github(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if path != "/repos/net/fabrics/pulls":
            return 404, {"message": "Not Found"}
        if method == "GET":
            source = query["head"].removeprefix("net:")
            found = self.opened.get((source, query["base"]))
            return 200, [found] if found and query["state"] == "open" else []
        if not self.may_write:
            return 403, {"message": "Resource not accessible by personal access token"}
        key = (body["head"], body["base"])
        if key in self.opened:
            result = f"A pull request already exists for net:{body['head']}."
            return 422, {"message": "Validation Failed", "errors": [{"resource": "PullRequest", "message": result}]}
        page = f"https://github.com/net/fabrics/pull/{len(self.opened) + 1}"
        self.opened[key] = {"html_url": page, **body}
        return 201, self.opened[key]

    def _gitlab(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if path != "/projects/net%2Ffabrics/merge_requests":
            return 404, {"message": "404 Project Not Found"}
        if method == "GET":
            found = self.opened.get((query["source_branch"], query["target_branch"]))
            return 200, [found] if found and query["state"] == "opened" else []
        if not self.may_write:
            return 403, {"message": "403 Forbidden"}
        key = (body["source_branch"], body["target_branch"])
        if key in self.opened:
            return 409, {"message": ["Another open merge request already exists for this source branch: !1"]}
        page = f"https://gitlab.com/net/fabrics/-/merge_requests/{len(self.opened) + 1}"
        self.opened[key] = {"web_url": page, **body}
        return 201, self.opened[key]


@contextlib.contextmanager
def forge(kind: str) -> Iterator[ForgeServer]:
    """Serve one forge on a free port of 127.0.0.1."""
    ours = ForgeServer(kind)

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            token = unquote(self.headers.get("Authorization", ""))
            status, answer = ours.answer(self.command, parts.path, query, body, token)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _do

        def log_message(self, format: str, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ours.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield ours
        finally:
            server.shutdown()
            thread.join()
