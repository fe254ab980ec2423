"""What a run has done so far, step by step, so that nothing a server accepted is lost when the process is killed.

`Journal` is the live side: steps are reported to it from any thread, and it knows the state that results (`snapshot`).
"""

from __future__ import annotations

import threading
from typing import Literal

from embedded.engine.state import PendingOperation, Resource, Snapshot

OperationType = Literal["creating", "updating", "deleting", "reading", "importing"]


class Journal:
    """The state of a stack while a run changes it. Every method may be called from any thread.

    The rule for `old` and `new`: a Resource *object* is an entry of the state, known by identity. The base snapshot's
    objects are known from the start, and so is every object handed over as `new`. Do not change a known object except
    to hand it over again by `write`.

    A provider call that changes something:
        token = journal.begin("creating", goal)              # before the call; durable when it returns
        journal.finish(token, new=entry)                     # after a create: entry has the id
        journal.finish(token, new=entry, old=old)            # after an update
        journal.finish(token, old=old)                       # after a delete
        journal.abandon(token)                               # the server refused: nothing happened
    A step without a provider call:
        journal.write(entry, old=old)                        # same, component, alias rename
        journal.write(entry)                                 # new, or known and changed in place
        journal.remove(old)                                  # discard, component delete
    """

    def __init__(self, base: Snapshot) -> None:
        self._lock = threading.RLock()
        self._next = 0
        self._reset(base)

    def _reset(self, base: Snapshot) -> None:
        self._base = base
        self._slots: dict[str, Resource] = {f"b{i}": resource for i, resource in enumerate(base.resources)}
        self._slot_of: dict[int, str] = {id(resource): slot for slot, resource in self._slots.items()}
        self._open: dict[int, PendingOperation] = {}
        self._kept = [operation for operation in base.pending_operations if operation.type == "creating"]

    def begin(self, operation: OperationType, resource: Resource) -> int:
        """A provider call is about to be made. Returns the token that `finish` or `abandon` takes.

        `resource` is copied into the state as a pending operation until then: the goal without id for a create, else
        the old entry.
        """
        with self._lock:
            self._next += 1
            self._open[self._next] = PendingOperation(operation, resource)
            return self._next

    def finish(self, token: int, *, new: Resource | None = None, old: Resource | None = None) -> None:
        """The call succeeded: `new` is now in the state, `old` no longer. Raises KeyError for a token or `old` that
        is not known."""
        with self._lock:
            del self._open[token]
            self._put(new, old)

    def abandon(self, token: int) -> None:
        """The call failed and changed nothing: the pending operation goes, the state stays."""
        with self._lock:
            del self._open[token]

    def write(self, new: Resource, *, old: Resource | None = None) -> None:
        """Put `new` in the state, in place of `old` when given. A known `new` is an entry changed in place; it keeps
        its position."""
        with self._lock:
            self._put(new, old)

    def remove(self, old: Resource) -> None:
        """Take a known entry out of the state."""
        with self._lock:
            self._put(None, old)

    def clear_pending(self, urn: str | None = None) -> None:
        """Drop the pending creates of earlier runs: all, or those of one URN."""
        with self._lock:
            self._kept = [op for op in self._kept if urn is not None and op.resource.urn != urn]

    def snapshot(self) -> Snapshot:
        """The state as of now: entries of this run in completion order, then what is left of the base in its order
        (not yet sorted)."""
        with self._lock:
            mine = [resource for slot, resource in self._slots.items() if slot[0] == "n"]
            left = [resource for slot, resource in self._slots.items() if slot[0] == "b"]
            return Snapshot(
                resources=mine + left,
                pending_operations=[*self._kept, *self._open.values()],
                secrets_provider=self._base.secrets_provider,
                time=self._base.time,
                metadata=self._base.metadata,
            )

    def _put(self, new: Resource | None, old: Resource | None) -> None:
        if old is not None and old is not new:
            slot = self._slot_of.pop(id(old))
            if slot[0] == "n" and new is not None and id(new) not in self._slot_of:
                self._slots[slot] = new
                self._slot_of[id(new)] = slot
                return
            del self._slots[slot]
        if new is not None and id(new) not in self._slot_of:
            self._next += 1
            slot = f"n{self._next}"
            self._slots[slot] = new
            self._slot_of[id(new)] = slot
