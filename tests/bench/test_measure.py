"""What the benchmark says about a command is what the kernel says: status, time of children, peak memory."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bench.measure import CommandFailed, run

if TYPE_CHECKING:
    from pathlib import Path

HOLD = "import sys, time; held = bytearray(int(sys.argv[1])); time.sleep(0.5)"


def _holding(*megabytes: int) -> list[str]:
    """A command whose children hold so much memory at one time."""
    children = [f"[sys.executable, '-c', {HOLD!r}, '{each}000000']" for each in megabytes]
    starts = ", ".join(f"subprocess.Popen({child})" for child in children)
    return [sys.executable, "-c", f"import subprocess, sys; [c.wait() for c in [{starts}]]"]


def test_the_memory_of_the_largest_process_below_the_command_counts_apart(tmp_path: Path) -> None:
    cost = run(_holding(100, 200), cwd=tmp_path, log=tmp_path / "log")
    assert cost.own_mb < 50 < 200 < cost.child_mb < 300


def test_the_commands_own_memory_counts_apart(tmp_path: Path) -> None:
    cost = run([sys.executable, "-c", HOLD, "200000000"], cwd=tmp_path, log=tmp_path / "log")
    assert (200 < cost.own_mb < 300, cost.child_mb) == (True, 0)


def test_the_callers_own_memory_does_not_count(tmp_path: Path) -> None:
    held = bytearray(300_000_000)
    cost = run(["true"], cwd=tmp_path, log=tmp_path / "log")
    assert len(held) == 300_000_000
    assert cost.own_mb < 50


def test_the_command_gets_its_environment_and_folder(tmp_path: Path) -> None:
    run(["sh", "-c", "echo $WORD; pwd"], cwd=tmp_path, log=tmp_path / "log", environment={"WORD": "told"})
    assert (tmp_path / "log").read_text().split() == ["told", str(tmp_path)]


def test_a_command_that_fails_is_an_error_with_the_end_of_its_output(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"(?s)sh ended with status 3.*no such fabric"):
        run(["sh", "-c", "echo no such fabric >&2; exit 3"], cwd=tmp_path, log=tmp_path / "log")


def test_a_command_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="no-such-command"):
        run(["no-such-command"], cwd=tmp_path, log=tmp_path / "log")


def test_a_status_that_is_expected_is_no_error(tmp_path: Path) -> None:
    assert run(["sh", "-c", "exit 2"], cwd=tmp_path, log=tmp_path / "log", accept=(0, 2)).seconds >= 0
