"""A real process is killed with SIGKILL in the middle of an update; a new one finds everything a server had accepted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from embedded.engine import operations
from embedded.engine.state import Resource

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.engine.request import Context, Request
    from tests.engine.files.world import Engine

RUN = """
import os, sys
from embedded.engine import command, operations, secrets
from embedded.engine.state import Resource
from concurrent.futures import ThreadPoolExecutor

secrets.ITERATIONS = 10
ROOT = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"

def run(request, context):
    known = {entry.urn: entry for entry in context.snapshot.resources}
    context.journal.write(Resource(ROOT, "pulumi:pulumi:Stack", custom=False), old=known.get(ROOT))
    server = os.open(sys.argv[1], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    told = os.open(sys.argv[2], os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def create(number):
        urn = f"urn:pulumi:dev::proj::t:m:T::r{number}"
        goal = Resource(urn, "t:m:T", custom=True, parent=ROOT)
        token = context.journal.begin("creating", goal)
        os.write(server, f"{urn}\\n".encode())
        made = Resource(urn, "t:m:T", custom=True, id=f"id-{number}", parent=ROOT)
        context.journal.finish(token, new=made, old=known.get(urn))
        os.write(told, f"{urn}\\n".encode())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(100000)))
    return 0

operations.run = run
sys.exit(command.execute(["up", "--skip-preview"], cwd=sys.argv[3], env=dict(os.environ), out=print, err=print))
"""


def lines(path: Path) -> list[str]:
    """Whole lines only."""
    return path.read_text().split("\n")[:-1] if path.exists() else []


def killed_run(dev: Engine, tmp_path: Path, after: int) -> tuple[set[str], set[str]]:
    """(what the server accepted, what the run knew to be finished) when the process was killed."""
    server, told = tmp_path / "server", tmp_path / "told"
    process = subprocess.Popen([sys.executable, "-c", RUN, str(server), str(told), str(dev.project)], env=dev.env)
    try:
        while len(lines(told)) < after:
            assert process.poll() is None, "the run ended by itself"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return set(lines(server)), set(lines(told))


@pytest.mark.parametrize("after", [1, 7, 40])
def test_a_killed_run_loses_nothing(dev: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    accepted, finished = killed_run(dev, tmp_path, after)
    untouched = dev.state_file.read_bytes()

    seen = dev("stack", "export").json["deployment"]
    recorded = {entry["urn"] for entry in seen["resources"] if entry["custom"]}
    unfinished = {entry["resource"]["urn"] for entry in seen.get("pending_operations", ())}
    assert finished <= recorded
    assert accepted <= recorded | unfinished
    assert all(entry["id"].startswith("id-") for entry in seen["resources"] if entry["custom"])
    assert dev.state_file.read_bytes() == untouched, "looking must not change anything"

    found: list[Context] = []

    def run(_request: Request, context: Context) -> int:
        found.append(context)
        return 0

    monkeypatch.setattr(operations, "run", run)
    again = dev("up", "--skip-preview")
    assert again.code == 0
    assert "ended without releasing it" in again.err
    assert "recovered the state of a run that was killed" in again.err
    (context,) = found
    assert {entry.urn for entry in context.snapshot.resources if entry.custom} == recorded
    assert {operation.resource.urn for operation in context.snapshot.pending_operations} == unfinished

    state = json.loads(dev.state_file.read_bytes())["checkpoint"]["latest"]
    assert {entry["urn"] for entry in state["resources"] if entry["custom"]} == recorded
    assert not dev.state_file.with_name("dev.json.journal").exists()
    assert list(dev.lock_folder.iterdir()) == []


def test_a_second_kill_during_the_next_run_loses_nothing_either(dev: Engine, tmp_path: Path) -> None:
    first, _ = killed_run(dev, tmp_path, 5)
    (tmp_path / "told").unlink()
    second, finished = killed_run(dev, tmp_path, 5)
    seen = dev("stack", "export").json["deployment"]
    recorded = {entry["urn"] for entry in seen["resources"]}
    unfinished = {entry["resource"]["urn"] for entry in seen.get("pending_operations", ())}
    assert finished <= recorded
    assert first | second <= recorded | unfinished


def test_dangling_references_of_a_killed_run_are_dropped_and_said(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_request: Request, context: Context) -> int:
        gone = Resource("urn:pulumi:dev::proj::t:m:T::a", "t:m:T", custom=True, id="1")
        context.journal.write(gone)
        context.journal.write(
            Resource("urn:pulumi:dev::proj::t:m:T::b", "t:m:T", custom=True, id="2", dependencies=[gone.urn])
        )
        context.journal.remove(gone)
        return 0

    monkeypatch.setattr(operations, "run", run)
    ran = dev("up", "--skip-preview")
    assert (ran.code, "no longer refers to urn:pulumi:dev::proj::t:m:T::a" in ran.err) == (0, True)
    (entry,) = dev("stack", "export").json["deployment"]["resources"]
    assert "dependencies" not in entry
