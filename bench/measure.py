"""Runs one command as a child process and says what it cost: time, and memory of it and of the processes it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

# Each look is a read of one small file a process, and a process tells its own peak, so few looks are enough.
SAMPLE_SECONDS = 0.2

MEGABYTE = 1_000_000
CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: wall and processor seconds (of all its processes), and peak memory in megabytes.

    `own_mb` is the peak of the command's own process, `child_mb` that of the largest process below it, 0 where none was seen.
    """

    seconds: float
    cpu_seconds: float
    own_mb: float
    child_mb: float


class CommandFailed(Exception):
    """A measured command did not do its work; the text has the end of its output."""


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    log: Path,
    environment: Mapping[str, str] | None = None,
    accept: Collection[int] = (0,),
) -> Cost:
    """Run a command to its end, its output in `log`, and return its cost.

    Raises:
        CommandFailed: it ended with a status that is not in `accept`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    report = log.with_suffix(".json")
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-S", str(CHILD), str(report), *argv],
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        with _Sampler(child.pid) as sampler:
            status = child.wait()
    if status not in accept:
        tail = log.read_text(errors="replace").strip().splitlines()[-15:]
        raise CommandFailed(f"{argv[0]} ended with status {status}, see {log}:\n" + "\n".join(tail))
    used = json.loads(report.read_text())
    # The kernel's figure is exact, and of the largest process; which of the two that was, only the looks tell.
    largest = used["process_bytes"] / MEGABYTE
    own, child = sampler.own / MEGABYTE, sampler.child / MEGABYTE
    own, child = (own, largest) if child > own else (largest, child)
    return Cost(used["seconds"], used["cpu_seconds"], own, child)


class _Sampler:
    """Watches the descendants of a process that runs one command; `own` and `child` are peaks in bytes, as in `Cost`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.own = 0
        self.child = 0

    def __enter__(self) -> _Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            for command in _children(self._pid):
                self.own = max(self.own, _peak(command))
                self.child = max(self.child, *(_peak(pid) for pid in _descendants(command)), 0)


def _descendants(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _children(pid: int) -> list[int]:
    try:
        groups = [Path(task, "children").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:  # it ended meanwhile
        return []
    return [int(child) for group in groups for child in group]


def _peak(pid: int) -> int:
    """The highest resident set of a process so far, in bytes; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
