"""In which order entries are deleted. Pure (engine-contract §4.5)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from embedded.engine import urns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from embedded.engine.state import Resource


def references(resource: Resource) -> Iterator[str]:
    """The URNs that must outlive a resource, its provider and parent first; the same URN may come more than once."""
    if resource.provider:
        yield urns.provider_urn(resource.provider)
    if resource.parent:
        yield resource.parent
    yield from resource.dependencies
    for needed in resource.property_dependencies.values():
        yield from needed
    if resource.deleted_with:
        yield resource.deleted_with
    yield from resource.replace_with


def antichains(entries: Sequence[Resource]) -> list[list[Resource]]:
    """Groups to delete one after the other, dependents first; members of a group do not need each other.

    `entries` are in the state's order, in which every reference points backwards. A reference that points forwards can
    only be to another generation of the same URN and says nothing about order.
    """
    needs = _needs(entries)
    height = [0] * len(entries)
    for index in range(len(entries) - 1, -1, -1):
        for needed in needs[index]:
            height[needed] = max(height[needed], height[index] + 1)
    groups: dict[int, list[Resource]] = defaultdict(list)
    for index, entry in enumerate(entries):
        groups[height[index]].append(entry)
    return [groups[level] for level in sorted(groups)]


def _needs(entries: Sequence[Resource]) -> list[set[int]]:
    seen: dict[str, list[int]] = defaultdict(list)
    needs: list[set[int]] = []
    for index, entry in enumerate(entries):
        needs.append({earlier for urn in set(references(entry)) for earlier in seen.get(urn, ())})
        seen[entry.urn].append(index)
    return needs


def needed_by(entries: Sequence[Resource], kept: Iterable[Resource]) -> list[Resource]:
    """The entries that `kept` ones need, directly or not, in the order of `entries`; `kept` are among them."""
    needs = _needs(entries)
    keep = {id(entry) for entry in kept}
    for index in range(len(entries) - 1, -1, -1):
        if id(entries[index]) in keep:
            keep.update(id(entries[needed]) for needed in needs[index])
    return [entry for entry in entries if id(entry) in keep]
