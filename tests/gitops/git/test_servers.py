"""Reading over real HTTP, HTTPS and SSH: what works, and one line of its own for each way in which it does not."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from automation.setup import connections
from gitops.git.access import VARIABLES
from gitops.git.command import CommandFailed, GitCommand
from gitops.git.mirror import refused_push
from gitops.git.source import read_snapshot
from providers.errors import GitError
from tests.support.git_servers import (
    git_servers,
    new_repository,
    over_https,
    over_ssh,
)
from tests.support.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from embedded.services import GitAccess
    from providers.settings import GitSettings

__all__ = ["git_servers"]
NAME = "reading.git"


@dataclasses.dataclass(frozen=True)
class World:
    """The servers, the commit that they serve, and a folder for one test."""

    servers: GitAccess
    head: str
    folder: Path

    def https(self, user: str = "hhsync", **changes: object) -> GitSettings:
        return dataclasses.replace(over_https(self.servers, NAME, user), **{"path": "f", **changes})

    def ssh(self, user: str = "hhsync", **changes: object) -> GitSettings:
        return dataclasses.replace(over_ssh(self.servers, NAME, user), **{"path": "f", **changes})

    def file(self, name: str, text: str = "") -> str:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    def new_key(self) -> Path:
        path = self.folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
        return path

    def open_key(self) -> str:
        """A copy of the right key that everybody may read."""
        path = self.file("open", Path(self.servers.ssh_key_files["hhsync"]).read_text())
        Path(path).chmod(0o644)
        return path

    def hosts(self, key: str) -> str:
        """A known_hosts file with the server's name and another key."""
        return self.file("hosts", f"{Path(self.servers.known_hosts_file).read_text().split()[0]} {key}\n")

    def commit(self, settings: GitSettings) -> str:
        return read_snapshot(settings, self.folder / "cache").commit

    def refusal(self, settings: GitSettings) -> str:
        with pytest.raises(GitError) as caught:
            self.commit(settings)
        text = str(caught.value)
        assert "\n" not in text
        assert not [secret for secret in (*self.servers.passwords.values(), "hush") if secret in text]
        return text


@pytest.fixture(scope="module")
def served(git_servers: GitAccess, tmp_path_factory: pytest.TempPathFactory) -> str:
    repository = Repository(tmp_path_factory.mktemp("source"))
    head = repository.commit({"f/a.yaml": "a: 1\n"})
    new_repository(git_servers, NAME, repository.url)
    return head


@pytest.fixture
def world(git_servers: GitAccess, served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    for name in (*VARIABLES.values(), "SSH_AUTH_SOCK", "GIT_SSH_COMMAND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    return World(git_servers, served, tmp_path)


WORKS: dict[str, Callable[[World], GitSettings]] = {
    "HTTPS with a password": lambda world: world.https(),
    "HTTP with a password": lambda world: world.https(url=world.servers.http_url.replace("fabrics.git", NAME)),
    "HTTPS as a reader": lambda world: world.https("reader"),
    "SSH with a key file": lambda world: world.ssh(),
    "SSH with a key in config": lambda world: world.ssh(
        ssh_key_file=None, ssh_key=Path(world.servers.ssh_key_files["hhsync"]).read_text()
    ),
    "SSH as a reader": lambda world: world.ssh("reader"),
    "a local path": lambda world: world.https(url=str(Path(world.servers.path).with_name(NAME)), token=None),
}


@pytest.mark.parametrize("way", WORKS.values(), ids=WORKS.keys())
def test_each_way_in_reads_the_same(world: World, way: Callable[[World], GitSettings]) -> None:
    assert world.commit(way(world)) == world.head


FAILS: dict[str, tuple[Callable[[World], GitSettings], str]] = {
    "HTTPS, name": (lambda w: w.https(url="https://no-such-host.invalid/x.git"), "the host name does not resolve"),
    "HTTPS, refused": (lambda w: w.https(url="https://127.0.0.1:1/x.git"), "the server does not answer"),
    "HTTPS, unknown CA": (lambda w: w.https(ca_file=None), "TLS failed: the server's certificate is not trusted"),
    "HTTPS, no TLS": (
        lambda w: w.https(url=w.servers.http_url.replace("http:", "https:")),
        "or the connection is no TLS",
    ),
    "HTTPS, CA missing": (lambda w: w.https(ca_file="/no/such"), "hhsync:gitCaFile names /no/such"),
    "HTTPS, wrong password": (
        lambda w: w.https(token="hush"),
        "authentication failed: the server does not accept user hhsync with the token in hhsync:gitToken",
    ),
    "HTTPS, no password": (lambda w: w.https(token=None), "authentication failed: the server wants credentials"),
    "HTTPS, permission": (lambda w: w.https("outsider"), "no permission: the credentials are accepted"),
    "HTTPS, repository": (
        lambda w: w.https(url=w.servers.https_url.replace("fabrics", "no-such")),
        "no such repository, or the credentials may not see it; check hhsync:gitUrl and hhsync:gitToken",
    ),
    "HTTPS, branch": (lambda w: w.https(branch="dev"), 'has no branch "dev" (hhsync:gitBranch); it has: main'),
    "HTTPS, folder": (lambda w: w.https(path="g"), 'has no folder "g" on branch main (hhsync:gitPath)'),
    "proxy, name": (lambda w: w.https(proxy="http://no-such-host.invalid:1"), "the proxy's name does not resolve"),
    "proxy, refused": (lambda w: w.https(proxy="http://127.0.0.1:1"), "the proxy http://127.0.0.1:1 does not answer"),
    "SSH, name": (lambda w: w.ssh(url="ssh://git@no-such-host.invalid/x.git"), "the host name does not resolve"),
    "SSH, refused": (lambda w: w.ssh(url="ssh://git@127.0.0.1:1/x.git"), "the server does not answer"),
    "SSH, unknown host key": (
        lambda w: w.ssh(known_hosts_file=w.file("none")),
        "the server's SSH host key is not known; get it (ssh-keyscan HOST), compare its fingerprint",
    ),
    "SSH, changed host key": (
        lambda w: w.ssh(known_hosts_file=w.hosts(" ".join(w.new_key().with_suffix(".pub").read_text().split()[:2]))),
        "the server's SSH host key is not the one in known_hosts: somebody may be in between",
    ),
    "SSH, wrong key": (
        lambda w: w.ssh(ssh_key_file=str(w.new_key())),
        "authentication failed: the server takes none of the SSH keys offered",
    ),
    "SSH, key readable by others": (
        lambda w: w.ssh(ssh_key_file=w.open_key()),
        "may be read by others, so ssh does not use it; type: chmod 600",
    ),
    "SSH, key missing": (lambda w: w.ssh(ssh_key_file="/no/such"), "hhsync:gitSshKeyFile names /no/such"),
    "SSH, key in config is none": (
        lambda w: w.ssh(ssh_key_file=None, ssh_key="hush"),
        "hhsync:gitSshKey is no private key without a passphrase",
    ),
    "SSH, permission": (lambda w: w.ssh("outsider"), "no permission: the credentials are accepted, but may not read"),
    "SSH, repository": (
        lambda w: w.ssh(url=w.servers.ssh_url.replace("fabrics", "no-such")),
        "no Git repository is there; check the path in hhsync:gitUrl",
    ),
    "SSH, branch": (lambda w: w.ssh(branch="dev"), 'has no branch "dev" (hhsync:gitBranch); it has: main'),
    "SSH, folder": (lambda w: w.ssh(path="g"), 'has no folder "g" on branch main (hhsync:gitPath)'),
}


@pytest.mark.parametrize(("way", "says"), FAILS.values(), ids=FAILS.keys())
def test_each_failure_has_its_own_line(world: World, way: Callable[[World], GitSettings], says: str) -> None:
    assert says in world.refusal(way(world))


def test_an_agent_of_the_user_is_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    socket_path = str(world.folder / "agent")
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket_path], stdout=subprocess.DEVNULL) as agent:
        try:
            monkeypatch.setenv("SSH_AUTH_SOCK", socket_path)
            while not Path(socket_path).exists():
                assert agent.poll() is None
            subprocess.run(["ssh-add", "-q", world.servers.ssh_key_files["hhsync"]], check=True)
            assert world.commit(world.ssh(ssh_key_file=None)) == world.head
        finally:
            agent.terminate()


def test_a_token_that_the_server_refuses_is_asked_for_once_more(world: World) -> None:
    used = world.folder / "used"
    command = world.folder / "token"
    command.write_text(
        f"#!/bin/sh\necho x >> {used}\n"
        f'test "$(wc -l < {used})" -gt 1 && cat {world.file("right", world.servers.passwords["hhsync"])} || echo expired\n'
    )
    command.chmod(0o700)
    assert world.commit(world.https(token=None, token_command=str(command))) == world.head
    assert used.read_text() == "x\nx\n"


def test_a_token_command_that_gives_no_good_token_is_named_after_the_second_try(world: World) -> None:
    command = world.folder / "token"
    command.write_text("#!/bin/sh\necho hush\n")
    command.chmod(0o700)
    said = world.refusal(world.https(token=None, token_command=str(command)))
    assert "with the token that the command in hhsync:gitTokenCommand printed" in said


@pytest.mark.parametrize("way", ["https", "ssh"])
def test_the_same_transport_pushes_and_a_reader_may_not(world: World, way: str) -> None:
    def push(user: str, number: int) -> str:
        command = GitCommand(getattr(world, way)(user), bare)
        try:
            command.run("push", "--quiet", command.url, f"{world.head}:refs/heads/{way}-{user}-{number}", network=True)
        except CommandFailed as failure:
            return command.explained(failure, "push").text
        return "pushed"

    bare = new_repository(world.servers, f"{way}-clone.git", str(Path(world.servers.path).with_name(NAME)))
    assert push("hhsync", 1) == "pushed"
    assert "no permission: the credentials are accepted, but may not write to this repository" in push("reader", 2)


@pytest.mark.parametrize("way", ["https", "ssh"])
def test_a_large_push_arrives_whole(world: World, way: str) -> None:
    """Beyond git's buffer of 1 MiB a push over HTTP comes in chunks."""
    repository = Repository(world.folder / "large")
    repository.git("pull", "-q", str(Path(world.servers.path).with_name(NAME)), "main")
    (repository.path / "f/big.bin").write_bytes(os.urandom(3_000_000))
    head = repository.commit({"f/b.yaml": "b: 1\n"})
    command = GitCommand(getattr(world, way)(), repository.path / ".git")
    command.run("push", "--quiet", command.url, f"{head}:refs/heads/large-{way}", network=True)
    found = read_snapshot(getattr(world, way)(branch=f"large-{way}"), world.folder / "cache")
    assert (found.commit, set(found.files)) == (head, {"f/a.yaml", "f/b.yaml"})


PUSHES: dict[str, tuple[Callable[[World], GitSettings], str]] = {
    "HTTPS": (lambda world: world.https(), ""),
    "SSH": (lambda world: world.ssh(), ""),
    "HTTPS as a reader": (
        lambda world: world.https("reader"),
        "no permission: the credentials are accepted, but may not write",
    ),
    "SSH as a reader": (
        lambda world: world.ssh("reader"),
        "no permission: the credentials are accepted, but may not write",
    ),
}


@pytest.mark.parametrize(("way", "says"), PUSHES.values(), ids=PUSHES.keys())
def test_a_push_is_tried_without_sending_anything(world: World, way: Callable[[World], GitSettings], says: str) -> None:
    said = refused_push(way(world), world.folder / "cache")
    assert (says in said) if says else said == ""
    assert world.commit(world.https()) == world.head


def test_init_tells_git_that_may_only_be_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HHSYNC_CACHE", str(world.folder / "cache"))
    reader = world.https("reader")
    config = {
        "gitUrl": reader.url, "gitPath": "f", "gitUsername": "reader", "gitToken": str(reader.token),
        "gitCaFile": str(reader.ca_file),
    }  # fmt: skip
    found = connections.git(config)
    assert found.state == connections.LIMITED
    assert "folder f: 1 YAML files; sync works, ingest and edit do not: no permission" in found.text
    writer = {**config, "gitUsername": "hhsync", "gitToken": str(world.https().token)}
    assert connections.git(writer).state == connections.WORKS


class _Proxy(threading.Thread):
    """A CONNECT proxy that wants a password; `seen` are the credentials it was sent."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.seen: list[str] = []
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        while lines := self._request(client):
            sent = [line.split()[-1] for line in lines if line.lower().startswith("proxy-authorization:")]
            self.seen += sent
            if sent == ["bWU6cHctMQ=="]:  # me:pw-1
                break
            client.sendall(b"HTTP/1.1 407 no\r\nProxy-Authenticate: Basic realm=p\r\nContent-Length: 0\r\n\r\n")
        else:
            client.close()
            return
        host, _, port = lines[0].split()[1].partition(":")
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 yes\r\n\r\n")
        threading.Thread(target=_copy, args=(server, client), daemon=True).start()
        _copy(client, server)

    def _request(self, client: socket.socket) -> list[str]:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = client.recv(1)
            if not byte:
                return []
            head += byte
        return head.decode().splitlines()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.fixture
def proxy() -> Iterator[_Proxy]:
    one = _Proxy()
    one.start()
    yield one
    one.listener.close()


def test_a_proxy_gets_its_password_and_the_server_its_own(world: World, proxy: _Proxy) -> None:
    settings = world.https(proxy=f"http://me@{proxy.address}", proxy_password="pw-1")
    assert world.commit(settings) == world.head
    assert set(proxy.seen) == {"bWU6cHctMQ=="}


def test_a_proxy_that_refuses_the_password_is_named(world: World, proxy: _Proxy) -> None:
    settings = world.https(proxy=f"http://me@{proxy.address}", proxy_password="hush")
    assert "the proxy does not accept the credentials" in world.refusal(settings)
