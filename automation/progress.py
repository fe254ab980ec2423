"""What a person sees while a run goes on: a line per phase with counts. `Progress` writes to a stream.

Terminals get one line that changes; everything else (files, pipes, --no-progress) gets plain lines, one at the start of a
phase that says something and one at its end, and at most one each few seconds in between.
"""

from __future__ import annotations

import io
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator

_REDRAW_SECONDS = 0.1
_PLAIN_SECONDS = 5.0
_ERASE = "\r\x1b[2K"

# After so long without a word a person wonders whether it hangs.
_SILENT_SECONDS = 15.0


@dataclass(slots=True)
class Progress:
    """Writes phase lines to `stream` (stderr); `live` redraws one line, as terminals can. Quiet writes nothing."""

    stream: IO[str]
    live: bool = False
    quiet: bool = False
    prefix: str = ""
    clock: Callable[[], float] = time.monotonic
    _pending: str = field(default="")
    _drawn: bool = False
    _at: float = field(default=-1e9)
    _last: str = ""
    _since: float = 0.0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def line(self, text: str) -> None:
        """A line that stays."""
        if self.quiet:
            return
        with self._lock:
            self.end()
            self._write(f"{self.prefix}{text}\n")

    def update(self, text: str) -> None:
        """The present phase's line; the next one replaces it."""
        if self.quiet:
            return
        with self._lock:
            now = self.clock()
            self._pending = self._last = text
            self._since = now
            if now - self._at >= (_REDRAW_SECONDS if self.live else _PLAIN_SECONDS):
                self._show(text, now)

    def tick(self) -> None:
        """Time passes: say that the present phase still goes on, where nothing was said for 15 s."""
        if self.quiet or not self._last:
            return
        with self._lock:
            now = self.clock()
            if now - max(self._since, self._at) >= (1.0 if self.live else _SILENT_SECONDS):
                self._pending = self._last
                self._show(f"{self._last} … still at it after {now - self._since:.0f} s", now)

    def end(self) -> None:
        """Close the present phase: its last line stays."""
        if self.quiet:
            return
        with self._lock:
            if self._pending or self._drawn:
                self._write(f"{_ERASE if self._drawn else ''}{self.prefix}{self._pending or self._last}\n")
            self._pending, self._last, self._drawn, self._at = "", "", False, -1e9

    def _show(self, text: str, now: float) -> None:
        self._at = now
        if self.live:
            self._write(f"{_ERASE}{self.prefix}{text}")
            self._drawn = True
        else:
            self._write(f"{self.prefix}{text}\n")
            self._pending = ""

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


@contextmanager
def ticking(progress: Progress, seconds: float = 1.0) -> Iterator[None]:
    """Let the progress notice the time while the block runs; the phase is closed at its end."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(seconds):
            progress.tick()

    thread = threading.Thread(target=tick, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        progress.end()


def silent() -> Progress:
    """For scripts: nothing is written."""
    return Progress(io.StringIO(), quiet=True)


@contextmanager
def timed(log: logging.Logger, phase: str) -> Iterator[None]:
    """Log how long a phase took, for `make bench` and for whoever asks why a run is slow."""
    started = time.monotonic()
    try:
        yield
    finally:
        log_phase(log, phase, started)


def log_phase(log: logging.Logger, phase: str, started: float) -> None:
    """Log that a phase which began at `started` (time.monotonic) has ended."""
    log.debug("phase %s took %.3f s", phase, time.monotonic() - started)
