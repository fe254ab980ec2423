"""Cancelling a run: the first request ends it in good order, a second one at once."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_SECONDS = 0.1


def run_interruptible(
    work: Callable[[], None], asked: threading.Event, cancel: Callable[[], None], abort: Callable[[], None]
) -> None:
    """Do `work` in another thread and return when it is done; raises what it raised.

    `cancel` is called when `asked` is set, or on the first KeyboardInterrupt of this thread (a program that uses the
    engine as a library gets those here); `abort` on every further one. Neither may block.
    """
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # handed to the caller, whatever it is
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    threading.Thread(target=run, name="operation", daemon=True).start()
    requests = 0
    while True:
        try:
            while not _done(outcome):
                if asked.is_set() and requests == 0:
                    requests = 1
                    cancel()
            break
        except KeyboardInterrupt:
            requests += 1
            (cancel if requests == 1 else abort)()
    outcome.result()


def _done(outcome: Future[None]) -> bool:
    """Whether it has ended, within a moment; waiting in short pieces keeps this thread open to interrupts."""
    try:
        outcome.exception(_POLL_SECONDS)
    except TimeoutError:
        return False
    return True
