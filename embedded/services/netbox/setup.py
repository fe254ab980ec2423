"""NetBox set up once, in the cache: its own environment from PyPI, and a migrated database to copy instances from."""

from __future__ import annotations

import hashlib
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded.services import redis
from embedded.services.errors import ServicesError
from embedded.services.files import TOOLS, own_folder, remove_tree
from embedded.services.netbox import config
from embedded.services.ports import Ports
from embedded.services.postgres import Cluster, data_parent, major_version
from embedded.services.steps import Steps, build_folder, last_line, restart_folder

if TYPE_CHECKING:
    from pathlib import Path

_REQUIREMENTS = TOOLS / "netbox-requirements.txt"
# changes whenever what is done to the database or to the environment here changes
_FORMAT = "1"
# the database is thrown away when the machine dies while it is made, so nothing has to reach the disk
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "'128MB'"}


@dataclass(frozen=True, slots=True)
class NetBoxSetup:
    """What one version of NetBox needs, in one cache."""

    cache: Path
    requirements: Path = _REQUIREMENTS

    @property
    def environment(self) -> Path:
        """The virtual environment; its name tells the packages' versions and Python's."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return self.cache / f"netbox-env-{self._key(version, sys.base_prefix)}"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.environment / "bin" / "python"

    @property
    def static(self) -> Path:
        """NetBox's static files (styles, scripts), collected once."""
        return self.environment / "static-root" / "static"

    @property
    def template(self) -> Path:
        """The data folder of a stopped PostgreSQL with NetBox's migrated, empty database."""
        return self.cache / f"netbox-database-{self._key(major_version())}"

    def _key(self, *more: str) -> str:
        content = hashlib.sha256(self.requirements.read_bytes())
        content.update(repr((_FORMAT, *more)).encode())
        return content.hexdigest()[:16]

    def make_environment(self, steps: Steps) -> None:
        """Install NetBox and its packages from PyPI, and collect the static files."""
        environment, done = self.environment, self.environment / ".complete"
        if done.exists():
            return
        # an environment cannot be renamed (its scripts name it), so a stamp tells that it is complete
        if not self.python.exists():
            remove_tree(environment)
            command = [_base_python(), "-m", "venv", str(environment)]
            steps.run("making NetBox's environment", command, self._log("netbox-venv"))
        steps.progress("installing NetBox from PyPI")
        steps.run(
            "installing NetBox",
            [
                str(self.python),
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-input",
                "--no-deps",
                "-r",
                str(self.requirements),
            ],
            self._log("netbox-pip"),
            environment={"PIP_ROOT_USER_ACTION": "ignore"},
            detail=last_line,
        )
        self._collect_static(steps)
        done.touch()

    def make_template(self, steps: Steps) -> None:
        """Migrate an empty database to NetBox's schema and keep the stopped server's data folder."""
        if build_folder(self.template, lambda part: self._migrate(part, steps)):
            remove_tree(self._work)

    def _collect_static(self, steps: Steps) -> None:
        root = self.static.parent
        (root / "conf").mkdir(parents=True, exist_ok=True)
        config.write(root, config.placeholder())
        self._manage("collecting NetBox's static files", root, ["collectstatic", "--no-input"], steps)

    def _migrate(self, part: Path, steps: Steps) -> None:
        work = self._work
        ports = Ports(work / "ports.json")
        database = Cluster.at(work / "data", work)
        tasks = redis.Redis(work)
        # left by a set-up that was killed: they are found by their records
        database.server.stop()
        tasks.server.stop()
        initialised = work / f"initialised-{self.template.name}"
        if not initialised.exists():
            restart_folder(work)
            own_folder(work)
            steps.progress("making NetBox's database")
            database.create()
            initialised.touch()
        values = config.fresh_secrets()
        database.set_password(values.database_password)
        try:
            database.start(ports.claim("postgres"), _FAST)
            tasks.start(ports.claim("redis"), values.redis_password)
            (work / "conf").mkdir(exist_ok=True)
            config.write(work, config.Values.of(values, ports))
            self._manage("migrating NetBox's database (once, 5 to 8 minutes)", work, ["migrate", "--no-input"], steps)
        except ServicesError:
            if not steps.given_up.is_set():
                # an interrupted migration goes on the next time, but a failed one would only fail again
                initialised.unlink(missing_ok=True)
            raise
        finally:
            tasks.server.stop()
            database.server.stop()
        database.set_password(secrets.token_hex(16))
        restart_folder(part)
        os.rmdir(part)
        subprocess.run(["cp", "-a", str(work / "data"), str(part)], check=True)
        # nothing of it has been forced to the disk so far, and its name will say that it is complete
        os.sync()

    @property
    def _work(self) -> Path:
        """Where the database is made: a folder that PostgreSQL's unprivileged user can reach."""
        return own_folder(data_parent(self.cache / "work") / "netbox-migration")

    def _manage(self, what: str, root: Path, arguments: list[str], steps: Steps) -> None:
        steps.progress(what)
        steps.run(
            what,
            [str(self.python), "-m", "netbox", *arguments],
            self._log(f"netbox-{arguments[0]}"),
            environment={"NETBOX_ROOT": str(root), "PYTHONUNBUFFERED": "1"},
            detail=last_line,
        )

    def _log(self, name: str) -> Path:
        return self.cache / "logs" / f"{name}.log"


def _base_python() -> str:
    """The interpreter below the project's own virtual environment, so that removing that one harms nothing here."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)
