"""One NetBox instance: PostgreSQL on a copy of the migrated database, Redis, and gunicorn."""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded.services.errors import ServicesError
from embedded.services.facts import NetBoxAccess, PartStatus
from embedded.services.files import own_folder, remove_tree, write_public
from embedded.services.netbox import config
from embedded.services.ports import LOOPBACK, Ports
from embedded.services.postgres import Cluster, data_parent
from embedded.services.process import Server
from embedded.services.redis import Redis, redis_answers
from embedded.services.status import state_of
from embedded.services.steps import Progress, build_folder
from embedded.services.web import Api, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.services.netbox.setup import NetBoxSetup

# long enough for a machine with ten times the work it can do; a server that ends is noticed at once
_START_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class NetBox:
    """The NetBox of one home: `ports` and `progress` are shared with the home's other parts."""

    home: Path
    setup: NetBoxSetup
    ports: Ports
    progress: Progress

    @property
    def server(self) -> Server:
        """gunicorn's main process; SIGTERM lets requests end."""
        return Server("netbox", self.home, stop_signal=signal.SIGTERM, patience=40.0)

    @property
    def database(self) -> Cluster:
        """PostgreSQL on this instance's data folder."""
        return Cluster.at(data_parent(self.home) / "postgres", self.home)

    @property
    def tasks(self) -> Redis:
        """Redis."""
        return Redis(self.home)

    @property
    def root(self) -> Path:
        """NetBox's instance root: configuration, uploaded files, secrets."""
        return self.home / "netbox"

    def start(self) -> NetBoxAccess:
        """Start what does not run and answer; make the instance first when there is none."""
        own_folder(self.root)
        keys = config.load_secrets(self.root / "secrets.json")
        access = self._access(keys)
        if self._database_answers() and self._redis_answers(keys) and self.server.process() and _answers(access):
            return access
        # NetBox goes first: it would otherwise see its database vanish
        self.server.stop()
        self._start_database(keys)
        if not self._redis_answers(keys):
            self.tasks.server.stop()
            self.tasks.start(self.ports.claim("redis"), keys.redis_password)
        return self._start_netbox(keys)

    def stop(self) -> None:
        """Stop NetBox, then Redis, then PostgreSQL; the data stay."""
        for server in (self.server, self.tasks.server, self.database.server):
            server.stop()

    def status(self) -> list[PartStatus]:
        """The state of the three servers."""
        secrets_file = self.root / "secrets.json"
        if not secrets_file.exists():
            return []
        keys = config.load_secrets(secrets_file)
        access = self._access(keys)
        addresses = {name: f"{LOOPBACK}:{self.ports.get(name) or '-'}" for name in ("postgres", "redis")}
        return [
            state_of(self.database.server, self._database_answers, addresses["postgres"]),
            state_of(self.tasks.server, lambda: self._redis_answers(keys), addresses["redis"]),
            state_of(self.server, lambda: _answers(access), access.url),
        ]

    def _start_database(self, keys: config.Secrets) -> None:
        if self._database_answers():
            return
        self.database.server.stop()
        data = self.database.data

        def make(part: Path) -> None:
            self.progress("netbox: copying the migrated database")
            remove_tree(part)
            fresh = Cluster.at(part, self.home)
            fresh.copy_from(self.setup.template)
            fresh.set_password(keys.database_password)
            fresh.sql(keys.superuser_sql())
            write_public(part / "hhsync-template", self.setup.template.name + "\n")

        if not build_folder(data, make):
            self._refuse_other_version(data)
        self.database.start(self.ports.claim("postgres"))

    def _refuse_other_version(self, data: Path) -> None:
        made_from = (data / "hhsync-template").read_text().strip()
        if made_from != self.setup.template.name:
            raise ServicesError(
                f"{data} was made for another version of NetBox or PostgreSQL ({made_from}, not"
                f" {self.setup.template.name}): run `make clean-services` to start anew without its data"
            )

    def _start_netbox(self, keys: config.Secrets) -> NetBoxAccess:
        port = self.ports.claim("netbox")
        config.write(self.root, config.Values.of(keys, self.ports))
        config.write_server_files(self.root, self.setup.static, port)
        self.progress("netbox: starting")
        gunicorn = [str(self.setup.python), "-m", "gunicorn", "-c", str(self.root / "gunicorn.conf.py")]
        self.server.start([*gunicorn, "hhsync_wsgi:application"], {"NETBOX_ROOT": str(self.root)})
        access = self._access(keys)
        wait_until(self.server, lambda: _answers(access), _START_SECONDS)
        self.progress(f"netbox: ready at {access.url}")
        return access

    def _access(self, keys: config.Secrets) -> NetBoxAccess:
        url = f"http://{LOOPBACK}:{self.ports.get('netbox') or 0}"
        return NetBoxAccess(url=url, username=config.USERNAME, password=keys.password, token=keys.token)

    def _database_answers(self) -> bool:
        port = self.ports.get("postgres")
        return bool(port and self.database.server.process() and self.database.answers(port))

    def _redis_answers(self, keys: config.Secrets) -> bool:
        port = self.ports.get("redis")
        return bool(port and self.tasks.server.process() and redis_answers(port, keys.redis_password))


def remove_data(home: Path) -> None:
    """Remove an instance's database, also where it is outside the home; its server must be stopped."""
    parent = data_parent(home)
    remove_tree(parent / "postgres")
    remove_tree(parent / "postgres.part")
    if parent != home:
        shutil.rmtree(parent, ignore_errors=True)


def _answers(access: NetBoxAccess) -> bool:
    status, _ = Api(access.url, access.token).call("GET", "/api/plugins/custom-objects/custom-object-types/?limit=1")
    return status == 200
