"""A document as people wrote it → the one form that hhsync gives a file of its own. Pure: same text, same bytes.

Kept: every value, the order of the fields below metadata and spec, and comments. Changed: block style, indentation by two,
quotes only where needed, aliases and merges written out, LF. Left out: what servers write (status, uid, …), kubectl's copy
of the object, and tools' timestamps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authoring.text import render, scalar_text, timestamps
from authoring.text.comments import Attached, Comments, attach
from authoring.text.nodes import (
    ALIAS,
    LIST,
    MAP,
    Node,
    document,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_ORDER = ("apiVersion", "kind", "metadata", "spec")
_METADATA_ORDER = ("name", "namespace", "labels", "annotations")
_SERVERS = frozenset(
    {"resourceVersion", "uid", "generation", "creationTimestamp", "selfLink", "managedFields", "deletionTimestamp"}
    | {"deletionGracePeriodSeconds"}
)


def stripped(value: dict[str, Any]) -> dict[str, Any]:
    """The object without what servers and tools write into it."""
    result = {key: item for key, item in value.items() if key != "status"}
    metadata = result.get("metadata")
    if isinstance(metadata, dict):
        kept = {key: item for key, item in metadata.items() if key not in _SERVERS}
        notes = kept.get("annotations")
        if isinstance(notes, dict):
            kept["annotations"] = {key: item for key, item in notes.items() if not timestamps.is_left_behind(key, item)}
            if notes and not kept["annotations"]:
                del kept["annotations"]
        result["metadata"] = kept
    return result


def ordered(value: dict[str, Any]) -> dict[str, Any]:
    """The object with apiVersion, kind, metadata and spec first, and name first in metadata."""
    result = _sorted(value, _ORDER)
    if isinstance(result.get("metadata"), dict):
        result["metadata"] = _sorted(result["metadata"], _METADATA_ORDER)
    return result


def plain(value: dict[str, Any]) -> bytes:
    """The file of an object that has no text of its own yet."""
    return render.render(ordered(stripped(value)))


def normalised(
    text: str, prefix: tuple[str | int, ...] = (), ordinal: int = 0, fill: dict[str, Any] | None = None
) -> bytes:
    """The file for one document (or, with `prefix`, one item of a List in it), comments included.

    `text` holds the document alone, or with `ordinal` others before it; `fill` are apiVersion and kind of an item of a typed
    list, which may leave them out.

    Raises:
        yaml.YAMLError, ValueError: the text cannot be read.
    """
    root = document(text, ordinal)
    if root is None:
        raise ValueError("the document is empty")
    attached = attach(text, root)
    node = root
    for step in prefix:
        node = _below(node, step)
    whole = ordered(stripped({**(fill or {}), **node.value}))
    comments = _Tree(attached)
    lines = comments.map_lines(node, whole)
    if not prefix:
        lines = [*_kept(attached.above), *lines, *_kept(attached.below)]
    else:
        own = attached.of(node)
        lines = [*_kept(own.above), *_kept(own.beside), *lines, *_kept(own.below)]
    return ("\n".join(lines) + "\n").encode()


def _below(node: Node, step: str | int) -> Node:
    while node.kind == ALIAS and node.target is not None:
        node = node.target
    if isinstance(step, int):
        return node.items[step]
    return next(entry.value for entry in node.entries if entry.key == step)


def _kept(comments: Iterable[str]) -> list[str]:
    return [comment for comment in comments if not timestamps.is_stamp(comment)]


def _sorted(value: dict[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    return {
        key: value[key]
        for key in (*(key for key in first if key in value), *(key for key in value if key not in first))
    }


class _Tree:
    """Renders values in block style, with the comments of the nodes that they come from."""

    def __init__(self, attached: Attached) -> None:
        self._attached = attached

    def map_lines(self, node: Node | None, value: dict[str, Any]) -> list[str]:
        """The members of a mapping; `node` is where it stands, None for what has no text of its own."""
        nodes = {entry.key: entry.value for entry in node.entries if not entry.merge} if node is not None else {}
        lines: list[str] = []
        for key, item in value.items():
            lines += self._member(f"{scalar_text.key(key)}:", nodes.get(key), item)
        return lines

    def _member(self, head: str, node: Node | None, value: Any) -> list[str]:
        comments = self._attached.of(node) if node is not None else Comments()
        beside = "  ".join(_kept(comments.beside))
        first, body = self._value(node, value)
        if isinstance(value, list):  # lists stand under their key, as kubectl writes them
            body = [line[2:] for line in body]
        line = f"{head}{' ' + first if first else ''}{'  ' + beside if beside else ''}"
        return [*_kept(comments.above), line, *body, *_kept(comments.below)]

    def _value(self, node: Node | None, value: Any) -> tuple[str, list[str]]:
        """What stands behind the colon, and the lines below it, moved in by two."""
        if isinstance(value, dict) and value:
            inner = self.map_lines(node if node is not None and node.kind == MAP else None, value)
            return "", render.indented(inner, "  ")
        if isinstance(value, list) and value:
            items = node.items if node is not None and node.kind == LIST else [None] * len(value)
            lines = [line for item, one in zip(items, value, strict=True) for line in self._element(item, one)]
            return "", render.indented(lines, "  ")
        return render.tail(value)

    def _element(self, node: Node | None, value: Any) -> list[str]:
        comments = self._attached.of(node) if node is not None else Comments()
        beside = _kept(comments.beside)
        first, body = self._value(node, value)
        if first:
            line = f"- {first}{'  ' + '  '.join(beside) if beside else ''}"
            return [*_kept(comments.above), line, *body, *_kept(comments.below)]
        above = [*_kept(comments.above), *beside]
        lead = 0
        while lead < len(body) and body[lead].lstrip().startswith("#"):
            lead += 1  # comments of the first member come before the dash
        above += [line.strip() for line in body[:lead]]
        return [*above, f"- {body[lead][2:]}", *body[lead + 1 :], *_kept(comments.below)]
