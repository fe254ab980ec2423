"""PostgreSQL for NetBox: a data folder of our own, loopback only, password logins only (SCRAM).

PostgreSQL refuses to run as root, so as root it runs as an unprivileged user in a folder which that user can reach.
Roles and rows are made in single-user mode, with the statements on standard input: no login, no password in a command
line, and no server that listens before its passwords are set.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from embedded.services.errors import ServicesError
from embedded.services.files import own_folder, write_private
from embedded.services.ports import LOOPBACK
from embedded.services.process import Server
from embedded.services.programs.debian import postgresql_bin
from embedded.services.web import wait_until

DATABASE = "netbox"
ROLE = "netbox"
_START_SECONDS = 60.0
_UNREACHABLE_HOME = Path("/var/lib/hhsync")
_HOST_AUTHENTICATION = f"host {DATABASE} {ROLE} 127.0.0.1/32 scram-sha-256\n"
_SETTINGS = {
    "listen_addresses": f"'{LOOPBACK}'",
    # no socket file: another PostgreSQL of this machine may own the usual place
    "unix_socket_directories": "''",
    "password_encryption": "'scram-sha-256'",
    "max_connections": "60",
    "shared_buffers": "'256MB'",
    "work_mem": "'16MB'",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "'32MB'",
    "max_wal_size": "'256MB'",
    # compiling queries costs more than it saves on NetBox's many small ones
    "jit": "off",
}


def programs() -> Path:
    """The folder of PostgreSQL's programs; ServicesError when there is none."""
    found = postgresql_bin()
    if found is None:
        raise ServicesError("PostgreSQL 15 or newer is missing: as root type: apt-get install -y postgresql")
    return found


def major_version() -> str:
    """PostgreSQL's major version, e.g. "15"; a data folder of one major cannot be used by another."""
    return programs().parent.name


def unprivileged_user() -> tuple[int, int] | None:
    """(uid, gid) to run PostgreSQL as when we are root; None when we are not, and it runs as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise ServicesError("PostgreSQL cannot run as root, and there is neither a user postgres nor nobody: add one")


def data_parent(home: Path) -> Path:
    """The folder for data folders of this home: `home` itself when the unprivileged user can reach it.

    Below a home such as /root, which others may not enter, it is a folder under /var/lib/hhsync whose random name is
    kept in the home: a home that was deleted and made anew never finds another one's data.
    """
    own_folder(home)
    if unprivileged_user() is None or all(folder.stat().st_mode & stat.S_IXOTH for folder in home.parents):
        return home
    name_file = home / "postgres-folder"
    if not name_file.exists():
        write_private(name_file, secrets.token_hex(8))
    own_folder(_UNREACHABLE_HOME)
    return own_folder(_UNREACHABLE_HOME / name_file.read_text())


@dataclass(frozen=True, slots=True)
class Cluster:
    """One PostgreSQL data folder and the server on it."""

    data: Path
    server: Server

    @classmethod
    def at(cls, data: Path, home: Path, name: str = "postgres") -> Cluster:
        """The cluster in `data`; its record and log are in `home`. SIGINT ends sessions and stops cleanly."""
        return cls(data=data, server=Server(name, home, stop_signal=signal.SIGINT))

    def create(self) -> None:
        """Make the data folder, the role and the empty database (no password yet, so no login)."""
        self._prepare_folder()
        # the superuser may not log in at all: it exists for single-user mode
        options = ["-U", "postgres", "-A", "reject", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run([str(programs() / "initdb"), "-D", str(self.data), *options])
        (self.data / "pg_hba.conf").write_text(_HOST_AUTHENTICATION)
        self._configure({})
        self.sql(f"CREATE ROLE {ROLE} LOGIN;\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n", database="postgres")

    def copy_from(self, source: Path) -> None:
        """Make the data folder from a stopped cluster's folder; nothing may be there yet."""
        shutil.copytree(source, self.data, dirs_exist_ok=True)
        self._prepare_folder()
        if user := unprivileged_user():
            for folder, _, files in os.walk(self.data):
                os.chown(folder, *user)
                for file in files:
                    os.chown(Path(folder) / file, *user)

    def sql(self, statements: str, database: str = DATABASE) -> None:
        """Run statements, one a line, in single-user mode; the server must be stopped.

        Single-user mode goes on after a failed statement, so its output is searched for errors.
        """
        command = [str(programs() / "postgres"), "--single", "-D", str(self.data), database]
        output = self._run(command, statements)
        errors = [line for line in output.splitlines() if "ERROR:" in line or "FATAL:" in line]
        if errors:
            raise ServicesError(f"PostgreSQL refused a statement on {self.data}: {errors[0].strip()}")

    def set_password(self, password: str) -> None:
        """Give NetBox's role its password (letters and digits); the server must be stopped."""
        if not password.isalnum():
            raise ServicesError("the database password must be letters and digits only")
        self.sql(f"ALTER ROLE {ROLE} PASSWORD '{password}';\n")

    def start(self, port: int, settings: dict[str, str] | None = None) -> None:
        """Start the server on a loopback port and wait until it takes connections."""
        self._configure({"port": str(port), **(settings or {})})
        self.server.start([str(programs() / "postgres"), "-D", str(self.data)], user=unprivileged_user())
        wait_until(self.server, lambda: self.answers(port), _START_SECONDS)

    def answers(self, port: int) -> bool:
        """Whether the server takes connections on this port."""
        command = [str(programs() / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(port), "-d", DATABASE]
        command += ["-U", ROLE, "-t", "3"]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    def _configure(self, settings: dict[str, str]) -> None:
        lines = [f"{name} = {value}" for name, value in {**_SETTINGS, **settings}.items()]
        (self.data / "postgresql.auto.conf").write_text("\n".join(lines) + "\n")

    def _prepare_folder(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.data.chmod(0o700)
        if user := unprivileged_user():
            os.chown(self.data, *user)

    def _run(self, command: list[str], statements: str = "") -> str:
        user = unprivileged_user()
        done = subprocess.run(
            command,
            input=statements,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            user=user[0] if user else None,
            group=user[1] if user else None,
            extra_groups=[] if user else None,
        )
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise ServicesError(f"{command[0]} failed on {self.data}: {lines[-1] if lines else 'it said nothing'}")
        return str(done.stdout + done.stderr)
