"""The person at a terminal: what may be asked, and the screen that is redrawn while a run goes on.

`Console` is the only module that knows about escape sequences for moving the cursor; colours are `palette`'s.
"""

from __future__ import annotations

import getpass
import os
import select
import shutil
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_UP = "\x1b[{}A"
_CLEAR_REST = "\x1b[J"
_PATIENCE = 0.2
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"


class Console:
    """A terminal for reading and writing. `draw` replaces what it drew before; `write` scrolls above it."""

    def __init__(self, write: Callable[[str], None], cancel: threading.Event) -> None:
        """`write` takes text as it is, without a newline of its own. `cancel`, once set, ends every question."""
        self._write = write
        self._cancel = cancel
        self._drawn: list[str] = []
        self._lock = threading.Lock()

    def ask(self, prompt: str) -> str | None:
        """One line from the person; None at the end of input, or when the run was canceled instead."""
        self._write(prompt)
        while not select.select([sys.stdin], [], [], _PATIENCE)[0]:
            if self._cancel.is_set():
                self._write("\n")
                return None
        return sys.stdin.readline().strip() or None

    def secret(self, prompt: str) -> str:
        """One line that is not shown."""
        return getpass.getpass(prompt)

    def size(self) -> tuple[int, int]:
        """(columns, lines) of the terminal."""
        size = shutil.get_terminal_size()
        return size.columns, size.lines

    def above(self, write: Callable[[], None]) -> None:
        """Let `write` write whole lines that stay, above what is drawn."""
        with self._lock:
            if self._drawn:
                self._write(self._erasing())
            write()
            if self._drawn:
                self._write(self._drawing())

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


def of_terminal(write: Callable[[str], None], cancel: threading.Event) -> Console | None:
    """The console of this process, or None unless both its standard input and output are a capable terminal."""
    capable = os.environ.get("TERM", "") not in ("", "dumb")
    return Console(write, cancel) if capable and os.isatty(0) and os.isatty(1) else None
