"""The tree that is redrawn on a terminal while a run goes on: one row per resource, under its parent.

`Tree` knows rows and lays them out; `Live` draws it a few times a second. What does not change has no row.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedded.engine import urns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.engine.console import Console
    from embedded.engine.palette import Palette

_INTERVAL = 0.1
_FRAMES = "|/-\\"


@dataclass(slots=True)
class Row:
    """One resource."""

    urn: str
    parent: str
    sign: str = ""
    words: str = ""
    info: str = ""
    running_since: float | None = None
    touched: int = 0
    """Counts up: the row that was touched last has the highest."""


@dataclass(slots=True)
class Tree:
    """Rows by URN, in the order in which they came."""

    rows: dict[str, Row] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    """URN -> parent of what has no row of its own; it gets one when something below it has."""
    _count: int = 0
    done: int = 0

    def know(self, urn: str, parent: str) -> None:
        """A resource without changes."""
        self.hidden[urn] = parent

    def set(self, urn: str, parent: str, sign: str, words: str, *, since: float | None = None, info: str = "") -> None:
        """A resource is being worked on (`since`, on the clock of `lines`), or was."""
        row = self.rows.get(urn) or Row(urn, parent)
        self._count += 1
        row.sign, row.words, row.running_since, row.touched = sign, words, since, self._count
        row.info = info or row.info
        self.rows[urn] = row

    def drop(self, urn: str) -> None:
        """It turned out that nothing changes."""
        row = self.rows.pop(urn, None)
        if row is not None:
            self.hidden[urn] = row.parent

    def note(self, urn: str, message: str) -> None:
        """Something was said about a resource that has a row."""
        if urn in self.rows:
            self.rows[urn].info = message.strip().split("\n")[0]

    def lines(self, now: float, palette: Palette, most: int | None = None) -> list[str]:
        """The tree as text; with `most`, only the rows touched last, and one line that counts the others."""
        rows = list(self.rows.values())
        left_out = 0
        if most is not None and len(rows) > most:
            keep = {row.urn for row in sorted(rows, key=_importance)[-most:]}
            left_out = len(rows) - len(keep)
            rows = [row for row in rows if row.urn in keep]
        placed = list(self._placed({row.urn: row for row in rows}))
        width = max((len(branch) + len(_label(row.urn)) for branch, row in placed), default=0)
        lines = [_line(branch, row, width, now, palette) for branch, row in placed]
        return [*lines, f"    … {left_out} more"] if left_out else lines

    def _placed(self, rows: dict[str, Row]) -> Iterator[tuple[str, Row]]:
        """(branch, row), parents before children; parents without a row of their own are made up."""
        for row in list(rows.values()):
            parent = row.parent
            while parent and parent not in rows and (parent in self.hidden or parent in self.rows):
                known = self.rows.get(parent) or Row(parent, self.hidden.get(parent, ""))
                rows[parent] = known
                parent = known.parent
        children: dict[str, list[Row]] = {}
        for row in rows.values():
            children.setdefault(row.parent if row.parent in rows else "", []).append(row)
        stack = [(row, "", "") for row in reversed(children.get("", []))]
        while stack:
            row, branch, below = stack.pop()
            yield branch, row
            under = children.get(row.urn, [])
            for index, child in reversed(list(enumerate(under))):
                last = index == len(under) - 1
                stack.append((child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  ")))


def _importance(row: Row) -> tuple[bool, int]:
    return row.running_since is not None, row.touched


def _label(urn: str) -> str:
    return f"{urns.type_of(urn)} {urns.name_of(urn)}"


def _line(branch: str, row: Row, width: int, now: float, palette: Palette) -> str:
    words = row.words
    if row.running_since is not None:
        words = f"{words} ({now - row.running_since:.0f}s)"
    left = f"{branch}{_label(row.urn)}".ljust(width)
    return f" {palette.sign(row.sign, f'{row.sign:<2}')} {left}  {palette.sign(row.sign, words)} {row.info}".rstrip()


class Live:
    """Draws a tree until it is stopped. `tree` is changed and drawn under `lock`."""

    def __init__(self, console: Console, palette: Palette, lock: threading.Lock, title: str) -> None:
        self.tree = Tree()
        self._console = console
        self._palette = palette
        self._lock = lock
        self._title = title
        self._started = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live display", daemon=True)

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def stop(self) -> list[str]:
        """Draw no more, take away what was drawn, and return the whole tree as it is now."""
        self._stop.set()
        self._thread.join()
        self._console.draw([])
        return self.tree.lines(time.monotonic(), self._palette)

    def _run(self) -> None:
        frame = 0
        while not self._stop.wait(_INTERVAL):
            frame += 1
            _, height = self._console.size()
            with self._lock:
                now = time.monotonic()
                lines = self.tree.lines(now, self._palette, max(3, height - 4))
                running = sum(row.running_since is not None for row in self.tree.rows.values())
                done = self.tree.done
            spin = _FRAMES[frame % len(_FRAMES)]
            status = f"{spin} {self._title}: {done} done, {running} running, {now - self._started:.0f}s"
            self._console.draw([*lines, self._palette.paint("grey", status)])


def clock() -> float:
    """The clock that `Row.running_since` is on."""
    return time.monotonic()
