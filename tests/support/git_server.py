"""A Git server over HTTP for tests: git's dumb protocol with Basic authentication, or one fixed answer."""

from __future__ import annotations

import base64
import contextlib
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.repositories import Repository


@dataclass
class Server:
    """What it answers, and the credentials that it was sent ("user:password")."""

    url: str = ""
    user: str = "git"
    password: str = "right"
    status: int = 0
    redirect: str = ""
    seen: list[str] = field(default_factory=list)


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, server: Server, *arguments: object, **options: object) -> None:
        self.ours = server
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        sent = self.headers.get("Authorization", "")
        if sent:
            self.ours.seen.append(base64.b64decode(sent.removeprefix("Basic ")).decode())
        if self.ours.redirect:
            self.send_response(302)
            self.send_header("Location", self.ours.redirect + self.path)
            self.end_headers()
        elif self.ours.status:
            self.send_error(self.ours.status)
        elif not sent or self.ours.seen[-1] != f"{self.ours.user}:{self.ours.password}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        return


@contextlib.contextmanager
def serving(repository: Repository) -> Iterator[Server]:
    """Serve a repository's .git folder on a free port of 127.0.0.1."""
    repository.git("update-server-info")
    ours = Server()
    handler = partial(_Handler, ours, directory=str(repository.path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        ours.url = f"http://127.0.0.1:{server.server_address[1]}/.git"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield ours
        finally:
            server.shutdown()
            thread.join()
