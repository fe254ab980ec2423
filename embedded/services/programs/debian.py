"""Debian packages that the servers need: found, and installed when we are root."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.services.errors import ServicesError
from embedded.services.git.ssh import sshd_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from embedded.services.steps import Steps

# The program that Debian's packages ask before they start a service; 101 says no.
_POLICY = Path("/usr/sbin/policy-rc.d")
# NetBox 4.7 asks for PostgreSQL 14 or newer; 15 is what Debian 12 has and the oldest that was tried here
OLDEST_POSTGRESQL = 15
_DEBIAN_POSTGRESQL = Path("/usr/lib/postgresql")


def postgresql_bin() -> Path | None:
    """The folder with the newest PostgreSQL server's programs (initdb, postgres, pg_isready), or None."""
    found = [
        (int(folder.name), folder / "bin")
        for folder in _DEBIAN_POSTGRESQL.glob("*")
        if folder.name.isdigit() and (folder / "bin" / "postgres").exists() and (folder / "bin" / "initdb").exists()
    ]
    newest = max((one for one in found if one[0] >= OLDEST_POSTGRESQL), default=None)
    return newest[1] if newest else None


NEEDED: Mapping[str, Callable[[], bool]] = {
    "postgresql": lambda: postgresql_bin() is not None,
    "redis-server": lambda: shutil.which("redis-server") is not None,
    "git": lambda: shutil.which("git") is not None,
    "openssh-client": lambda: shutil.which("ssh-keygen") is not None and shutil.which("ssh-agent") is not None,
    "openssh-server": lambda: sshd_program() is not None,
    "gnupg": lambda: shutil.which("gpg") is not None,
}


def missing_packages(needed: Mapping[str, Callable[[], bool]] = NEEDED) -> list[str]:
    """The names of the Debian packages that are needed and whose programs are not here."""
    return [name for name, is_here in needed.items() if not is_here()]


def install_packages(steps: Steps, logs: Path) -> None:
    """Install what is missing with apt-get as root; ServicesError with the one line to type when we are not."""
    missing = missing_packages()
    if not missing:
        return
    line = f"apt-get install -y {' '.join(missing)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ServicesError(f"missing on this machine: {', '.join(missing)}; as root type: {line}, then try again")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    # two runs of apt at once wait for each other instead of failing
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-q"]
    steps.progress(f"installing Debian packages: {', '.join(missing)}")
    steps.run("apt-get update", [*apt, "update"], logs / "apt-update.log", environment=quiet)
    with _nothing_started():
        steps.run(
            f"apt-get install {' '.join(missing)}",
            [*apt, "install", "-y", "--no-install-recommends", *missing],
            logs / "apt-install.log",
            environment=quiet,
        )
    if still := missing_packages():
        raise ServicesError(f"apt-get installed, but these are still not found: {', '.join(still)}")


@contextlib.contextmanager
def _nothing_started(policy: Path = _POLICY) -> Iterator[None]:
    """Packages that are installed meanwhile start no server of the machine's own (an sshd on every address)."""
    if policy.exists():  # the machine has decided
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    try:
        policy.chmod(0o755)
        yield
    finally:
        policy.unlink(missing_ok=True)
