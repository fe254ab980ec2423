"""What has to be deleted before a resource that is deleted to be created anew. Pure (engine-contract §4.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from embedded.engine import urns
from embedded.engine.values import UNKNOWN

if TYPE_CHECKING:
    from embedded.engine.state import Resource

type Asks = Callable[[Resource, dict[str, Any]], bool]


def dependents(entries: Sequence[Resource], root: str, claimed: Callable[[str], bool], asks: Asks) -> list[Resource]:
    """The entries that are replaced along with `root`, in the order of `entries` (the state's).

    An entry goes along when it is deleted or replaced with one that goes, when its provider goes, or when that would
    replace it if the inputs that depend on those were unknown: `asks(entry, inputs)` says that. What the program has
    registered already does not depend on `root` any more; components and what is only read never go.
    """
    going = {root}
    found: list[Resource] = []
    for entry in entries:
        if entry.urn in going or entry.delete or entry.pending_replacement or claimed(entry.urn):
            continue
        if not entry.custom or entry.external or urns.is_provider(entry.type):
            continue
        along = not going.isdisjoint((entry.deleted_with, urns.provider_urn(entry.provider), *entry.replace_with))
        if along or _would_be_replaced(entry, going, asks):
            going.add(entry.urn)
            found.append(entry)
    return found


def _would_be_replaced(entry: Resource, going: set[str], asks: Asks) -> bool:
    touched = {key for key, needed in entry.property_dependencies.items() if not going.isdisjoint(needed)}
    if not touched.intersection(entry.inputs):
        return False
    inputs = {key: UNKNOWN if key in touched else value for key, value in entry.inputs.items()}
    return asks(entry, inputs)
