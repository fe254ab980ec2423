"""What a run has done so far, step by step, so that nothing a server accepted is lost when the process is killed.

`Journal` is the live side: steps are reported to it from any thread, it writes them to the journal file, and it knows
the state that results. The file and its recovery are `journal_file`'s, the rule for what results is `fold`'s.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from embedded.engine.checkpoint import encode_resource
from embedded.engine.fold import Fold, kept_indices
from embedded.engine.state import PendingOperation, Resource, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.checkpoint import Seal
    from embedded.engine.journal_file import JournalFile

OperationType = Literal["creating", "updating", "deleting", "reading", "importing"]


class Journal:
    """The state of a stack while a run changes it. Every method may be called from any thread.

    The rule for `old` and `new`: a Resource *object* is an entry of the state, known by identity. The base snapshot's
    objects are known from the start, and so is every object handed over as `new`. Do not change a known object except
    to hand it over again by `write`.

    A provider call that changes something:
        token = journal.begin("creating", goal)      # before the call; durable when it returns
        journal.finish(token, new=entry)             # after a create: entry has the id; durable when it returns
        journal.finish(token, new=entry, old=old)    # after an update
        journal.finish(token, old=old)               # after a delete
        journal.abandon(token)                       # the server refused: nothing happened
    A step without a provider call; durable with the next call, since a new run would find it again by itself:
        journal.write(entry, old=old)                # same, component, alias rename
        journal.write(entry)                         # new, or known and changed in place
        journal.remove(old)                          # discard, component delete
        journal.rename(old_urn, new_urn)             # an alias matched: the entry and every reference to it
    """

    def __init__(
        self, base: Snapshot, *, seal: Seal | None = None, start: Callable[[list[int]], JournalFile] | None = None
    ) -> None:
        """`start(kept)` opens the file on the first record; without it everything stays in memory (previews, tests)."""
        self._lock = threading.RLock()
        self._seal = seal
        self._next = 0
        self._renamed: list[Resource] = []
        """Entries from before a rename: kept, since they are known by identity."""
        self._fold = Fold(Snapshot(), ())
        self.dirty = False
        """Whether anything was recorded, since the state was saved last, that changes it."""
        self.rebase(base, start)

    def rebase(self, base: Snapshot, start: Callable[[list[int]], JournalFile] | None) -> None:
        """Go on from a state that was just saved; calls that are under way stay so. For whoever saves."""
        with self._lock:
            still_open = self._fold.open
            under_way = {id(operation) for operation in still_open.values()}
            kept = [i for i in kept_indices(base) if id(base.pending_operations[i]) not in under_way]
            self._start = start
            self._kept = kept
            self._file: JournalFile | None = None
            self._fold = Fold(base, kept)
            self._slot_of = {id(resource): slot for slot, resource in self._fold.slots.items()}
            durable = [self._begin(token, operation) for token, operation in still_open.items()]
            self.dirty = False
        for wait in durable:
            wait()

    def begin(self, operation: OperationType, resource: Resource) -> int:
        """A provider call is about to be made. Returns the token that `finish` or `abandon` takes.

        Until then the state has a pending operation with `resource`: the goal without id for a create, else the old
        entry.
        """
        with self._lock:
            self._next += 1
            token = self._next
            wait = self._begin(token, PendingOperation(operation, resource))
        wait()
        return token

    def _begin(self, token: int, operation: PendingOperation) -> Callable[[], None]:
        self._fold.begin(token, operation)
        self.dirty = True
        return self._record({"record": "begin", "token": token, "type": operation.type}, operation.resource)

    def finish(self, token: int, *, new: Resource | None = None, old: Resource | None = None) -> None:
        """The call succeeded: `new` is now in the state, `old` no longer. Raises KeyError for an unknown token or
        `old`."""
        with self._lock:
            self._fold.end(token)
            wait = self._put({"record": "end", "token": token}, new, old)
        wait()

    def abandon(self, token: int) -> None:
        """The call failed and changed nothing: the pending operation goes, the state stays."""
        self.finish(token)

    def write(self, new: Resource, *, old: Resource | None = None) -> None:
        """Put `new` in the state, in place of `old` when given. A known `new` was changed in place and stays there."""
        with self._lock:
            self._put({"record": "put"}, new, old)

    def remove(self, old: Resource) -> None:
        """Take a known entry out of the state."""
        with self._lock:
            self._put({"record": "put"}, None, old)

    def rename(self, old: str, new: str) -> dict[int, Resource]:
        """Exchange a URN everywhere, in one record. Returns the entries now known, by the identity of those before.

        Whoever still holds an entry from before may hand it over as `old`.
        """
        with self._lock:
            changed = self._fold.rename(old, new)
            for slot, (before, after) in changed.items():
                self._slot_of[id(after)] = slot
                self._renamed.append(before)
            self.dirty = True
            self._record({"record": "rename", "old": old, "new": new})
            return {id(before): after for before, after in changed.values()}

    def clear_pending(self, urn: str | None = None) -> None:
        """Drop the pending creates of earlier runs: all, or those of one URN."""
        with self._lock:
            if not any(urn in (None, operation.resource.urn) for operation in self._fold.kept):
                return
            self._fold.clear(urn)
            self.dirty = True
            self._record({"record": "clear", "urn": urn})

    def pending(self) -> list[PendingOperation]:
        """The operations that earlier runs began and nobody knows the outcome of."""
        with self._lock:
            return list(self._fold.kept)

    def snapshot(self) -> Snapshot:
        """The state as of now, not yet sorted: entries of this run as they came, then the rest of the base."""
        with self._lock:
            return self._fold.snapshot()

    def note_saving(self, state: str) -> None:
        """For whoever saves, inside `lock`: the state with this digest is about to be written."""
        if self._file is not None:
            self._file.wait(self._file.append({"record": "saved", "state": state}))

    def flush(self) -> None:
        """Return when everything reported so far is durable, steps without a provider call included."""
        with self._lock:
            file = self._file
        if file is not None:
            file.wait(file.appended)

    @property
    def lock(self) -> threading.RLock:
        """To hold while the state is saved, so that no record falls between the state and the next journal."""
        return self._lock

    def close(self) -> None:
        """Stop writing; the file stays where it is."""
        with self._lock:
            if self._file is not None:
                self._file.close()

    def _put(self, record: dict[str, Any], new: Resource | None, old: Resource | None) -> Callable[[], None]:
        """Apply and record one change. A `new` that says the same as `old` is recorded without its content."""
        old_slot = self._slot_of.pop(id(old)) if old is not None and old is not new else None
        slot = None if new is None else self._slot_of.get(id(new)) or self._slot_for(old_slot)
        same = old is not None and old is not new and new == old
        self._fold.put(slot, new, old_slot)
        if new is not None and slot is not None:
            self._slot_of[id(new)] = slot
        self.dirty = self.dirty or not same
        for key, value in (("old", old_slot), ("new", slot), ("same", same or None)):
            if value is not None:
                record[key] = value
        return self._record(record, None if same else new)

    def _slot_for(self, old_slot: str | None) -> str:
        if old_slot is not None and old_slot[0] == "n":
            return old_slot
        self._next += 1
        return f"n{self._next}"

    def _record(self, record: dict[str, Any], resource: Resource | None = None) -> Callable[[], None]:
        """Write the record, if there is a file. What is returned waits until it is durable; call it without the
        lock."""
        if self._start is None or self._seal is None:
            return _nothing
        file = self._file = self._file or self._start(self._kept)
        if resource is not None:
            record["resource"] = encode_resource(resource, self._seal)
        return partial(file.wait, file.append(record))


def _nothing() -> None:
    pass
