"""The person at a terminal: what may be asked, and the screen that is redrawn while a run goes on.

`Console` is the only module that knows about escape sequences for moving the cursor; colours are `palette`'s.
"""

from __future__ import annotations

import getpass
import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_UP = "\x1b[{}A"
_CLEAR_REST = "\x1b[J"
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"


class Console:
    """A terminal for reading and writing. `draw` replaces what it drew before; `write` scrolls above it."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """`write` takes text as it is, without a newline of its own."""
        self._write = write
        self._drawn: list[str] = []
        self._lock = threading.Lock()

    def ask(self, prompt: str) -> str:
        """One line from the person; empty at the end of input."""
        self._write(prompt)
        return sys.stdin.readline().strip()

    def secret(self, prompt: str) -> str:
        """One line that is not shown."""
        return getpass.getpass(prompt)

    def size(self) -> tuple[int, int]:
        """(columns, lines) of the terminal."""
        size = shutil.get_terminal_size()
        return size.columns, size.lines

    def line(self, text: str) -> None:
        """A text of one or several lines that stays, above what is drawn."""
        with self._lock:
            self._write(self._erasing() + f"{text}\n" + self._drawing())

    def draw(self, lines: Sequence[str]) -> None:
        """Show these lines at the bottom, in place of the ones drawn before."""
        with self._lock:
            erase = self._erasing()
            self._drawn = list(lines)
            self._write(erase + self._drawing())

    def _erasing(self) -> str:
        return f"{_UP.format(len(self._drawn))}\r{_CLEAR_REST}" if self._drawn else ""

    def _drawing(self) -> str:
        return f"{_NO_WRAP}{''.join(f'{line}\n' for line in self._drawn)}{_WRAP}" if self._drawn else ""


def of_terminal(write: Callable[[str], None]) -> Console | None:
    """The console of this process, or None unless both its standard input and output are a capable terminal."""
    capable = os.environ.get("TERM", "") not in ("", "dumb")
    return Console(write) if capable and os.isatty(0) and os.isatty(1) else None
