"""When two values are the same: the rules that keep a clean fabric silent.

`{}`, `[]`, null and absent are equal, since the form a server stores depends on the object's history; `false`, `0` and `""`
are not absent. Pulumi carries every number as a double, so integral ones become integers again before a server sees them.
"""

from __future__ import annotations

import json
from typing import Any

_PLAIN = frozenset({str, int, bool})
#: Types whose values are in canonical form as they are.


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


_written = json.JSONEncoder(sort_keys=True, check_circular=False).encode
#: Tells true from 1, as Python's == does not.


def _alike(left: Any, right: Any) -> bool:
    """Whether two values are the same as they are: nearly always so in a fabric in sync, and ten times cheaper to find out."""
    if left is right:
        return True
    if type(left) is not type(right) or left != right:
        return False
    if not isinstance(left, dict | list):
        return True
    try:
        return _written(left) == _written(right)
    except (TypeError, ValueError):  # not JSON: something is MISSING inside
        return False


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal in canonical form; an empty value equals an absent one."""
    if _alike(left, right):
        return True
    left, right = canonical(left), canonical(right)
    if is_empty(left) and is_empty(right):
        return True
    return bool(_typed(left) == _typed(right))


def _typed(value: Any) -> Any:
    """Tell true from 1, which Python holds to be equal."""
    match value:
        case bool():
            return ("bool", value)
        case dict():
            return {key: _typed(item) for key, item in value.items()}
        case list():
            return [_typed(item) for item in value]
        case _:
            return value
