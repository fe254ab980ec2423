"""Smart HTTP and HTTPS for bare repositories: `git http-backend` behind Basic authentication. Standard library only.

Run as a program with the path of its settings (JSON, private): ports, certificate, folder of repositories, and users with
what each may do. 401 without a known user and password, 403 where the user may not do it, 404 where there is no repository.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hmac
import json
import os
import re
import ssl
import subprocess
import sys
import threading
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

LOOPBACK = "127.0.0.1"
WRITE, READ, NOTHING = "write", "read", "nothing"
_PATH = re.compile(r"/(?P<repository>[A-Za-z0-9][A-Za-z0-9._-]*)/(?P<rest>.+)")
_BLOCK = 1 << 16


class _Handler(BaseHTTPRequestHandler):
    """One request; HTTP/1.1, as git reuses a connection after a 401."""

    protocol_version = "HTTP/1.1"

    def __init__(self, settings: dict[str, Any], *arguments: Any) -> None:
        self._settings = settings
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Ask for references or an object."""
        self._serve(b"")

    def do_POST(self) -> None:
        """Fetch or push."""
        self._serve(self._body())

    def log_message(self, *arguments: Any) -> None:
        """One line to the log, without the query."""
        sys.stderr.write(f"{self.command} {urlsplit(self.path).path} {arguments[2] if len(arguments) > 2 else ''}\n")

    def _serve(self, body: bytes) -> None:
        url = urlsplit(self.path)
        user = self._user()
        if user is None:
            self._refuse(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": 'Basic realm="git"'})
            return
        match = _PATH.fullmatch(url.path)
        if match is None or not (Path(self._settings["root"]) / match["repository"] / "objects").is_dir():
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        wanted = WRITE if "git-receive-pack" in (match["rest"], *parse_qs(url.query).get("service", ())) else READ
        may = self._settings["users"][user]["may"]
        if may != WRITE and (wanted == WRITE or may != READ):
            self._refuse(HTTPStatus.FORBIDDEN)
            return
        self._run(url.path, url.query, user, body)

    def _user(self) -> str | None:
        """The user whose password was sent."""
        scheme, _, sent = self.headers.get("Authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(sent).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        known = self._settings["users"].get(name, {"password": ""})["password"]
        return name if scheme == "Basic" and known and hmac.compare_digest(known.encode(), password.encode()) else None

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _run(self, path: str, query: str, user: str, body: bytes) -> None:
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ},
            "GIT_PROJECT_ROOT": self._settings["root"],
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_USER": user,
            "REMOTE_ADDR": LOOPBACK,
        }
        command = ["git", "http-backend"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as backend:
            assert backend.stdin is not None
            assert backend.stdout is not None
            feeder = threading.Thread(target=_feed, args=(backend.stdin, body))
            feeder.start()
            self._answer(backend.stdout)
            feeder.join()

    def _answer(self, out: IO[bytes]) -> None:
        """The backend's answer: its headers, then its body as chunks while it comes."""
        status, headers = HTTPStatus.OK, []
        while line := out.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            if name.lower() == "status":
                status = HTTPStatus(int(value.split()[0]))
            else:
                headers.append((name, value.strip()))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while block := out.read(_BLOCK):
            self.wfile.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def _refuse(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _feed(to: IO[bytes], body: bytes) -> None:
    try:
        to.write(body)
        to.close()
    except BrokenPipeError:  # the backend refused before it read all
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, handler: Any, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        super().__init__((LOOPBACK, port), handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the request's own thread: a client that is slow with TLS keeps nobody waiting."""
        if self._tls is not None:
            request.settimeout(30)
            request = self._tls.wrap_socket(request, server_side=True)
            request.settimeout(None)
        super().finish_request(request, client_address)

    def handle_error(self, *_: Any) -> None:
        """One line, not a traceback: clients that do not trust our certificate end like this."""
        sys.stderr.write(f"{sys.exc_info()[1]!r}\n")


def main() -> None:
    """Serve until the process is ended."""
    settings = json.loads(Path(sys.argv[1]).read_text())
    handler = partial(_Handler, settings)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(settings["certificate"], settings["key"])
    plain = _Server(settings["http_port"], handler, None)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    _Server(settings["https_port"], handler, tls).serve_forever()


if __name__ == "__main__":
    main()
