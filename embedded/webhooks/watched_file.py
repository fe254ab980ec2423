"""A file that is read again when it changes."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class WatchedFile[T]:
    """What `read` makes of a file, which need not be there; asked often, read when it changed.

    A file that `read` refuses with ValueError is told of on standard error, and what was read before still holds.
    """

    def __init__(self, path: Path, read: Callable[[Path], T]) -> None:
        self._path = path
        self._read = read
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._value: T | None = None

    def __call__(self) -> T:
        """The value of the file as it is now."""
        seen = self._stamp()
        with self._lock:
            if self._value is None:
                self._value, self._seen = self._read(self._path), seen
            elif seen != self._seen:
                self._seen = seen
                try:
                    self._value = self._read(self._path)
                except ValueError as error:
                    print(f"{self._path}: {error}", file=sys.stderr, flush=True)  # noqa: T201 - the server's log
            return self._value

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)
