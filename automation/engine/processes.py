"""What runs on this machine under a process id, by /proc, or by `ps` where there is none."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PS_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its program's name, when it started (seconds since the epoch), and whether it has ended."""

    name: str
    started: float
    is_zombie: bool = False


def running(pid: int) -> Process | None:
    """The process of this id; None where there is none. Where it cannot be looked at, it counts as a living CLI."""
    if pid <= 0:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:  # another user's
        pass
    with contextlib.suppress(OSError, ValueError, IndexError):
        return _from_proc(pid)
    with contextlib.suppress(OSError, ValueError, IndexError, subprocess.SubprocessError):
        return _from_ps(pid)
    return Process("pulumi", 0.0)


def _from_proc(pid: int) -> Process:
    stat = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    # The name stands in parentheses and may hold some; state and start time are the 1st and 20th field after them.
    name, _, rest = stat[stat.index("(") + 1 :].rpartition(")")
    fields = rest.split()
    since_boot = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    uptime = float((_PROC / "uptime").read_text("ascii").split()[0])
    return Process(name, time.time() - uptime + since_boot, fields[0] in "ZX")


def _from_ps(pid: int) -> Process:
    asked = subprocess.run(
        ["ps", "-o", "stat=,lstart=,comm=", "-p", str(pid)],
        capture_output=True,
        text=True,
        timeout=_PS_SECONDS,
        env={**os.environ, "LC_ALL": "C"},
        check=True,
    )
    fields = asked.stdout.split(None, 6)
    started = time.mktime(time.strptime(" ".join(fields[1:6]), "%a %b %d %H:%M:%S %Y"))
    return Process(Path(fields[6].strip()).name, started, fields[0].startswith("Z"))
