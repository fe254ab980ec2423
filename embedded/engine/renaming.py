"""A state under another stack or project name: every URN in it says the new one. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedded.engine import urns
from embedded.engine.state import PendingOperation, Resource, Snapshot

if TYPE_CHECKING:
    from embedded.engine.backend import StackRef


def renamed(snapshot: Snapshot, old: StackRef, new: StackRef) -> Snapshot:
    """The state of stack `old` as that of stack `new`; URNs of other stacks stay as they are."""
    names = _Names(old, new)
    return replace(
        snapshot,
        resources=[names.entry(resource) for resource in snapshot.resources],
        pending_operations=[
            PendingOperation(operation.type, names.entry(operation.resource))
            for operation in snapshot.pending_operations
        ],
    )


class _Names:
    def __init__(self, old: StackRef, new: StackRef) -> None:
        self._prefix, self._new_prefix = (f"urn:pulumi:{ref.name}::{ref.project}::" for ref in (old, new))
        root, new_root = urns.stack_urn(old.name, old.project), urns.stack_urn(new.name, new.project)
        self._whole = {root: new_root}

    def urn(self, urn: str) -> str:
        """A URN of the old stack as one of the new stack; also the URN of a provider reference."""
        if urn in self._whole:
            return self._whole[urn]
        return self._new_prefix + urn.removeprefix(self._prefix) if urn.startswith(self._prefix) else urn

    def entry(self, entry: Resource) -> Resource:
        """A state entry with all its references."""
        extra = dict(entry.extra)
        if isinstance(extra.get("viewOf"), str):
            extra["viewOf"] = self.urn(extra["viewOf"])
        return replace(
            entry,
            urn=self.urn(entry.urn),
            parent=self.urn(entry.parent),
            dependencies=[self.urn(urn) for urn in entry.dependencies],
            property_dependencies={
                key: [self.urn(urn) for urn in listed] for key, listed in entry.property_dependencies.items()
            },
            provider=self.urn(entry.provider),
            deleted_with=self.urn(entry.deleted_with),
            replace_with=[self.urn(urn) for urn in entry.replace_with],
            aliases=[self.urn(urn) for urn in entry.aliases],
            extra=extra,
        )
