"""The events of one YAML document → its JSON value, by the rules of Kubernetes' parser, or why it is refused. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from gitops.scalars import TAG, key_text, resolve_plain, resolve_tagged

if TYPE_CHECKING:
    from collections.abc import Callable

_MERGE = object()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: bytes, documents, depth of nesting, and nodes that aliases may repeat in one document."""

    file_bytes: int = 16 * 1024 * 1024
    documents: int = 20_000
    depth: int = 100
    alias_nodes: int = 100_000


DEFAULT_LIMITS = Limits()


class Refused(Exception):
    """Readable YAML that Kubernetes, or we, refuse; `line` is 0-based within the chunk."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Builder:
    """Builds the JSON value of one document from its events."""

    def __init__(self, next_event: Callable[[], Any], limits: Limits) -> None:
        self._next = next_event
        self._limits = limits
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: set[str] = set()
        self._nodes = 0
        self._repeated = 0
        self._flow = 0

    def node(self, event: Any, depth: int) -> Any:
        """The value that starts with this event, which is already taken from the stream."""
        self._nodes += 1
        kind = event.__class__
        if kind is yaml.AliasEvent:
            return self._alias(event)
        anchor: str | None = event.anchor
        if anchor is not None:
            self._open.add(anchor)
        before = self._nodes
        if kind is yaml.ScalarEvent:
            if self._flow and not event.style and "?" in event.value:
                raise Refused(
                    event.start_mark.line, 'a "?" within [ ] or { } is no text to Kubernetes\' parser; quote it'
                )
            value: Any = scalar(event)
        elif depth >= self._limits.depth:
            raise Refused(event.start_mark.line, f"nested deeper than {self._limits.depth} levels")
        else:
            self._flow += event.flow_style
            value = self._mapping(depth + 1) if kind is yaml.MappingStartEvent else self._sequence(depth + 1)
            self._flow -= event.flow_style
        if anchor is not None:
            self._open.discard(anchor)
            self._anchors[anchor] = (value, self._nodes - before + 1)
        return value

    def _alias(self, event: Any) -> Any:
        line = event.start_mark.line
        if event.anchor in self._open:
            raise Refused(line, f"the anchor &{event.anchor} contains itself")
        if event.anchor not in self._anchors:
            raise Refused(line, f"the alias *{event.anchor} names no anchor that stands before it in this document")
        value, size = self._anchors[event.anchor]
        self._nodes += size
        self._repeated += size
        if self._repeated > self._limits.alias_nodes:
            raise Refused(line, f"aliases repeat more than {self._limits.alias_nodes} values; write them out")
        return value

    def _sequence(self, depth: int) -> list[Any]:
        values = []
        while (event := self._next()).__class__ is not yaml.SequenceEndEvent:
            values.append(self.node(event, depth))
        return values

    def _mapping(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: dict[str, Any] | None = None
        while (event := self._next()).__class__ is not yaml.MappingEndEvent:
            line = event.start_mark.line
            key = self._key(event, depth)
            value = self.node(self._next(), depth)
            if key is _MERGE:
                if merged is not None:
                    raise Refused(line, 'the key "<<" is written twice in one mapping')
                merged = _merged(line, value, values)
            elif key in values:
                raise Refused(line, f'the key "{key}" is written twice in one mapping')
            else:
                values[key] = value
        return values if merged is None else merged | values

    def _key(self, event: Any, depth: int) -> Any:
        if (
            event.__class__ is yaml.ScalarEvent
            and event.value == "<<"
            and (event.implicit[0] or event.tag == f"{TAG}merge")
        ):
            return _MERGE
        line: int = event.start_mark.line
        value = self.node(event, depth)
        if isinstance(value, dict | list):
            raise Refused(line, "a mapping or list cannot be a key")
        if event.__class__ is yaml.ScalarEvent and event.tag == f"{TAG}float":
            raise Refused(line, "a float cannot be a key; quote it")
        try:
            return key_text(value, event.value if event.__class__ is yaml.ScalarEvent else "")
        except ValueError as error:
            raise Refused(line, str(error)) from None


def _merged(line: int, value: Any, written: dict[str, Any]) -> dict[str, Any]:
    sources = value if isinstance(value, list) else [value]
    if not all(isinstance(source, dict) for source in sources):
        raise Refused(line, '"<<" takes a mapping or a list of mappings')
    merged: dict[str, Any] = {}
    for source in reversed(sources):  # earlier ones win
        merged.update(source)
    for key in written:
        if key in merged:
            # Kubernetes' parser lets the merge win here, the YAML standard the written key.
            raise Refused(line, f'"<<" would overrule the key "{key}" before it; put "<<" first')
    return merged


def scalar(event: Any) -> Any:
    """The value of one scalar event.

    Raises:
        Refused: Kubernetes cannot read it.
    """
    tag = event.tag
    try:
        if tag is None or tag == "!":
            return resolve_plain(event.value) if event.implicit[0] and tag is None else event.value
        return resolve_tagged(tag, event.value)
    except ValueError as error:
        raise Refused(event.start_mark.line, str(error)) from None
