"""When two values are the same: the rules that keep a clean fabric silent.

`{}`, `[]`, null and absent are equal, since the form a server stores depends on the object's history; `false`, `0` and `""`
are not absent. Pulumi carries every number as a double, so integral ones become integers again before a server sees them.
"""

from __future__ import annotations

from typing import Any


class Missing:
    """The only instance is MISSING: no value at this place. It is not null."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


def integral(value: Any) -> Any:
    """The value with every integral float as an int, at any depth."""
    match value:
        case bool():
            return value
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: integral(item) for key, item in value.items()}
        case list() | tuple():
            return [integral(item) for item in value]
        case _:
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
    """
    match value:
        case dict():
            kept = {key: canonical(item) for key, item in value.items()}
            return {key: item for key, item in kept.items() if not is_empty(item)}
        case list() | tuple():
            items = [canonical(item) for item in value]
            return [None if is_empty(item) else item for item in items]
        case _:
            return integral(value)


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal in canonical form; an empty value equals an absent one."""
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
