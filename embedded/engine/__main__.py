"""`python -m embedded.engine ARGS…`: the engine's command line as a program of its own.

The first interrupt or termination signal stops an operation in good order, the second at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from embedded.engine.command import execute

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> int:
    """Run the command line of this process. Returns the exit code."""
    cancel = threading.Event()

    def stop(number: int, _frame: object) -> None:
        if cancel.is_set():
            os._exit(128 + number)
        cancel.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return execute(
        sys.argv[1:],
        cwd=os.getcwd(),
        env=dict(os.environ),
        out=_writer(sys.stdout.fileno()),
        err=_writer(sys.stderr.fileno()),
        stdin=sys.stdin.read,
        cancel=cancel,
    )


def _writer(descriptor: int) -> Callable[[str], None]:
    """Writes whole texts at once, unbuffered: nothing is lost when this process is killed."""

    def write(text: str) -> None:
        data = f"{text}\n".encode(errors="replace")
        while data:
            data = data[os.write(descriptor, data) :]

    return write


if __name__ == "__main__":
    sys.exit(main())
