"""What remains of a state when objects turn out to be gone: references to them go too. Pure (engine-contract §4.8)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from embedded.engine.state import Resource


def pruned(entry: Resource, gone: Set[str], parents: Mapping[str, str]) -> Resource:
    """The entry without references to gone URNs; the same object when it has none.

    A child of a gone parent moves to the grandparent; `parents` says who that is, for gone URNs.
    """
    parent = entry.parent
    while parent in gone:
        parent = parents.get(parent, "")
    kept = replace(
        entry,
        parent=parent,
        dependencies=[urn for urn in entry.dependencies if urn not in gone],
        property_dependencies={
            key: [urn for urn in needed if urn not in gone] for key, needed in entry.property_dependencies.items()
        },
        deleted_with="" if entry.deleted_with in gone else entry.deleted_with,
        replace_with=[urn for urn in entry.replace_with if urn not in gone],
    )
    return entry if kept == entry else kept
