"""When two values are the same: the rules that keep a clean fabric silent.

`{}`, `[]`, null and absent are equal, since the form a server stores depends on the object's history; `false`, `0` and `""`
are not absent. Pulumi carries every number as a double, so integral ones become integers again before a server sees them.
"""

from __future__ import annotations

from typing import Any

# Types whose values are in canonical form as they are.
_PLAIN = frozenset({str, int, bool})


class Missing:
    """The only instance is MISSING: no value at this place. It is not null."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


def integral(value: Any) -> Any:
    """The value with every integral float as an int, at any depth."""
    # No match statement: this runs over every value of every CR, several times a run.
    if isinstance(value, dict):
        return {key: item if type(item) in _PLAIN else integral(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [item if type(item) in _PLAIN else integral(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def without_nulls(value: Any) -> Any:
    """The value with integral numbers as integers and no null member of a mapping: Pulumi drops those, and so do servers."""
    match value:
        case dict():
            return {key: without_nulls(item) for key, item in value.items() if item is not None}
        case list() | tuple():
            return [without_nulls(item) for item in value]
        case _:
            return integral(value)


def is_empty(value: Any) -> bool:
    """Whether a value counts as absent: MISSING, null, {} or []."""
    return value is MISSING or value is None or (isinstance(value, dict | list) and not value)


def canonical(value: Any) -> Any:
    """The value in the one form that comparisons use: no empty member of a mapping, integers where integral.

    Elements of a list keep their places, so an empty element stays, as null. The result of an all-empty mapping is {}.
    Mappings and lists are new ones, at every depth.
    """
    if isinstance(value, dict):
        kept = {}
        for key, item in value.items():
            if type(item) not in _PLAIN:
                item = canonical(item)
                if item is None or item is MISSING or item == {} or item == []:
                    continue
            kept[key] = item
        return kept
    if isinstance(value, list | tuple):
        items = [item if type(item) in _PLAIN else canonical(item) for item in value]
        return [None if is_empty(item) else item for item in items]
    return integral(value)


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal in canonical form; an empty value equals an absent one, and true is not 1."""
    # Compared as they are, without making the canonical forms: this runs over every CR several times a run.
    if left is right:
        return True
    if type(left) is type(right) and type(left) in _PLAIN:
        return bool(left == right)
    if isinstance(left, dict) and isinstance(right, dict):
        return _same_members(left, right)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if _is_blank(left) or _is_blank(right):
        return _is_blank(left) and _is_blank(right)
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


def _same_members(left: dict[Any, Any], right: dict[Any, Any]) -> bool:
    for key, item in left.items():
        other = right.get(key, MISSING)
        if type(item) is type(other) and type(item) in _PLAIN:
            if item != other:
                return False
        elif not same(item, other):
            return False
    return all(_is_blank(right[key]) for key in right.keys() - left.keys())


def _is_blank(value: Any) -> bool:
    """Whether the canonical form of a value counts as absent: nothing, or a mapping of nothing but such values."""
    if isinstance(value, dict):
        return all(map(_is_blank, value.values()))
    return value is MISSING or value is None or (isinstance(value, list | tuple) and not value)
