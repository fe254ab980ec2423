"""Locks, against other runs of ours and of the CLI (engine-contract §5.6)."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from embedded.engine.errors import StackLocked
from embedded.engine.locks import StackLock, cancel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.files.world import Engine

FOREIGN = {"pid": 1, "username": "ann", "hostname": "elsewhere", "timestamp": "2026-01-01T00:00:00Z"}


def silent(_text: str) -> None:
    raise AssertionError("nothing to warn of")


def test_the_lock_is_a_file_that_the_cli_understands(tmp_path: Path) -> None:
    with StackLock(tmp_path / "l", silent):
        (file,) = (tmp_path / "l").iterdir()
        content = json.loads(file.read_bytes())
        assert file.suffix == ".json"
        assert set(content) >= {"pid", "username", "hostname", "timestamp"}
    assert list((tmp_path / "l").iterdir()) == []


def test_a_second_holder_is_refused_in_words_that_are_recognised(tmp_path: Path) -> None:
    with StackLock(tmp_path / "l", silent):
        with (
            pytest.raises(StackLocked, match=r"the stack is currently locked by 1 lock\(s\)") as caught,
            StackLock(tmp_path / "l", silent),
        ):
            pass
        assert "\n  file://" in str(caught.value)
        assert "created by" in str(caught.value)
    with StackLock(tmp_path / "l", silent):
        pass


def test_a_lock_of_the_cli_is_respected_and_left(tmp_path: Path) -> None:
    file = tmp_path / "cli.json"
    file.write_text(json.dumps(FOREIGN))
    with pytest.raises(StackLocked, match="ann@elsewhere"), StackLock(tmp_path, silent):
        pass
    assert list(tmp_path.iterdir()) == [file]


def test_a_lock_that_cannot_be_read_is_respected(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(StackLocked), StackLock(tmp_path, silent):
        pass


KILLED = """
import os, pathlib, signal, sys
from embedded.engine.locks import StackLock
with StackLock(pathlib.Path(sys.argv[1]), print):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_lock_of_a_killed_run_of_ours_is_taken_away_and_said(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert len(list(tmp_path.glob("*.json"))) == 1
    warnings: list[str] = []
    with StackLock(tmp_path, warnings.append):
        assert len(list(tmp_path.glob("*.json"))) == 1
    assert ["ended without releasing it" in line for line in warnings] == [True]


def test_a_dead_looking_lock_of_another_machine_is_left(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({**FOREIGN, "flock": True}))
    with pytest.raises(StackLocked), StackLock(tmp_path, silent):
        pass


def test_cancel_takes_every_lock_away_and_succeeds_without_any(dev: Engine) -> None:
    dev.lock_folder.mkdir(parents=True, exist_ok=True)
    for name in ("a.json", "b.json"):
        (dev.lock_folder / name).write_text(json.dumps(FOREIGN))
    assert dev("stack", "rm", "--yes", "dev").code == 1
    assert dev("cancel").code == 2
    assert dev("cancel", "--yes", "--stack", "dev").code == 0
    assert list(dev.lock_folder.iterdir()) == []
    assert dev("cancel", "--yes").code == 0
    assert cancel(dev.lock_folder / "none") == 0


def test_a_locked_stack_can_be_read_and_previewed(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from embedded.engine import operations

    monkeypatch.setattr(operations, "run", lambda _request, _context: 0)
    dev.lock_folder.mkdir(parents=True, exist_ok=True)
    (dev.lock_folder / "a.json").write_text(json.dumps(FOREIGN))
    for line in ("stack ls --json", "stack output --json", "stack export", "preview"):
        assert dev(*line.split()).code == 0
    locked = dev("up", "--skip-preview")
    assert (locked.code, "the stack is currently locked by" in locked.err) == (1, True)
