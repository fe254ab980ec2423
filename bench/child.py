"""Runs one command and writes what the kernel says it used: `python -S bench/child.py REPORT COMMAND [ARGUMENT…]`.

A process of its own because a child starts with its parent's peak memory as its own: the parent has to be small.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def main() -> int:
    """Run the command; the exit status is its own."""
    report, *argv = sys.argv[1:]
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            os.execvp(argv[0], argv)
        except OSError as error:
            os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    facts = {
        "seconds": time.monotonic() - started,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        # ru_maxrss is in KiB on Linux: that of the largest of the command and the descendants it waited for
        "process_bytes": usage.ru_maxrss * 1024,
    }
    Path(report).write_text(json.dumps(facts))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
