"""`python -m embedded.engine ARGS…`: the engine's command line as a program of its own.

The first interrupt or termination signal stops an operation in good order, the second at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from embedded.engine import console
from embedded.engine.command import execute
from embedded.engine.plugins.command import process

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.console import Console


def main() -> int:
    """Run the command line of this process. Returns the exit code."""
    cancel = threading.Event()

    def stop(number: int, _frame: object) -> None:
        if cancel.is_set():
            process.kill_all()
            os._exit(128 + number)
        cancel.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    out, err = _writer(sys.stdout.fileno()), _writer(sys.stderr.fileno())
    screen = console.of_terminal(out, cancel)
    return execute(
        sys.argv[1:],
        cwd=os.getcwd(),
        env=dict(os.environ),
        out=_lines(out, screen),
        err=_lines(err, screen),
        stdin=sys.stdin.read,
        cancel=cancel,
        console=screen,
    )


def _writer(descriptor: int) -> Callable[[str], None]:
    """Writes whole texts at once, unbuffered: nothing is lost when this process is killed."""

    def write(text: str) -> None:
        data = text.encode(errors="replace")
        while data:
            data = data[os.write(descriptor, data) :]

    return write


def _lines(write: Callable[[str], None], screen: Console | None) -> Callable[[str], None]:
    """Writes texts of one or several lines, on a terminal above what is drawn there."""
    if screen is None:
        return lambda text: write(f"{text}\n")
    return lambda text: screen.above(lambda: write(f"{text}\n"))


if __name__ == "__main__":
    sys.exit(main())
