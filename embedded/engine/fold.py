"""The state that results from a base state and the records of a run. Pure; `journal` feeds it live and after a crash.

Every entry has a slot: `b0`, `b1`, … for the entries of the base, `n…` for those of this run. The result is the entries
of the run in the order in which they came, then what is left of the base (engine-contract §5.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.aliases import renamed
from embedded.engine.state import PendingOperation, Resource, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fold:
    """The base state with the records so far applied to it."""

    def __init__(self, base: Snapshot, kept: Iterable[int]) -> None:
        """`kept` are the indices of the base's pending operations that stay: those of earlier runs."""
        self._base = base
        self.slots: dict[str, Resource] = {f"b{index}": resource for index, resource in enumerate(base.resources)}
        self.kept: list[PendingOperation] = [base.pending_operations[index] for index in kept]
        self.open: dict[int, PendingOperation] = {}

    def begin(self, token: int, operation: PendingOperation) -> None:
        """A provider call was begun."""
        self.open[token] = operation

    def end(self, token: int) -> None:
        """It is over. Raises KeyError when it never began."""
        del self.open[token]

    def put(self, new: str | None, resource: Resource | None, old: str | None) -> None:
        """Take the entry of slot `old` out, and put `resource` into slot `new`; the same slot keeps its position.

        Raises KeyError when there is no slot `old`.
        """
        if old is not None and old != new:
            del self.slots[old]
        if new is not None and resource is not None:
            self.slots[new] = resource

    def rename(self, old: str, new: str) -> dict[str, tuple[Resource, Resource]]:
        """Exchange a URN in every entry, references included. Returns what changed: slot -> (before, after)."""
        changed = {}
        for slot, resource in self.slots.items():
            after = renamed(resource, old, new)
            if after is not resource:
                changed[slot] = (resource, after)
        self.slots.update((slot, after) for slot, (_, after) in changed.items())
        return changed

    def clear(self, urn: str | None) -> None:
        """Drop the pending operations of earlier runs: all, or those of one URN."""
        self.kept = [operation for operation in self.kept if urn is not None and operation.resource.urn != urn]

    def snapshot(self) -> Snapshot:
        """The resulting state; the caller sorts it."""
        mine = [resource for slot, resource in self.slots.items() if slot[0] == "n"]
        left = [resource for slot, resource in self.slots.items() if slot[0] == "b"]
        base = self._base
        return Snapshot(
            resources=mine + left,
            pending_operations=[*self.kept, *self.open.values()],
            secrets_provider=base.secrets_provider,
            time=base.time,
            metadata=base.metadata,
            features=base.features,
            extra=base.extra,
        )


def kept_indices(base: Snapshot) -> list[int]:
    """Which pending operations of a state a new run keeps: creates, whose outcome nobody knows (engine-contract
    §4.6)."""
    return [index for index, operation in enumerate(base.pending_operations) if operation.type == "creating"]
