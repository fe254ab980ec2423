"""A real OpenSSH sshd for the repositories of a home: loopback, as the current user, keys only, each with a forced command."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.services.errors import ServicesError
from embedded.services.files import write_private
from embedded.services.git import shell
from embedded.services.ports import LOOPBACK
from embedded.services.process import Server
from embedded.services.web import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where sshd wants an empty folder when it is started by root.
_START_SECONDS = 20.0

_PRIVILEGE_SEPARATION = Path("/run/sshd")


def sshd_program() -> str | None:
    """The path of sshd, which is outside of a user's PATH on Debian."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin")


@dataclass(frozen=True, slots=True)
class GitSsh:
    """The SSH server of one home; `folder` has its keys, `repositories` what it serves."""

    home: Path
    folder: Path
    repositories: Path

    @property
    def server(self) -> Server:
        """Its process."""
        return Server("git-ssh", self.home)

    def key_file(self, user: str) -> Path:
        """The private key of a user."""
        return self.folder / f"{user}_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The known_hosts file with our host key."""
        return self.folder / "known_hosts"

    def start(self, port: int, users: Mapping[str, str]) -> None:
        """Start on a loopback port; `users` are names with what each may do."""
        program = sshd_program()
        if program is None:
            raise ServicesError("OpenSSH's server is missing: as root type: apt-get install -y openssh-server")
        self._make_keys(users)
        if os.geteuid() == 0:
            _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        write_private(self.folder / "sshd_config", self._configuration(port))
        host_key = (self.folder / "host_ed25519.pub").read_text().split()[:2]
        write_private(self.known_hosts, f"[{LOOPBACK}]:{port} {' '.join(host_key)}\n")
        self.server.start([program, "-D", "-e", "-f", str(self.folder / "sshd_config")])
        wait_until(self.server, lambda: ssh_answers(port), _START_SECONDS)

    def _make_keys(self, users: Mapping[str, str]) -> None:
        git = shutil.which("git")
        lines = []
        for name in ("host", *users):
            path = self.folder / f"{name}_ed25519"
            if not path.exists():
                command = [
                    "ssh-keygen",
                    "-q",
                    "-t",
                    "ed25519",
                    "-N",
                    "",
                    "-C",
                    f"{name} of hhsync's services",
                    "-f",
                    str(path),
                ]
                done = subprocess.run(command, check=False, capture_output=True, text=True)
                if done.returncode:
                    raise ServicesError(f"ssh-keygen of {path} failed: {' '.join(done.stderr.split())}")
            if name in users:
                # quotes and backslashes would end the option; such a path is refused rather than escaped wrongly
                forced = f"{sys.executable} -I -S {shell.__file__} {git} {self.repositories} {users[name]} {name}"
                if set(forced) & set("\"\\'$`;&|<>()"):
                    raise ServicesError(f"a path with such characters cannot be in sshd's configuration: {forced}")
                lines.append(f'restrict,command="{forced}" {path.with_suffix(".pub").read_text().strip()}')
        write_private(self.folder / "authorized_keys", "\n".join(lines) + "\n")

    def _configuration(self, port: int) -> str:
        lines = (
            f"Port {port}",
            f"ListenAddress {LOOPBACK}",
            f'HostKey "{self.folder / "host_ed25519"}"',
            "PidFile none",
            f'AuthorizedKeysFile "{self.folder / "authorized_keys"}"',
            f"AllowUsers {getpass.getuser()}",
            "AuthenticationMethods publickey",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin forced-commands-only",
            # the keys' folder may be below one that others may write, such as /tmp
            "StrictModes no",
            "UsePAM no",
            "UseDNS no",
            "PrintMotd no",
            "DisableForwarding yes",
            "PermitUserEnvironment no",
            "MaxStartups 100",
            "LoginGraceTime 30",
        )
        return "\n".join(lines) + "\n"


def ssh_answers(port: int) -> bool:
    """Whether an SSH server answers on this loopback port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=3) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
