"""The difference of two values, property by property; its application; and the overlay of live changes on Git's wish.

Paths are tuples of mapping keys and list indexes. Laws, held by property tests:
    changes(x, x) is empty        patch(x, changes(x, y)) is y in canonical form        overlay(d, r, r) is d
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.core.equality import (
    MISSING,
    canonical,
    is_empty,
    same,
)
from providers.core.field_path import FieldPath, dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One property: `old` or `new` is MISSING where the property is absent on that side."""

    path: FieldPath
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {_shown(self.old)} => {_shown(self.new)}"


def _shown(value: Any) -> str:
    return "(absent)" if value is MISSING else repr(value)


def changes(old: Any, new: Any) -> list[FieldChange]:
    """What turns `old` into `new`, deepest paths first named, in sorted key order. Compares canonical forms."""
    return [] if same(old, new) else list(_changes(canonical(old), canonical(new), ()))


def _changes(old: Any, new: Any, path: FieldPath) -> Iterator[FieldChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _changes(old.get(key, MISSING), new.get(key, MISSING), (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _changes(left, right, (*path, index))
    elif not same(old, new):
        yield FieldChange(path, old, new)


def patch(value: Any, differences: Iterable[FieldChange]) -> Any:
    """The canonical form of `value` with the changes made; the input stays as it is."""
    result = canonical(value)
    for change in differences:
        if not change.path:
            result = copy.deepcopy(change.new)
            continue
        parent = result
        for step in change.path[:-1]:
            parent = parent[step] if isinstance(step, int) else parent.setdefault(step, {})
        last = change.path[-1]
        if change.new is MISSING and isinstance(parent, dict):
            parent.pop(last, None)
        else:
            parent[last] = copy.deepcopy(change.new)
    return canonical(result)


def overlay(desired: Any, recorded: Any, live: Any) -> Any:
    """`desired`, with only those places replaced by the live value where `live` differs from `recorded`.

    `recorded` is what the server answered to our last write. What the server filled in, sorted or dropped by itself is the
    same in `recorded` and `live`, and so does not show. MISSING on a side means that the side has no such value.
    """
    if same(recorded, live):
        return desired
    if isinstance(recorded, dict) and isinstance(live, dict) and (desired is MISSING or isinstance(desired, dict)):
        wanted: dict[str, Any] = desired if isinstance(desired, dict) else {}
        merged = {}
        for key in [*wanted, *sorted((recorded.keys() | live.keys()) - wanted.keys())]:
            value = overlay(wanted.get(key, MISSING), recorded.get(key, MISSING), live.get(key, MISSING))
            if value is not MISSING:
                merged[key] = value
        return MISSING if desired is MISSING and is_empty(merged) else merged
    if _aligned(desired, recorded, live):
        return [overlay(*three) for three in zip(desired, recorded, live, strict=True)]
    return live


def _aligned(*values: Any) -> bool:
    return all(isinstance(value, list) for value in values) and len({len(value) for value in values}) == 1
