"""A crash at any moment loses nothing that a server had accepted: a real SIGKILL of the real process, and a new one."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from providers.core.identity import ObjectRef
from tests.e2e.project import Project, crs

pytestmark = pytest.mark.services


def kill_when(project: Project, seen: int) -> None:
    """Start a sync and kill its whole process group once the cluster has accepted `seen` objects."""
    process = subprocess.Popen(
        project.argv("sync", project.fabric, "--quiet"), env=project.env, cwd=project.folder, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while len(project.objects()) < seen and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the sync ended before it could be killed"


@pytest.mark.parametrize("seen", [1, 3, 6])
def test_a_killed_first_sync_is_finished_by_the_next(project, seen):
    project.commit(crs(*project.names))
    assert project.init().returncode == 0
    kill_when(project, seen)
    accepted = {ref: obj["metadata"]["uid"] for ref, obj in project.objects().items()}
    recorded = {ref: record.id for ref, record in project.records().items()}
    assert len(accepted) >= seen

    assert project.run("pulumi", "--", "cancel", "--yes", "--stack", project.fabric).returncode == 0
    assert project.verb("sync")["counts"]["failed"] == 0
    uids = {ref: obj["metadata"]["uid"] for ref, obj in project.objects().items()}
    ids = {ref: record.id for ref, record in project.records().items()}
    assert len(uids) == len(ids) == 7
    assert accepted.items() <= uids.items(), "an object that was accepted was made again"
    assert recorded.items() <= ids.items(), "a record that was accepted was made again"
    assert {one["id"] for one in project.state()["resources"] if "hedgehog:VPC" in one["type"]} == {
        str(ObjectRef("VPC", "default", name)) for name in project.names
    }
    log = project.log_length()
    assert project.verb("sync")["counts"]["unchanged"] == 7
    assert project.log_length() == log
