"""The Git servers by themselves: loopback, private secrets, kept and restarted, and no more than git for a key."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedded.services import Running, Services
from embedded.services.git.ssh import sshd_program
from embedded.services.process import Process
from embedded.services.programs.debian import NEEDED, _nothing_started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.services import GitAccess


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    one = Services(tmp_path_factory.mktemp("home"))
    try:
        one.start(parts=("git",))
        yield one
    finally:
        one.remove()


def running(services: Services) -> Running:
    found = services.running()
    assert found is not None
    return found


def git(services: Services) -> GitAccess:
    found = running(services).git
    assert found is not None
    return found


def test_both_servers_listen_on_loopback_only(services: Services) -> None:
    sockets = set()
    for pid in running(services).pids.values():
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = os.readlink(link)
            if target.startswith("socket:["):
                sockets.add(target[8:-1])
    tables = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    assert {row[1].split(":")[0] for row in tables if row[3] == "0A" and row[9] in sockets} == {"0100007F"}


def test_every_file_with_a_secret_is_private_and_no_command_line_has_one(services: Services) -> None:
    secrets = [*git(services).passwords.values(), "BEGIN OPENSSH PRIVATE KEY"]
    for path in services.home.rglob("*"):
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in secrets):
            assert path.stat().st_mode & 0o077 == 0, path
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in running(services).pids.values()]
    assert not [line for line in lines for secret in secrets if secret.encode() in line]
    assert not [secret for secret in secrets if secret in repr(running(services))]


def test_a_second_start_keeps_what_runs_and_a_killed_server_comes_back(services: Services) -> None:
    first = running(services)
    assert services.start(parts=("git",)) == first
    os.kill(first.pids["git-ssh"], 9)
    process = Process.of(first.pids["git-ssh"])
    while process is not None and process.alive():
        pass
    assert {part.name: part.state for part in services.status()}["git-ssh"] == "stopped"
    again = services.start(parts=("git",))
    assert again.pids["git-http"] == first.pids["git-http"]
    assert again.pids["git-ssh"] != first.pids["git-ssh"]
    assert again.git == first.git
    assert [(part.name, part.state) for part in services.status()] == [
        ("git", "running"), ("git-http", "running"), ("git-ssh", "running"),
    ]  # fmt: skip


def test_what_earlier_versions_wrote_is_still_read(services: Services, tmp_path: Path) -> None:
    text = (services.home / "services.json").read_text()
    start = text.index('  "git": {')
    (tmp_path / "services.json").write_text(text[:start].rstrip().rstrip(",") + "\n}\n")
    found = Running.load(tmp_path)
    assert found is not None
    assert (found.git, found.git_url) == (None, running(services).git_url)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("id", "for git fetch and git push only"),
        ("", "for git fetch and git push only"),
        ("git-upload-pack '/etc'", "does not appear to be a git repository"),
        ("git-upload-pack '../git/fabrics.git'", "of the repositories of this server only"),
        ("git-upload-pack '/fabrics.git' ; id", "for git fetch and git push only"),
        ("git-upload-archive '/fabrics.git'", "of the repositories of this server only"),
    ],
)
def test_a_key_opens_git_and_nothing_else(services: Services, command: str, says: str) -> None:
    access = git(services)
    host, port = access.ssh_url.removeprefix("ssh://").partition("/")[0].rsplit(":", 1)
    options = ["-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={access.known_hosts_file}", "-F", "none"]
    key = ["-i", access.ssh_key_files["hhsync"], "-o", "IdentitiesOnly=yes"]
    ran = subprocess.run(
        ["ssh", *options, *key, "-p", port, host, *([command] if command else [])],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert ran.returncode != 0
    assert says in ran.stderr
    assert "uid=" not in ran.stdout


def test_sshd_is_found_outside_of_a_users_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert sshd_program() is not None
    assert NEEDED["openssh-server"]()


@pytest.mark.parametrize("before", [None, "#!/bin/sh\nexit 0\n"])
def test_packages_start_nothing_while_they_are_installed(tmp_path: Path, before: str | None) -> None:
    policy = tmp_path / "policy"
    if before:
        policy.write_text(before)
    with _nothing_started(policy):
        assert policy.read_text() == (before or "#!/bin/sh\nexit 101\n")
    assert (policy.read_text() if policy.exists() else None) == before
