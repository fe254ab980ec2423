"""Real Git servers for tests: HTTP, HTTPS and SSH on loopback, started once a session, with nothing else beside them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedded.services import Services
from providers.settings import GitSettings
from tests.support.repositories import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.services import GitAccess


@pytest.fixture(scope="session")
def git_servers() -> Iterator[GitAccess]:
    """The servers; use `new_repository` to have a repository of your own on them."""
    home = Path(tempfile.mkdtemp(prefix="hhsync-git-"))
    services = Services(home)
    try:
        running = services.start(parts=("git",))
        assert running.git is not None
        yield running.git
    finally:
        services.remove()
        shutil.rmtree(home, ignore_errors=True)


def new_repository(servers: GitAccess, name: str, source: str) -> Path:
    """A bare copy of the repository at `source` that the servers serve as `name`; returns its path."""
    target = Path(servers.path).with_name(name)
    subprocess.run(["git", "clone", "-q", "--bare", source, str(target)], env=ENVIRONMENT, check=True)
    return target


def over_https(servers: GitAccess, name: str, user: str = "hhsync", **more: str) -> GitSettings:
    """Settings that reach a repository by HTTPS as one of the server's users."""
    url = servers.https_url.rpartition("/")[0] + f"/{name}"
    return GitSettings(url, username=user, token=servers.passwords[user], ca_file=servers.ca_file, **more)


def over_ssh(servers: GitAccess, name: str, user: str = "hhsync", **more: str) -> GitSettings:
    """Settings that reach a repository by SSH with the key of one of the server's users."""
    url = servers.ssh_url.rpartition("/")[0] + f"/{name}"
    key, hosts = servers.ssh_key_files[user], servers.known_hosts_file
    return GitSettings(url, ssh_key_file=key, known_hosts_file=hosts, **more)
