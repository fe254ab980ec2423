"""Runs one command as a child process and says what it cost: time, and memory of all its processes."""

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

SAMPLE_SECONDS = 0.1
#: Often enough for children that live for seconds, and a few milliseconds of work each.

MEGABYTE = 1_000_000
CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: wall and processor seconds, and peak memory in megabytes.

    `process_mb` is the resident set of the largest process (from the kernel, exact). `tree_mb` is the largest sum over the
    command and all its descendants at one moment, memory that they share counted once (sampled).
    """

    seconds: float
    cpu_seconds: float
    process_mb: float
    tree_mb: float


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
    process_mb = used["process_bytes"] / MEGABYTE
    return Cost(used["seconds"], used["cpu_seconds"], process_mb, max(sampler.peak / MEGABYTE, process_mb))


class _Sampler:
    """Watches the descendants of a process; `peak` is the largest sum of their memory in bytes."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak = 0

    def __enter__(self) -> _Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(_memory(pid) for pid in _descendants(self._pid)))


def _descendants(pid: int) -> Iterator[int]:
    try:
        groups = [Path(task, "children").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:  # it ended meanwhile
        return
    for child in (int(child) for group in groups for child in group):
        yield child
        yield from _descendants(child)


def _memory(pid: int) -> int:
    """Proportional set size in bytes; 0 once the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
