"""What a killed run leaves behind: its lock is cleared where it is known to be gone, its pending operations are resolved."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest

from automation.engine import locks, processes
from automation.engine.messages import Holder, LockedBy
from automation.engine.processes import Process
from automation.engine.state import recorded
from providers.errors import StackLocked
from tests.support.recorded_project import state_file
from tests.support.states import STACK, VPC

SINCE = "2026-12-01T04:05:06Z"
THEN = datetime(2026, 12, 1, 4, 5, 6, tzinfo=UTC).timestamp()
S3, FILE = "s3://bucket", "file:///state"

GONE = [
    ("no such process", "box", "box", S3, None, True),
    ("another host", "other", "box", S3, None, False),
    ("a name that every machine has", "localhost", "localhost", S3, None, False),
    ("that, with a state of this disk", "localhost", "localhost", FILE, None, True),
    ("the CLI at work", "box", "box", S3, Process("pulumi", THEN - 1), False),
    ("ended, not waited for", "box", "box", S3, Process("pulumi", THEN - 1, is_zombie=True), True),
    ("an id used again", "box", "box", S3, Process("python", THEN + 60), True),
    ("an older process of another name", "box", "box", S3, Process("python", THEN - 1), False),
    ("a younger CLI, or a clock that was set", "box", "box", S3, Process("pulumi", THEN + 60), False),
]


@pytest.mark.parametrize(
    ("holder", "host", "backend", "process", "gone"), [r[1:] for r in GONE], ids=[r[0] for r in GONE]
)
def test_a_holder_is_gone_only_where_that_is_known(holder, host, backend, process, gone):
    assert locks.is_gone(Holder("ann", holder, 42, SINCE), backend, host, process) == gone


def test_a_time_that_cannot_be_read_is_no_proof():
    assert not locks.is_gone(Holder("ann", "box", 42, "yesterday"), S3, "box", Process("python", THEN + 60))


def test_processes_are_seen_as_they_are():
    before = time.time()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    seen = processes.running(child.pid)
    assert seen is not None
    assert not seen.is_zombie
    assert before - 2 < seen.started < time.time() + 2
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    ended = processes.running(child.pid)
    assert ended is not None
    assert ended.is_zombie
    child.wait()
    assert processes.running(child.pid) is None


def dead_pid():
    """The id of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def leave_lock(real, pid, host=None):
    """A lock as the CLI leaves it when it is killed."""
    folder = real.root / "state" / ".pulumi" / "locks" / "organization" / "hhsync" / STACK
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "pid": pid,
        "username": "ann",
        "hostname": host or socket.gethostname(),
        "timestamp": "2026-12-01T04:05:06Z",
    }
    (folder / "0a.json").write_text(json.dumps(content))
    return folder


def write_state(real, path):
    """A run that takes the stack's lock: the state is read and written back."""
    real.export(STACK, path)
    real.import_(STACK, path)
    return "done"


def test_without_a_lock_nothing_is_noted(real, tmp_path):
    assert locks.clearing_stale_lock(real, STACK, lambda: write_state(real, tmp_path / "s")) == ("done", "")


def test_the_lock_of_a_run_that_is_gone_is_cleared_and_reported(real, tmp_path):
    pid = dead_pid()
    folder = leave_lock(real, pid)
    done, note = locks.clearing_stale_lock(real, STACK, lambda: write_state(real, tmp_path / "s"))
    assert done == "done"
    assert f"(pid {pid})" in note
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("holder", ["alive", "elsewhere"])
def test_any_other_lock_names_its_holder_and_stays(real, tmp_path, holder):
    pid, host = (os.getpid(), None) if holder == "alive" else (dead_pid(), "elsewhere")
    folder = leave_lock(real, pid, host)
    if holder == "alive":  # taken after this process began
        content = json.loads((folder / "0a.json").read_text())
        (folder / "0a.json").write_text(json.dumps({**content, "timestamp": datetime.now(UTC).isoformat()}))
    with pytest.raises(StackLocked, match=rf"ann@.*\(pid {pid}\).*hhsync pulumi -- cancel --yes --stack {STACK}"):
        locks.clearing_stale_lock(real, STACK, lambda: write_state(real, tmp_path / "s"))
    assert [path.name for path in folder.iterdir()] == ["0a.json"]


def test_a_lock_is_cleared_also_where_nothing_is_left_to_do(real):
    folder = leave_lock(real, dead_pid())
    done, note = locks.clearing_stale_lock(real, STACK, lambda: "nothing")
    assert (done, note.partition(":")[0]) == ("nothing", "cleared the lock of a run that is gone")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "other", ["nonsense", '{"pid": 1, "username": "ann", "hostname": "elsewhere", "timestamp": "x"}']
)
def test_a_lock_beside_another_that_may_live_stays(real, other):
    folder = leave_lock(real, dead_pid())
    (folder / "1b.json").write_text(other)
    assert locks.clearing_stale_lock(real, STACK, lambda: "done") == ("done", "")
    assert len(list(folder.iterdir())) == 2


class Backend:
    """A backend's lock in memory, with the rule that the CLI has: who finds one is refused. `cancel` removes every lock."""

    backend = f"file:///{time.time_ns()}"
    backend_folder = None

    def __init__(self, dead):
        self.holders = [dead]
        self.guard = threading.Lock()
        self.cancelled = self.at_once = self.most = 0

    def cancel(self, _fabric):
        with self.guard:
            assert not any(holder.user == "alive" for holder in self.holders), "a living run's lock was removed"
            self.holders.clear()
            self.cancelled += 1

    def run(self):
        with self.guard:
            if self.holders:
                raise LockedBy("locked", tuple(self.holders))
            self.holders.append(Holder("alive", socket.gethostname(), os.getpid(), datetime.now(UTC).isoformat()))
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.01)
        with self.guard:
            self.at_once -= 1
            self.holders.clear()
        return "done"


def test_of_many_after_a_crash_one_clears_and_never_two_run():
    backend = Backend(Holder("dead", socket.gethostname(), dead_pid(), SINCE))
    results = []

    def sync():
        try:
            results.append(locks.clearing_stale_lock(backend, "f", backend.run)[0])
        except StackLocked:
            results.append("locked")

    threads = [threading.Thread(target=sync) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert backend.cancelled == 1
    assert backend.most == 1
    assert "done" in results


def with_pending(real, *operations):
    """The stack's state with operations that a killed CLI left."""
    path = state_file(real.root)
    kept = json.loads(path.read_text())
    latest = kept["checkpoint"]["latest"]
    resource = next(one for one in latest["resources"] if one["urn"] == VPC)
    latest["pending_operations"] = [{"resource": resource, "type": operation} for operation in operations]
    path.write_text(json.dumps(kept))


def test_pending_operations_are_taken_out_and_named_and_all_else_stays(real):
    with_pending(real, "creating", "deleting")
    before = recorded.read(real, STACK)
    note = locks.clear_pending(real, STACK, before)
    assert note == "resolved what a killed run left unfinished: creating VPC/default/reca, deleting VPC/default/reca"
    after = recorded.read(real, STACK)
    assert (after.pending, after.crs, after.urns) == ((), before.crs, before.urns)
    assert locks.clear_pending(real, STACK, after) == ""


def test_a_state_that_another_run_wrote_in_the_meantime_is_not_overwritten(real):
    with_pending(real, "creating")
    before = recorded.read(real, STACK)
    with_pending(real, "updating")
    kept = state_file(real.root).read_bytes()
    with pytest.raises(StackLocked, match="in the meantime"):
        locks.clear_pending(real, STACK, before)
    assert state_file(real.root).read_bytes() == kept


def test_what_pending_operations_name_is_short():
    pending = tuple(recorded.PendingOperation(VPC, "creating") for _ in range(30))
    assert locks._named(pending).endswith("and 22 more")
