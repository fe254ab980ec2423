"""Two machines share a stack on a state in PostgreSQL: one's commit is the other's state, and one at a time writes."""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from embedded.services.ports import LOOPBACK, Ports
from embedded.services.postgres import DATABASE, ROLE, Cluster, data_parent, programs
from tests.support.project import Project, crs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.services

PASSWORD = "backend0canary"


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> Iterator[int]:
    """A PostgreSQL for state alone; its port."""
    home = tmp_path_factory.mktemp("database")
    for folder in (home, *home.parents):
        if folder.owner() == home.owner() and folder.name.startswith(("pytest-", "database")):
            folder.chmod(0o755)
    cluster = Cluster.at(data_parent(home) / "data", home, "state")
    cluster.create()
    cluster.set_password(PASSWORD)
    port = Ports(home / "ports.json").claim("postgres")
    cluster.start(port)
    yield port
    cluster.server.stop()
    shutil.rmtree(cluster.data, ignore_errors=True)


@pytest.fixture
def machines(project, database, tmp_path) -> tuple[Project, Project]:
    """Two clones with a home and a cache each; the stack's file came to the second with Git."""
    project.env |= {
        "PULUMI_BACKEND_URL": f"postgres://{ROLE}@{LOOPBACK}:{database}/{DATABASE}?sslmode=disable",
        "PGPASSWORD": PASSWORD,
    }
    first, second = (machine(project, tmp_path / name) for name in ("first", "second"))
    first.commit(crs(*first.names))
    done = first.init()
    assert done.returncode == 0, done.stderr
    shutil.copytree(first.folder / "stacks", second.folder / "stacks", dirs_exist_ok=True)
    return first, second


def machine(project: Project, home: Path) -> Project:
    made = copy.copy(project)
    made.folder = home / "clone"
    (made.folder / "stacks").mkdir(parents=True)
    shutil.copy(project.folder / "Pulumi.yaml", made.folder)
    (made.folder / "program").symlink_to((project.folder / "program").resolve())
    made.env = {
        **project.env,
        "HOME": str(home),
        "PULUMI_HOME": str(home / ".pulumi"),
        "HHSYNC_CACHE": str(home / "cache"),
    }
    return made


def holder(project: Project, database: int) -> int | None:
    """The process id in the stack's lock, as the database has it."""
    query = (
        "SELECT convert_from(decode(data->>'data', 'base64'), 'UTF8') FROM pulumi_state "
        f"WHERE key LIKE '%/locks/%/{project.fabric}/%.json'"
    )
    command = [str(programs() / "psql"), "-h", LOOPBACK, "-p", str(database), "-U", ROLE, "-d", DATABASE, "-Atc", query]
    found = subprocess.run(
        command, env={**os.environ, "PGPASSWORD": PASSWORD}, capture_output=True, text=True, check=True
    )
    return int(json.loads(found.stdout)["pid"]) if found.stdout.strip() else None


def test_one_machines_sync_is_the_others_state(machines):
    first, second = machines
    assert first.verb("sync")["counts"]["created"] == 7
    assert second.verb("drift")["in_sync"] == 7
    log, versions = second.log_length(), second.versions()
    assert second.verb("sync")["counts"]["unchanged"] == 7
    assert (second.log_length(), second.versions()) == (log, versions)

    removed = {f"vpcs/{second.names[4]}.yaml": None}
    second.commit({**crs(*second.names[:4], vlan=1500), **removed})
    assert second.verb("sync")["counts"]["updated"] == 4
    assert first.verb("drift")["in_sync"] == 6


def test_of_two_syncs_at_once_one_is_told_who_holds_the_stack(machines, database):
    first, second = machines
    running = subprocess.Popen(
        first.argv("sync", first.fabric, "--json"), env=first.env, cwd=first.folder, stdout=subprocess.PIPE, text=True
    )
    try:
        while (pid := holder(first, database)) is None:
            assert running.poll() is None, "the sync ended before it took the lock"
            time.sleep(0.01)
        os.kill(pid, signal.SIGSTOP)
        try:
            refused = second.run("sync", second.fabric, "--json")
        finally:
            os.kill(pid, signal.SIGCONT)
        out, _ = running.communicate()
    finally:
        running.kill()
    assert refused.returncode == 1
    (error,) = json.loads(refused.stdout)["errors"]
    assert f"(pid {pid})" in error
    assert f"hhsync pulumi -- cancel --yes --stack {second.fabric}" in error
    assert PASSWORD not in refused.stdout + refused.stderr
    assert running.returncode == 0, out
    assert second.verb("drift")["in_sync"] == 7
