"""Plain `pulumi up` is killed: the next hhsync clears its lock, resolves what it left pending, says so, and converges."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.support.project import Project, crs

pytestmark = pytest.mark.services


def killed_up(project: Project) -> None:
    """Plain Pulumi, killed with all its processes once its state has an operation under way."""
    argv = project.argv("pulumi", "--", "up", "--yes", "--skip-preview", "--stack", project.fabric)
    with subprocess.Popen(
        argv, env=project.env, cwd=project.folder, start_new_session=True, stdout=subprocess.DEVNULL
    ) as process:
        file = project.folder / f"state/.pulumi/stacks/hhsync/{project.fabric}.json"
        while True:
            while '"creating"' not in file.read_text():
                assert process.poll() is None, "the run ended before it could be killed"
                time.sleep(0.002)
            # Held still before it is killed: the operation may have ended since the state was read.
            os.killpg(process.pid, signal.SIGSTOP)
            time.sleep(0.1)
            if '"creating"' in file.read_text():
                os.killpg(process.pid, signal.SIGKILL)
                return
            os.killpg(process.pid, signal.SIGCONT)


@pytest.fixture
def left(project) -> Project:
    project.commit(crs(*project.names))
    assert project.init().returncode == 0
    killed_up(project)
    assert any(one["type"] == "creating" for one in project.state()["pending_operations"])
    return project


def test_the_next_sync_finishes_what_a_killed_pulumi_began(left):
    done = left.verb("sync")
    pending, lock = done["warnings"][:2]
    assert pending.startswith("resolved what a killed run left unfinished: creating ")
    assert lock.startswith("cleared the lock of a run that is gone: ")
    assert "pending_operations" not in left.state()
    assert len(left.objects()) == len(left.records()) == 7
    assert left.verb("sync")["counts"]["unchanged"] == 7


def test_so_does_a_destroy(left):
    done = left.verb("destroy", "--yes", left.fabric)
    assert any("killed run left unfinished" in text for text in done["warnings"])
    left.verb("sync")
    assert len(left.objects()) == 7


def test_a_lock_of_another_host_stops_a_sync_and_stays(project):
    project.commit(crs(*project.names))
    assert project.init().returncode == 0
    folder = project.folder / f"state/.pulumi/locks/organization/hhsync/{project.fabric}"
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "0a.json"
    lock.write_text('{"pid": 1, "username": "ann", "hostname": "elsewhere", "timestamp": "2026-12-01T04:05:06Z"}')
    (error,) = project.verb("sync", code=1)["errors"]
    assert "ann@elsewhere (pid 1) since 2026-12-01T04:05:06Z" in error
    assert lock.exists()
    assert project.objects() == {}
