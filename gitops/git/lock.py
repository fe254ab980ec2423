"""Runs of one machine take turns by a lock file, which the system frees when a run ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from providers.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Seconds to wait for another run.
LOCK_DEADLINE = 600.0


@contextmanager
def alone(path: Path, doing: str) -> Iterator[Callable[[], None]]:
    """Hold the lock file alone, until the given function is called to share it with others that do so.

    Raises:
        GitError: another run has been `doing` it for longer than the deadline.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + LOCK_DEADLINE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise GitError(
                        f"another run has been {doing} for {LOCK_DEADLINE:.0f} s (lock {path}); wait for it or end it"
                    ) from None
                time.sleep(0.05)
        yield lambda: fcntl.flock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)
