"""Long steps of a set-up: one set-up at a time, commands with progress lines, side by side, resumable.

Each step leaves either nothing or a finished result, so an interrupted set-up is picked up by doing it again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedded.services.errors import ServicesError
from embedded.services.files import remove_tree

if TYPE_CHECKING:
    from pathlib import Path

Progress = Callable[[str], None]
HEARTBEAT_SECONDS = 10.0
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Steps:
    """The running of one set-up: where progress is reported, whether it was given up, and the lock files it holds."""

    progress: Progress
    given_up: threading.Event = field(default_factory=threading.Event)
    _locks: list[int] = field(default_factory=list)

    def run(
        self,
        what: str,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        detail: Callable[[Path], str] | None = None,
    ) -> None:
        """Run a command to its end, its output in `log`, a line every 10 s; ServicesError when it fails.

        `environment` is added to the present one; `detail` makes a few words of the log for the progress line.
        """
        begun = time.monotonic()
        reported = begun
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            try:
                child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    cwd=cwd,
                    env={**os.environ, **(environment or {})},
                    # when we are killed, what we started works on and still holds the lock: nobody disturbs it
                    pass_fds=tuple(self._locks),
                )
            except OSError as error:
                raise ServicesError(f"{what}: cannot run {command[0]}: {error.strerror or error}") from error
        try:
            while child.poll() is None:
                if self.given_up.is_set():
                    raise ServicesError(f"{what}: given up, because another step failed; the next set-up resumes")
                time.sleep(_POLL_SECONDS)
                if time.monotonic() - reported >= HEARTBEAT_SECONDS:
                    reported = time.monotonic()
                    words = detail(log) if detail else ""
                    self.progress(f"{what}: {reported - begun:.0f} s{', ' + words if words else ''}")
        finally:
            _end(child)
        if child.returncode:
            words = " | ".join(line.strip()[:200] for line in _lines(log)[-2:]) or "it said nothing"
            raise ServicesError(f"{what} failed with exit code {child.returncode}: {words} (log: {log})")

    def side_by_side(self, jobs: Mapping[str, Callable[[], None]]) -> None:
        """Run independent jobs in threads; when one fails the others are given up and its error is raised."""
        with ThreadPoolExecutor(max_workers=max(1, len(jobs))) as pool:
            futures = [pool.submit(job) for job in jobs.values()]
            try:
                done, _ = wait(futures, return_when=FIRST_EXCEPTION)
                failed = next((one for one in done if one.exception()), None)
            except BaseException:
                # an interrupt arrives in this thread only: the children have to be ended by their own
                self.given_up.set()
                raise
            if failed is not None:
                self.given_up.set()
        for future in [failed] if failed is not None else futures:
            future.result()

    @contextlib.contextmanager
    def alone(self, lock: Path, what: str) -> Iterator[None]:
        """Hold a lock file; a second process waits and says so every 10 s.

        The system frees it when we and the commands that we ran have ended.
        """
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("a") as file:
            waited = 0.0
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if waited % HEARTBEAT_SECONDS < _POLL_SECONDS:
                        self.progress(f"{what}: another process is at it, waiting ({waited:.0f} s)")
                    time.sleep(_POLL_SECONDS)
                    waited += _POLL_SECONDS
            self._locks.append(file.fileno())
            try:
                yield
            finally:
                self._locks.remove(file.fileno())


def build_folder(target: Path, make: Callable[[Path], None]) -> bool:
    """Make a folder in one step: `make` fills a temporary one, which then gets its name. False when it was there.

    The temporary folder has a fixed name, `TARGET.part`, and is kept on failure, so that `make` can go on with it.
    """
    if target.exists():
        return False
    part = target.with_name(target.name + ".part")
    part.mkdir(parents=True, exist_ok=True)
    make(part)
    part.rename(target)
    return True


def restart_folder(part: Path) -> None:
    """Empty a folder whose content cannot be gone on with."""
    remove_tree(part)
    part.mkdir(parents=True)


def last_line(log: Path) -> str:
    """The last line of a log, cut to what fits into a progress line; empty when there is none yet."""
    lines = _lines(log)
    return lines[-1].strip()[:100] if lines else ""


def _lines(log: Path) -> list[str]:
    try:
        return log.read_text(errors="replace").strip().splitlines()
    except FileNotFoundError:
        return []


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child that still runs, politely first; it is our own child, so its id cannot be somebody else's."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
