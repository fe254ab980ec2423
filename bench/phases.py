"""Where a command's time went, read from the debug log that hhsync keeps of each run in `.hhsync/log/`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PHASE = re.compile(r": phase (?P<name>.+?) took (?P<seconds>[0-9.]+) s$", re.MULTILINE)


def phases(text: str) -> dict[str, float]:
    """Wall seconds by phase, in the log's order; a phase that comes again counts in sum."""
    found: dict[str, float] = {}
    for match in _PHASE.finditer(text):
        found[match["name"]] = found.get(match["name"], 0.0) + float(match["seconds"])
    return found


def newest(folder: Path) -> str:
    """The text of the newest log in a folder; "" where there is none."""
    logs = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime_ns)
    return logs[-1].read_text("utf-8", "replace") if logs else ""
