"""Taking over an object that is in the cluster already: what would change in it, and whose that is. Pure.

Owned by others are only properties that adopting would change: as with server-side apply, agreeing with somebody is no
conflict. A property that nobody is recorded to own (`metadata.managedFields`) is nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from providers.core import ownership, sections
from providers.core.diff import FieldChange, changes
from providers.core.equality import same
from providers.core.field_path import FieldPath, dotted
from providers.core.identity import FABRIC_LABEL, FIELD_MANAGER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from providers.core.identity import ObjectRef

_NAMED = 3
_METADATA = ("labels", "annotations")


@dataclass(frozen=True, slots=True)
class Adoption:
    """What adopting one object changes, path by path from "cluster", and the other managers that own such a property.

    Our label, which every adopted object gets, is no change here. `note` says why no dry run was asked, or is "".
    """

    ref: ObjectRef
    changes: tuple[FieldChange, ...] = ()
    owned: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""

    @property
    def identical(self) -> bool:
        """Whether the object stays as it is."""
        return not self.changes


def unmanaged(live: Mapping[str, Any]) -> bool:
    """Whether no fabric's label is on an object."""
    return FABRIC_LABEL not in (live["metadata"].get("labels") or {})


def is_identical(desired: sections.Section, live: Mapping[str, Any]) -> bool:
    """Whether an object says exactly what Git does, so that the server need not be asked what it would make of it."""
    return same(_without_ours(sections.cluster_section(live, desired)), _without_ours(desired))


def adoption(
    ref: ObjectRef,
    desired: sections.Section,
    live: Mapping[str, Any],
    response: Mapping[str, Any] | None,
    note: str = "",
) -> Adoption:
    """What becomes of a live object that Git names.

    Args:
        ref: which.
        wish: the cluster section of Git's inputs.
        live: the object.
        answer: what the server would store (a dry run); None where it was not asked, and Git's own words count.
        note: why it was not asked.
    """
    after = desired if response is None else sections.cluster_section(response, desired)
    before = sections.cluster_section(live, desired)
    found = tuple(
        FieldChange(("cluster", *one.path), one.old, one.new)
        for one in changes(_without_ours(before), _without_ours(after))
    )
    owned = {dotted(one.path): _others(live, one.path[1:]) for one in found} if unmanaged(live) else {}
    return Adoption(ref, found, {path: names for path, names in owned.items() if names}, note)


def _others(live: Mapping[str, Any], path: FieldPath) -> tuple[str, ...]:
    inside = ("metadata", *path) if path[0] in _METADATA else path
    return tuple(name for name in ownership.owners(live, inside) if name != FIELD_MANAGER)


def _without_ours(section: sections.Section) -> sections.Section:
    labels = {key: value for key, value in (section.get("labels") or {}).items() if key != FABRIC_LABEL}
    return {**section, "labels": labels}


def refusal(found: Collection[Adoption]) -> str:
    """The line about objects whose properties belong to others; "" where there are none."""
    taken = [one for one in sorted(found, key=lambda one: one.ref) if one.owned]
    if not taken:
        return ""
    named = [
        f"{one.ref}: {', '.join(f'{path.removeprefix("cluster.")} ({", ".join(names)})' for path, names in _first(one))}"
        for one in taken[:_NAMED]
    ]
    more = f"; and {len(taken) - _NAMED} more CRs" if len(taken) > _NAMED else ""
    return (
        f"refused to take over what other field managers own in {len(taken)} CR{'s' * (len(taken) > 1)} that would be "
        f"adopted: {'; '.join(named)}{more}; nothing was written. Write into Git what the cluster has, or allow it with stack "
        f"config hhsync:forceConflicts=true"
    )


def _first(one: Adoption) -> list[tuple[str, tuple[str, ...]]]:
    return sorted(one.owned.items())[:_NAMED]
