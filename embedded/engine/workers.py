"""Threads for calls that may never come back.

Every call runs in a daemon thread of its own kind of pool: the caller waits with a deadline and gives up on it without
waiting for the thread, and `abort` releases all callers at once. Threads are kept for the next call.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, InvalidStateError
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class DeadlineExceeded(Exception):
    """A call did not come back in time; its thread goes on, its result is thrown away."""


class Aborted(Exception):
    """The pool was told to give up on everything."""


class Workers:
    """A pool of daemon threads that grows as needed; `prepare` runs first in each."""

    def __init__(self, prepare: Callable[[], None] = lambda: None) -> None:
        self._prepare = prepare
        self._queue: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._lock = threading.Lock()
        self._spare = 0
        self._open: set[Future[Any]] = set()
        self._aborted = False

    def call[T](self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns or raises. Raises DeadlineExceeded or Aborted when it did not end in time."""
        future: Future[T] = Future()
        self._submit(future, work)
        try:
            return future.result(seconds)
        except TimeoutError:
            if future.done():
                return future.result()
            raise DeadlineExceeded from None
        finally:
            with self._lock:
                self._open.discard(future)

    def abort(self) -> None:
        """Make every waiting and future call raise Aborted."""
        with self._lock:
            self._aborted = True
            waiting = list(self._open)
        for future in waiting:
            _settle(future, error=Aborted())

    def _submit(self, future: Future[Any], work: Callable[[], Any]) -> None:
        with self._lock:
            if self._aborted:
                raise Aborted
            self._open.add(future)
            needed = self._spare == 0
            if not needed:
                self._spare -= 1
        self._queue.put((future, work))
        if needed:
            threading.Thread(target=self._run, name="provider-call", daemon=True).start()

    def _run(self) -> None:
        self._prepare()
        while True:
            future, work = self._queue.get()
            try:
                result = work()
            except BaseException as error:  # whatever user code raises belongs to the caller
                _settle(future, error=error)
            else:
                _settle(future, result=result)
            with self._lock:
                self._spare += 1


def _settle(future: Future[Any], *, result: Any = None, error: BaseException | None = None) -> None:
    try:
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
    except InvalidStateError:
        return  # the caller has given up, or the pool was aborted
