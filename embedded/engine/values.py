"""Property values inside the engine: plain JSON values plus three markers.

A property value is None, bool, int, float, str, list or dict of values, or one of:
    Secret(value)              a value that must not be shown or stored in clear
    UNKNOWN                    a value that a preview cannot know yet
    ResourceRef(urn, id)       a reference to another resource
Numbers: the wire has only doubles; integral ones are ints in here, so that files and diffs do not churn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Unknown:
    """The only instance is UNKNOWN."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret value; equality looks at the plaintext, repr does not show it."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(...)"


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """A reference to a resource by URN and (for custom ones) id."""

    urn: str
    id: Any = None
    package_version: str = ""


def unwrap(value: Any) -> Any:
    """The value with every Secret marker removed, at any depth."""
    match value:
        case Secret(inner):
            return unwrap(inner)
        case dict():
            return {key: unwrap(item) for key, item in value.items()}
        case list():
            return [unwrap(item) for item in value]
        case _:
            return value


def has_unknown(value: Any) -> bool:
    """Whether UNKNOWN occurs anywhere inside."""
    match value:
        case Unknown():
            return True
        case Secret(inner):
            return has_unknown(inner)
        case dict():
            return any(has_unknown(item) for item in value.values())
        case list():
            return any(has_unknown(item) for item in value)
        case _:
            return False
