"""Cancelling a run: the first request ends it cleanly, a second one at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.deployment import Deployment

_POLL_SECONDS = 0.1


class Interrupts:
    """Watches the cancel event of a run while it is open.

    The event is cleared when it has been acted on, so that whoever sets it again asks for an end at once: provider
    calls are then given up, whatever they are doing.
    """

    def __init__(self, cancel: threading.Event, deployment: Deployment, abort: Callable[[], None]) -> None:
        self._cancel = cancel
        self._deployment = deployment
        self._abort = abort
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="cancel-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            if not self._cancel.is_set():
                continue
            self._cancel.clear()
            if self._deployment.canceled:
                self._abort()
                return
            self._deployment.cancel()
            self._deployment.reporter.diagnostic("warning", "canceling: running steps are finished, no new ones start")
