"""Gathers calls of many threads into bulk requests: one element is slow to write, a hundred in one request are not.

Knows how elements become batches and how a refused batch finds its culprit. Does not know what is sent, nor to whom.

There is no thread of its own: the first caller of a batch sends it, for all who joined. A batch leaves when its window has
passed or it is full; while others are being sent it keeps gathering, so batches grow by themselves under load.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, cast

from providers.errors import Conflict, Rejected, ServerFailure, TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Answers about content: another half of the batch may be accepted. Every other error concerns all, e.g. Unreachable.
_SPLIT = (Rejected, Conflict, ServerFailure)

# So many elements refused one after the other with a 5xx, each alone, and none accepted: the server is broken, not
# the elements. Without this limit a server that fails at everything would be asked 2n times.
_HOPELESS = 3


class RejectedItems(Exception):
    """A refused batch of which nothing was written, where the server said which elements were the reason.

    `by_index` maps positions in the batch to the error of that element; the others are sent again at once.
    """

    def __init__(self, by_index: Mapping[int, TargetError]) -> None:
        super().__init__(f"{len(by_index)} elements refused")
        self.by_index = dict(by_index)


class _Slot[T, R]:
    """One caller's element, and its answer or error once there is one."""

    __slots__ = ("error", "item", "response", "settled")

    def __init__(self, item: T) -> None:
        self.item = item
        self.response: R | None = None
        self.error: BaseException | None = None
        self.settled = False

    def succeed(self, response: R) -> None:
        self.response, self.settled = response, True

    def fail(self, error: BaseException) -> None:
        self.error, self.settled = error, True


class _Batch[T, R]:
    """Slots that travel together; `done` is set when each has its answer or error."""

    __slots__ = ("done", "opened", "slots")

    def __init__(self) -> None:
        self.slots: list[_Slot[T, R]] = []
        self.opened = time.monotonic()
        self.done = threading.Event()


class Batcher[T, R]:
    """Turns `submit(item)` of many threads into `send(items)` of few requests.

    Args:
        send: writes all of a list or nothing of it, and returns one answer per element in the same order. It is called
            from the submitting threads.
        window_s: seconds that the first element of a batch waits for others.
        limit: most elements of one request.
        gate: how many requests may be under way at once; several gatherers of one server share a gate. Default: one.
    """

    def __init__(
        self,
        send: Callable[[list[T]], list[R]],
        *,
        window_s: float = 0.02,
        limit: int = 100,
        gate: threading.Semaphore | None = None,
    ) -> None:
        self._send = send
        self._window_s = window_s
        self._limit = limit
        self._gate = gate or threading.Semaphore(1)
        self._open: _Batch[T, R] | None = None
        self._changed = threading.Condition()

    def submit(self, item: T) -> R:
        """Send one element with others; blocks until its own answer is there.

        Raises:
            TargetError: the server refused this very element, or could not be asked at all.
        """
        slot: _Slot[T, R] = _Slot(item)
        batch, leads = self._join(slot)
        if leads:
            self._lead(batch)
        else:
            batch.done.wait()
        if slot.error is not None:
            raise slot.error
        return cast("R", slot.response)

    @property
    def waiting(self) -> int:
        """How many elements are in the batch that still gathers."""
        with self._changed:
            return len(self._open.slots) if self._open else 0

    def _join(self, slot: _Slot[T, R]) -> tuple[_Batch[T, R], bool]:
        with self._changed:
            batch = self._open
            leads = batch is None
            if batch is None:
                batch = self._open = _Batch()
            batch.slots.append(slot)
            if len(batch.slots) >= self._limit:
                self._open = None
                self._changed.notify_all()
            return batch, leads

    def _lead(self, batch: _Batch[T, R]) -> None:
        try:
            self._wait_for_window(batch)
            with self._gate:  # the batch gathers until it is its turn
                self._close(batch)
                _Delivery(self._send).deliver(batch.slots)
        except BaseException as error:
            # Whatever stops the leader (also an interrupt) must not leave the others of its batch waiting for ever.
            self._close(batch)
            for slot in batch.slots:
                if not slot.settled:
                    slot.fail(error)
            raise
        finally:
            batch.done.set()

    def _wait_for_window(self, batch: _Batch[T, R]) -> None:
        leaves_at = batch.opened + self._window_s
        with self._changed:
            while self._open is batch and (rest := leaves_at - time.monotonic()) > 0:
                self._changed.wait(rest)

    def _close(self, batch: _Batch[T, R]) -> None:
        with self._changed:
            if self._open is batch:
                self._open = None


class _Delivery[T, R]:
    """Sends one batch, and smaller parts of it as long as parts are refused."""

    def __init__(self, send: Callable[[list[T]], list[R]]) -> None:
        self._send = send
        self._failed_in_a_row = 0

    def deliver(self, slots: list[_Slot[T, R]]) -> None:
        """Settle each slot, in order."""
        try:
            answers = self._send([slot.item for slot in slots])
        except RejectedItems as rejected:
            self._without(slots, rejected)
        except _SPLIT as error:
            self._split(slots, error)
        except Exception as error:  # settles the slots; every caller raises it
            self._fail_all(slots, error)
        else:
            self._failed_in_a_row = 0
            for slot, response in zip(slots, answers, strict=True):
                slot.succeed(response)

    def _without(self, slots: list[_Slot[T, R]], rejected: RejectedItems) -> None:
        rest = []
        for index, slot in enumerate(slots):
            if index in rejected.by_index:
                slot.fail(rejected.by_index[index])
            else:
                rest.append(slot)
        if len(rest) == len(slots):
            raise ValueError("a batch was refused without naming a culprit")
        if rest:
            self.deliver(rest)

    def _split(self, slots: list[_Slot[T, R]], error: TargetError) -> None:
        if len(slots) == 1:
            self._failed_in_a_row += isinstance(error, ServerFailure)
            slots[0].fail(error)
            return
        middle = len(slots) // 2
        for half in (slots[:middle], slots[middle:]):
            if self._failed_in_a_row >= _HOPELESS:
                self._fail_all(half, error)
            else:
                self.deliver(half)

    @staticmethod
    def _fail_all(slots: list[_Slot[T, R]], error: BaseException) -> None:
        for slot in slots:
            slot.fail(error)
