"""The bare Git repository of a home, and the servers that serve it: HTTP, HTTPS and SSH."""

from __future__ import annotations

import getpass
import json
import secrets
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

from embedded.services.errors import ServicesError
from embedded.services.facts import GitAccess, PartStatus
from embedded.services.files import own_folder, write_private
from embedded.services.git import http
from embedded.services.git.ssh import GitSsh, ssh_answers
from embedded.services.ports import LOOPBACK, Ports
from embedded.services.process import Server
from embedded.services.status import state_of
from embedded.services.steps import Progress, build_folder, restart_folder
from embedded.services.web import Api, wait_until

if TYPE_CHECKING:
    from pathlib import Path

BRANCH = "main"

# Who may do what, by HTTP with a password and by SSH with a key.
NAME = "fabrics.git"

USERS = {"hhsync": http.WRITE, "reader": http.READ, "outsider": http.NOTHING}
_START_SECONDS = 20.0


def repository(home: Path) -> Path:
    """Where the repository is; its path is its URL."""
    return home / "git" / NAME


def make_repository(home: Path) -> str:
    """Make the bare repository with an unborn branch `main` unless it is there; returns its URL (a path)."""

    def make(part: Path) -> None:
        restart_folder(part)
        command = ["git", "init", "--quiet", "--bare", "-b", BRANCH, str(part)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise ServicesError(f"git init of {part} failed: {' '.join(done.stderr.split())}")

    target = repository(home)
    build_folder(target, make)
    return str(target)


class GitServers:
    """The repository of one home by path, by HTTP and HTTPS, and by SSH; everything in the home's `git` may be served."""

    def __init__(self, home: Path, ports: Ports, progress: Progress) -> None:
        self._home = home
        self._ports = ports
        self._progress = progress
        self._folder = home / "git-servers"
        self._http = Server("git-http", home)
        self._ssh = GitSsh(home, self._folder, home / "git")

    def start(self) -> GitAccess:
        """Make the repository, start what does not run and answer, and tell how to reach it."""
        path = make_repository(self._home)
        own_folder(self._folder)
        build_folder(self._folder / "keys", self._make_keys)
        if not self._http_answers():
            self._http.stop()
            self._start_http()
        if not self._ssh_answers():
            self._ssh.server.stop()
            self._ssh.start(self._ports.claim(self._ssh.server.name), USERS)
        found = self._access(path)
        self._progress(f"git: ready at {found.https_url} and {found.ssh_url}")
        return found

    def stop(self) -> None:
        """Stop both servers; the repository stays."""
        self._http.stop()
        self._ssh.server.stop()

    def status(self) -> list[PartStatus]:
        """The repository needs no process: it is there or not. The servers follow once they were started."""
        target = repository(self._home)
        if not target.exists():
            return []
        found = [PartStatus("git", "running", None, str(target))]
        if not self._folder.exists():
            return found
        ssh = f"ssh://{LOOPBACK}:{self._ports.get(self._ssh.server.name) or '-'}/{NAME}"
        return [
            *found,
            state_of(self._http, self._http_answers, f"{self._https_url()}/{NAME}"),
            state_of(self._ssh.server, self._ssh_answers, ssh),
        ]

    def _make_keys(self, part: Path) -> None:
        # it needs packages beyond the standard library, which a mere set-up runs without
        from embedded.services.certificates import Authority

        restart_folder(part)
        part.chmod(0o700)
        Authority.make("hhsync's Git server", part / "ca.crt").issue("git", part / "git.crt", part / "git.key")
        users = {name: {"password": secrets.token_urlsafe(24), "may": may} for name, may in USERS.items()}
        write_private(part / "users.json", json.dumps(users) + "\n")

    def _start_http(self) -> None:
        keys = self._folder / "keys"
        settings = {
            "http_port": self._ports.claim("git-http-plain"),
            "https_port": self._ports.claim(self._http.name),
            "certificate": str(keys / "git.crt"),
            "key": str(keys / "git.key"),
            "root": str(repository(self._home).parent),
            "users": self._users(),
        }
        write_private(self._folder / "http.json", json.dumps(settings) + "\n")
        self._http.start([sys.executable, "-I", "-S", http.__file__, str(self._folder / "http.json")])
        wait_until(self._http, self._http_answers, _START_SECONDS)

    def _users(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = json.loads((self._folder / "keys" / "users.json").read_text())
        return found

    def _https_url(self) -> str:
        return f"https://{LOOPBACK}:{self._ports.get(self._http.name) or 0}"

    def _http_answers(self) -> bool:
        if self._http.process() is None or not (self._folder / "keys").exists():
            return False
        tls = ssl.create_default_context(cafile=str(self._folder / "keys" / "ca.crt"))
        plain = f"http://{LOOPBACK}:{self._ports.get('git-http-plain') or 0}"
        return all(one.call("GET", "/")[0] == 401 for one in (Api(self._https_url(), tls=tls), Api(plain)))

    def _ssh_answers(self) -> bool:
        port = self._ports.get(self._ssh.server.name)
        return self._ssh.server.process() is not None and port is not None and ssh_answers(port)

    def _access(self, path: str) -> GitAccess:
        return GitAccess(
            path=path,
            https_url=f"{self._https_url()}/{NAME}",
            http_url=f"http://{LOOPBACK}:{self._ports.get('git-http-plain')}/{NAME}",
            ca_file=str(self._folder / "keys" / "ca.crt"),
            passwords={name: one["password"] for name, one in self._users().items()},
            ssh_url=f"ssh://{getpass.getuser()}@{LOOPBACK}:{self._ports.get(self._ssh.server.name)}/{NAME}",
            ssh_key_files={name: str(self._ssh.key_file(name)) for name in USERS},
            known_hosts_file=str(self._ssh.known_hosts),
        )
