"""A crash at any moment loses nothing that a server had accepted: a real SIGKILL of hhsync, of the CLI or of both.

One fabric is killed again and again, at moments spread over a measured run; each time the next sync puts it right.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

import pytest

from tests.support.project import Project, crs

pytestmark = [pytest.mark.services, pytest.mark.timeout(1200)]

# Of each of two kinds of sync; whom the signal hits goes round.
MOMENTS = 10

VICTIMS = ("hhsync", "pulumi", "both")


def started(project: Project) -> subprocess.Popen[bytes]:
    """A sync under way, in a session of its own."""
    return subprocess.Popen(
        project.argv("sync", project.fabric, "--quiet"),
        env=project.env,
        cwd=project.folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill(project: Project, after: float, victim: str) -> None:
    """Start a sync and kill a part of it some seconds later; wait until nothing of it is left."""
    process = started(project)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    children = _children(process.pid)
    if victim != "hhsync":
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    if victim != "pulumi":
        process.kill()
    process.wait()
    deadline = time.monotonic() + 60
    while any(os.path.exists(f"/proc/{pid}") for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)


def _children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def marks(project: Project) -> tuple[dict[object, str], dict[str, int]]:
    """Who every object and record is, as the servers have it."""
    project.netbox.fabric(project.fabric)  # a destroyed fabric's record has another id when it is made again
    uids = {ref: obj["metadata"]["uid"] for ref, obj in project.objects().items()}
    return uids, {ref: record.id for ref, record in project.records().items()}


def finished(project: Project, count: int) -> None:
    """The next sync converges, the one after it is silent, and every object has its one record."""
    done = project.verb("sync")
    assert done["counts"]["failed"] == 0
    uids, ids = marks(project)
    assert len(uids) == len(ids) == count
    log, versions = project.log_length(), project.versions()
    again = project.verb("sync")
    assert (again["changes"], again["fabric_changes"]) == ([], [])
    assert (project.log_length(), project.versions()) == (log, versions)
    assert "pending_operations" not in project.state()


def moments(project: Project, run) -> list[float]:
    """Seconds after which to kill: spread over the length of one whole run."""
    began = time.monotonic()
    run()
    length = time.monotonic() - began
    return [length * (number + 0.5) / MOMENTS for number in range(MOMENTS)]


def test_a_killed_first_sync_is_finished_by_the_next(project):
    project.commit(crs(*project.names))
    assert project.init().returncode == 0
    spread = moments(project, lambda: project.verb("sync"))
    for number, after in enumerate(spread):
        project.verb("destroy", "--yes", project.fabric)
        kill(project, after, VICTIMS[number % len(VICTIMS)])
        uids, ids = marks(project)
        finished(project, 7)
        now = marks(project)
        assert uids.items() <= now[0].items(), f"an object was made again, killed after {after:.2f} s"
        assert ids.items() <= now[1].items(), f"a record was made again, killed after {after:.2f} s"


def test_a_killed_sync_with_updates_replaces_and_deletes_is_finished_by_the_next(synced):
    a, b, *_, e = synced.names
    first = crs(*synced.names)

    def renamed(old: str, new: str) -> str:
        return first[f"vpcs/{old}.yaml"].replace(f"name: {old}\n", f"name: {new}\n")

    # One VPC takes the subnet of another that goes, one changes, one comes or goes: back and forth.
    ahead = {f"vpcs/{a}.yaml": None, "vpcs/new.yaml": renamed(a, f"{a[:-1]}z"), f"vpcs/{e}.yaml": None}
    back = {f"vpcs/{a}.yaml": first[f"vpcs/{a}.yaml"], "vpcs/new.yaml": None, f"vpcs/{e}.yaml": first[f"vpcs/{e}.yaml"]}
    versions = [crs(*synced.names, vlan=1000 + 100 * number)[f"vpcs/{b}.yaml"] for number in range(1, 3)]

    def commit(number: int) -> int:
        synced.commit({**(ahead, back)[number % 2], f"vpcs/{b}.yaml": versions[number % 2]})
        return (6, 7)[number % 2]

    commit(0)
    spread = moments(synced, lambda: synced.verb("sync"))
    for number, after in enumerate(spread, start=1):
        count = commit(number)
        kill(synced, after, VICTIMS[number % len(VICTIMS)])
        finished(synced, count)
