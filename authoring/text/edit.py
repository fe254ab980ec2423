"""Text → text: changes a document's value by changing only the lines that carry the difference. Pure.

Comments, order, quotes, indentation and newlines survive. What an alias or a merge shares is written out where it must be,
so that nothing but the named value changes. Every result is read back: a text that would mean anything else is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from authoring.text import render, scalar_text
from authoring.text.nodes import (
    ALIAS,
    LIST,
    MAP,
    Node,
    document,
    same,
)
from authoring.text.splice import EditRefused, Splice

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EditRefused", "rewrite"]

_MOST_STEPS = 20_000


def rewrite(text: str, target: Any, ordinal: int = 0) -> str:
    """The text with document number `ordinal` meaning `target` (a JSON value); other documents stay as they are.

    Raises:
        EditRefused: it cannot be done in place.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    if not text.endswith("\n"):
        return _without_last_newline(text, target, ordinal, newline)
    for _ in range(_MOST_STEPS):
        root = _parsed(text, ordinal)
        if same(root.value, target):
            return text
        before = text
        text = _Step(text, root, newline).toward(target)
        if text == before:
            break
    raise EditRefused("the document cannot be changed in place; use --editor, or write it in the usual form")


def _without_last_newline(text: str, target: Any, ordinal: int, newline: str) -> str:
    """Change a text whose last line has no newline, which it gets only where the new last value needs it."""
    root = _parsed(text, ordinal)
    if same(root.value, target):
        return text
    after = rewrite(text + newline, target, ordinal)
    bare = after.removesuffix(newline)
    return bare if same(_parsed(bare, ordinal).value, target) else after


def _parsed(text: str, ordinal: int) -> Node:
    try:
        root = document(text, ordinal)
    except (yaml.YAMLError, ValueError, KeyError) as error:
        raise EditRefused(f"the file cannot be changed in place: {' '.join(str(error).split())}") from None
    if root is None:
        raise EditRefused("the document is empty")
    return root


class _Step:
    """One change of the text, toward the wanted value."""

    def __init__(self, text: str, root: Node, newline: str) -> None:
        self._root = root
        self._aliases = [node for node in root.walk() if node.kind == ALIAS]
        self._at = Splice(text, newline, 0)
        self._at = Splice(text, newline, self._list_indent())

    def toward(self, target: Any) -> str:
        if not isinstance(target, dict) or not target or self._root.kind != MAP or not self._root.entries:
            raise EditRefused("a document must be a mapping that is not empty, before and after")
        return self._node(self._root, target, None, 0)

    def _node(self, node: Node, target: Any, parent: Node | None, index: int) -> str:
        if node.kind == ALIAS:
            return self._expanded(node)
        for alias in self._aliases:
            if alias.target is node:
                return self._expanded(alias)
        if target and node.kind == MAP and node.entries and isinstance(target, dict):
            return self._map(node, target)
        if target and node.kind == LIST and node.items and isinstance(target, list):
            return self._list(node, target)
        assert parent is not None  # the root is a mapping, before and after
        return self._put(node, target, parent, index)

    def _map(self, node: Node, target: Mapping[str, Any]) -> str:
        for index, entry in enumerate(node.entries):
            if not entry.merge and entry.key in target and not same(entry.value.value, target[entry.key]):
                return self._node(entry.value, target[entry.key], node, index)
        for key, value in target.items():
            if key not in node.value or not same(node.value[key], value):
                return self._insert_entry(node, key, value)
        for index, entry in enumerate(node.entries):
            if not entry.merge and entry.key not in target:
                return self._delete_entry(node, index)
        return self._unmerged(node, target)

    def _unmerged(self, node: Node, target: Mapping[str, Any]) -> str:
        """A key that comes from a merge and has to go."""
        for index, entry in enumerate(node.entries):
            if not entry.merge:
                continue
            if entry.value.kind == ALIAS:
                return self._expanded(entry.value)
            sources = entry.value.items if entry.value.kind == LIST else [entry.value]
            for place, source in enumerate(sources):
                if source.kind == ALIAS:
                    return self._expanded(source)
                kept = {key: value for key, value in source.value.items() if key in target}
                if len(kept) < len(source.value):
                    return self._node(
                        source, kept, *((entry.value, place) if source is not entry.value else (node, index))
                    )
        raise EditRefused("a merged key cannot be taken away in place")

    def _list(self, node: Node, target: list[Any]) -> str:
        old = [item.value for item in node.items]
        head = 0
        while head < min(len(old), len(target)) and same(old[head], target[head]):
            head += 1
        tail = 0
        while tail < min(len(old), len(target)) - head and same(old[-1 - tail], target[-1 - tail]):
            tail += 1
        leaving, coming = len(old) - head - tail, len(target) - head - tail
        if leaving and coming:
            return self._node(node.items[head], target[head], node, head)
        return self._insert_item(node, head, target[head]) if coming else self._delete_item(node, head)

    def _put(self, node: Node, value: Any, parent: Node, index: int) -> str:
        if (alias := self._pinned(node)) is not None:
            return self._expanded(alias)
        at = self._at
        if parent.flow:
            return at.put(node, 0, 0, value, inside_flow=True)
        if parent.kind == MAP:
            key = parent.entries[index].key_node
            return at.put(node, at.colon(key) + 1, at.column(at.key_start(key)), value, inside_flow=False)
        dash = at.dash(node)
        return at.put_item(node, dash + 1, at.column(dash), value)

    def _insert_entry(self, node: Node, key: str, value: Any) -> str:
        at, last = self._at, node.entries[-1].value
        if node.flow:
            return at.replaced(last.end, last.end, f", {scalar_text.key(key)}: {scalar_text.flow(value)}")
        column = at.column(at.key_start(node.entries[0].key_node))
        return at.lines_after(last, render.entry(key, value, at.list_indent), column)

    def _delete_entry(self, node: Node, index: int) -> str:
        at, entry = self._at, node.entries[index]
        alias = self._pinned(entry.value) or self._pinned(entry.key_node)
        if alias is not None:
            return self._expanded(alias)
        following = node.entries[index + 1] if index + 1 < len(node.entries) else None
        start = entry.key_node.start if node.flow else at.key_start(entry.key_node)
        if node.flow:
            if following is not None:
                return at.replaced(start, following.key_node.start, "")
            return at.replaced(node.entries[index - 1].value.end, entry.value.end, "")
        if not at.text[at.bol(start) : start].strip(" \t") or following is None:
            return at.without_lines(start, entry.value)
        return self._delete_first(start, entry.value, at.key_start(following.key_node))

    def _delete_first(self, start: int, last: Node, following: int) -> str:
        """The first member on the line of a dash goes; the next one takes its place, unless a comment stands between."""
        at = self._at
        end = at.after(last)
        if at.text[end:following].strip():
            return at.replaced(start, end, "")
        return at.replaced(start, following, "")

    def _insert_item(self, node: Node, index: int, value: Any) -> str:
        at = self._at
        if node.flow:
            if index == len(node.items):
                return at.replaced(node.items[-1].end, node.items[-1].end, f", {scalar_text.flow(value)}")
            return at.replaced(node.items[index].start, node.items[index].start, f"{scalar_text.flow(value)}, ")
        lines = render.element(value, at.list_indent)
        dash = at.dash(node.items[0])
        if index:
            return at.lines_after(node.items[index - 1], lines, at.column(dash))
        indent = " " * at.column(dash)
        block = at.newline.join([lines[0], *render.indented(lines[1:], indent)])
        return at.replaced(dash, dash, block + at.newline + indent)

    def _delete_item(self, node: Node, index: int) -> str:
        at, item = self._at, node.items[index]
        if (alias := self._pinned(item)) is not None:
            return self._expanded(alias)
        following = node.items[index + 1] if index + 1 < len(node.items) else None
        if node.flow:
            if following is not None:
                return at.replaced(item.start, following.start, "")
            return at.replaced(node.items[index - 1].end, item.end, "")
        dash = at.dash(item)
        if not at.text[at.bol(dash) : dash].strip(" \t") or following is None:
            return at.without_lines(dash, item)
        return self._delete_first(dash, item, at.dash(following))

    def _pinned(self, node: Node) -> Node | None:
        """An alias elsewhere of something that would go with this node."""
        for alias in self._aliases:
            target = alias.target
            if target is not None and node.start <= target.start and target.end <= node.end:
                if node.start <= alias.start < node.end:
                    continue
                return alias
        return None

    def _expanded(self, alias: Node) -> str:
        return self._at.replaced(alias.start, alias.end, scalar_text.flow(alias.value))

    def _list_indent(self) -> int:
        """How this document indents lists under their key."""
        for node in self._root.walk():
            for entry in node.entries:
                if entry.value.kind == LIST and not entry.value.flow and entry.value.items and not node.flow:
                    dash = self._at.dash(entry.value.items[0])
                    if self._at.bol(dash) != self._at.bol(entry.key_node.start):
                        return max(0, self._at.column(dash) - self._at.column(entry.key_node.start))
        return 0
