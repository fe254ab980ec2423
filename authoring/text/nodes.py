"""The text of one YAML document as a tree of nodes that know where they stand. Pure.

Values follow `gitops.scalars`, the rules of Kubernetes' parser. The tree serves edits: every node has its span in the text,
so that a change touches its own characters only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from gitops.scalars import (
    TAG,
    key_text,
    resolve_plain,
    resolve_tagged,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MAP, LIST, SCALAR, ALIAS = "map", "list", "scalar", "alias"
_DEEPEST = 100


@dataclass(slots=True, eq=False)
class Entry:
    """One member of a mapping. `key` is the JSON text of the key; a merge ("<<") has `merge` set."""

    key: str
    key_node: Node
    value: Node
    merge: bool = False


@dataclass(slots=True, eq=False)
class Node:
    """A value in the text: [start, end) are character indexes, tags and anchors included, trailing blanks and comments not.

    `raw_end` is where the parser stopped: behind the blank lines that end a block scalar. `style` is a scalar's: "" (plain),
    "'", '"', "|" or ">". `flow` tells a collection in brackets. `target` is what an alias stands for.
    """

    kind: str
    start: int
    end: int
    value: Any = None
    style: str = ""
    flow: bool = False
    anchor: str | None = None
    raw_end: int = 0
    entries: list[Entry] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    target: Node | None = None

    @property
    def is_absent(self) -> bool:
        """Whether nothing is written here, which means null."""
        return self.kind == SCALAR and self.end == self.start

    def children(self) -> Iterator[Node]:
        """Keys, values and items, in the order of the text."""
        for entry in self.entries:
            yield entry.key_node
            yield entry.value
        yield from self.items

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order of the text; aliases are not followed."""
        yield self
        for child in self.children():
            yield from child.walk()


def document(text: str, ordinal: int = 0) -> Node | None:
    """The root of document number `ordinal` of a text that `gitops.documents` accepts; None where it is empty.

    Raises:
        yaml.YAMLError, ValueError: the text is not such a text.
    """
    events: Any = yaml.CSafeLoader(text)
    while ordinal >= 0:
        event = events.get_event()
        if isinstance(event, yaml.StreamEndEvent):
            return None
        ordinal -= isinstance(event, yaml.DocumentStartEvent)
    return _Composer(text, events).node(events.get_event(), 0)


class _Composer:
    def __init__(self, text: str, events: Any) -> None:
        self._text = text
        self._events = events
        self._anchors: dict[str, Node] = {}

    def node(self, event: Any, depth: int) -> Node:
        if depth > _DEEPEST:
            raise ValueError(f"nested deeper than {_DEEPEST} levels")
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.AliasEvent):
            target = self._anchors[str(event.anchor)]
            return Node(ALIAS, start, end, target.value, raw_end=end, target=target)
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(event, depth)
        else:
            node = self._sequence(event, depth)
        node.anchor = event.anchor
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _scalar(self, event: Any) -> Node:
        start, raw_end = event.start_mark.index, event.end_mark.index
        plain = event.implicit[0] and event.tag is None
        style = "" if event.style in (None, "") else str(event.style)
        written = self._text[start:raw_end].rstrip() if style in ("", "|", ">") else self._text[start:raw_end]
        if plain and event.value == "" and not style and event.anchor is None:
            written = ""
        value: Any = event.value
        if event.tag not in (None, "!"):
            value = resolve_tagged(event.tag, event.value)
        elif plain and event.tag is None:
            value = resolve_plain(event.value)
        return Node(SCALAR, start, start + len(written), value, style=style, raw_end=max(raw_end, start))

    def _sequence(self, event: Any, depth: int) -> Node:
        node = Node(LIST, event.start_mark.index, event.end_mark.index, flow=bool(event.flow_style))
        while not isinstance(event := self._events.get_event(), yaml.SequenceEndEvent):
            node.items.append(self.node(event, depth + 1))
        node.value = [item.value for item in node.items]
        self._close(node, event)
        return node

    def _mapping(self, event: Any, depth: int) -> Node:
        node = Node(MAP, event.start_mark.index, event.end_mark.index, flow=bool(event.flow_style))
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        while not isinstance(event := self._events.get_event(), yaml.MappingEndEvent):
            is_merge = isinstance(event, yaml.ScalarEvent) and event.value == "<<"
            is_merge = is_merge and (event.implicit[0] or event.tag == f"{TAG}merge")
            key_node = self.node(event, depth + 1)
            value = self.node(self._events.get_event(), depth + 1)
            key = "<<" if is_merge else key_text(key_node.value)
            node.entries.append(Entry(key, key_node, value, is_merge))
            if is_merge:
                sources = value.value if isinstance(value.value, list) else [value.value]
                for source in reversed(sources):
                    merged.update(source)
            else:
                own[key] = value.value
        node.value = merged | own
        self._close(node, event)
        return node

    def _close(self, node: Node, event: Any) -> None:
        """A collection in brackets ends with its bracket, a block with its last child."""
        if node.flow:
            node.end = node.raw_end = event.end_mark.index
            return
        last = node.entries[-1].value if node.entries else node.items[-1]
        node.end, node.raw_end = last.end, last.raw_end


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal, 1 and true told apart, the order of keys left aside."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)
