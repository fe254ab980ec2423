"""How Hedgehog's webhooks see an object: every field of a type, filled with its zero value where it is absent.

The real webhooks read a manifest into Go structs and write those out again, which shows: a number that does not fit is
refused, a struct is written even when it is empty, a zero value is not. A shape reads a value into such a view and
writes a view out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

# A dict with every field of a struct, a list, a dict of a map, a scalar, or None for an absent pointer, list or map.
type View = Any


class Unreadable(ValueError):
    """A value that does not fit its field; the text says which and why."""


class Shape(Protocol):
    """The type of a field."""

    def zero(self) -> View:
        """The view of a field that is absent."""

    def read(self, value: Any, path: str) -> View:
        """The view of a field's value; Unreadable when it has another type or does not fit."""

    def write(self, view: View) -> Any:
        """The value of a view."""

    def omitted(self, view: View) -> bool:
        """Whether the field is left out when its struct is written."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string, left out when empty unless `always`."""

    always: bool = False

    def zero(self) -> str:
        """Empty."""
        return ""

    def read(self, value: Any, path: str) -> str:
        """Take a string."""
        if not isinstance(value, str):
            raise _mismatch(value, path, "string")
        return value

    def write(self, view: str) -> str:
        """Itself."""
        return view

    def omitted(self, view: str) -> bool:
        """When empty, unless it is always written."""
        return view == "" and not self.always


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean, left out when false."""

    def zero(self) -> bool:
        """False."""
        return False

    def read(self, value: Any, path: str) -> bool:
        """Take a boolean."""
        if not isinstance(value, bool):
            raise _mismatch(value, path, "bool")
        return value

    def write(self, view: bool) -> bool:
        """Itself."""
        return view

    def omitted(self, view: bool) -> bool:
        """When false."""
        return not view


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from 0 that fits into `bits`; left out when 0 unless `always`."""

    bits: int
    always: bool = False

    def zero(self) -> int:
        """0."""
        return 0

    def read(self, value: Any, path: str) -> int:
        """Take a whole number in range."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _mismatch(value, path, f"uint{self.bits}")
        if not isinstance(value, int) or not 0 <= value < 1 << self.bits:
            raise Unreadable(f"{path}: {value} does not fit into uint{self.bits}")
        return value

    def write(self, view: int) -> int:
        """Itself."""
        return view

    def omitted(self, view: int) -> bool:
        """When 0, unless it is always written."""
        return view == 0 and not self.always


@dataclass(frozen=True, slots=True)
class Pointer:
    """A value that can be absent, and is written whenever it is there, zero or not."""

    to: Shape

    def zero(self) -> None:
        """Absent."""

    def read(self, value: Any, path: str) -> View:
        """What it points to."""
        return None if value is None else self.to.read(value, path)

    def write(self, view: View) -> Any:
        """What it points to."""
        return None if view is None else self.to.write(view)

    def omitted(self, view: View) -> bool:
        """When absent."""
        return view is None


@dataclass(frozen=True, slots=True)
class Items:
    """A list, left out when absent or empty unless `always`; absent and empty are different views."""

    of: Shape
    always: bool = False

    def zero(self) -> None:
        """Absent."""

    def read(self, value: Any, path: str) -> list[View] | None:
        """Every element."""
        if value is None:
            return None
        if not isinstance(value, list):
            raise _mismatch(value, path, "list")
        return [self.of.read(each, path) for each in value]

    def write(self, view: list[View] | None) -> Any:
        """Every element."""
        return None if view is None else [self.of.write(each) for each in view]

    def omitted(self, view: list[View] | None) -> bool:
        """When absent or empty, unless it is always written."""
        return not view and not self.always


@dataclass(frozen=True, slots=True)
class Entries:
    """A map by string, left out when absent or empty; absent and empty are different views."""

    of: Shape

    def zero(self) -> None:
        """Absent."""

    def read(self, value: Any, path: str) -> dict[str, View] | None:
        """Every entry."""
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise _mismatch(value, path, "map")
        return {key: self.of.read(each, path) for key, each in value.items()}

    def write(self, view: dict[str, View] | None) -> Any:
        """Every entry."""
        return None if view is None else {key: self.of.write(each) for key, each in view.items()}

    def omitted(self, view: dict[str, View] | None) -> bool:
        """When absent or empty."""
        return not view


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct: every field by name; always written, an empty one as {}."""

    fields: Mapping[str, Shape]

    def zero(self) -> dict[str, View]:
        """Every field at its zero."""
        return {name: shape.zero() for name, shape in self.fields.items()}

    def read(self, value: Any, path: str) -> dict[str, View]:
        """Every field; what the type does not know is passed over."""
        if value is None:
            return self.zero()
        if not isinstance(value, Mapping):
            raise _mismatch(value, path, "struct")
        return {
            name: shape.zero() if value.get(name) is None else shape.read(value[name], f"{path}.{name}")
            for name, shape in self.fields.items()
        }

    def write(self, view: dict[str, View]) -> dict[str, Any]:
        """Every field that is not left out."""
        return {name: shape.write(view[name]) for name, shape in self.fields.items() if not shape.omitted(view[name])}

    def omitted(self, view: View) -> bool:  # noqa: ARG002 - a struct is written whatever it holds
        """Never."""
        return False


def _mismatch(value: Any, path: str, wanted: str) -> Unreadable:
    found = {bool: "bool", str: "string", int: "number", float: "number", list: "array", dict: "object"}
    return Unreadable(f"{path}: cannot read a {found.get(type(value), 'value')} as {wanted}")


class Refused(Exception):
    """A rule does not let the object through; the text goes to the client."""
