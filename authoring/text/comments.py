"""Which comment belongs to which field of a document. Pure.

A comment behind a value belongs to that line's field, one on a line of its own to the field below it; where that field
stands further left, to the one above it. What stands before the first field belongs to the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

import yaml

from authoring.text.nodes import LIST, MAP, Node
from authoring.text.splice import Splice

_IN_HEADER = re.compile(r"[ \t](#.*)$")


@dataclass(slots=True)
class Comments:
    """The comments of one field: on lines above, at its own line's end, and on lines below it."""

    above: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Place:
    """A field (a key or a list's element): where it starts, and what it stands in. `head` is where its value may begin."""

    start: int
    column: int
    node: Node
    parent: _Place | None
    comments: Comments


@dataclass(slots=True)
class Attached:
    """All comments of a document: of the whole document, and by the node that they belong to (the value of the field)."""

    above: list[str]
    below: list[str]
    by_node: dict[int, Comments]

    def of(self, node: Node) -> Comments:
        """The comments of a field, by its value's node."""
        return self.by_node.get(id(node), _NONE)


_NONE = Comments()


def attach(text: str, root: Node) -> Attached:
    """Give every comment of a document's text to a field. `text` holds this document and nothing else."""
    places: list[_Place] = []
    _places(Splice(text, "\n", 0), root, None, places)
    places.sort(key=lambda one: one.start)
    starts = [place.start for place in places]
    result = Attached([], [], {id(place.node): place.comments for place in places})
    for at, comment in found(text):
        line = text.rfind("\n", 0, at) + 1
        index = bisect_right(starts, at) - 1
        if index < 0:
            result.above.append(comment)
        elif text[line:at].strip():
            _owner_beside(places[index], at).comments.beside.append(comment)
        else:
            following = places[index + 1] if index + 1 < len(places) else None
            _give(places[index], following, at - line, comment, result)
    return result


def found(text: str) -> list[tuple[int, str]]:
    """Every comment with its position, in order; "#" inside text is none."""
    comments: list[tuple[int, str]] = []
    at = 0
    scanner: Any = yaml.CSafeLoader(text)
    while (token := scanner.get_token()) is not None:
        start, end = token.start_mark.index, token.end_mark.index
        if start > at:
            comments += _between(text, at, start)
        at = max(at, end)
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            eol = text.find("\n", start)
            match = _IN_HEADER.search(text[start : end if eol < 0 else eol].rstrip("\r"))
            if match:
                comments.append((start + match.start(1), match[1].rstrip()))
    return comments + _between(text, at, len(text))


def _between(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """The comments of a stretch between two tokens, where there is nothing else but blanks."""
    result = []
    at = text.find("#", start, end)
    while at >= 0:
        eol = text.find("\n", at, end)
        eol = end if eol < 0 else eol
        result.append((at, text[at:eol].rstrip()))
        at = text.find("#", eol, end)
    return result


def _places(at: Splice, node: Node, parent: _Place | None, places: list[_Place]) -> None:
    members = [(entry.key_node.start, entry.value) for entry in node.entries]
    members += [(item.start if node.flow else at.dash(item), item) for item in node.items]
    for start, value in members:
        column = at.column(start)
        place = _Place(start, column, value, parent, Comments())
        places.append(place)
        if value.kind in (MAP, LIST):
            _places(at, value, place, places)


def _owner_beside(place: _Place, at: int) -> _Place:
    """Of a comment behind brackets: the field that the brackets are the value of."""
    outer = place.parent
    owner = place
    while outer is not None:
        if outer.node.flow and outer.node.end <= at:
            owner = outer
        outer = outer.parent
    return owner


def _give(before: _Place, following: _Place | None, column: int, comment: str, result: Attached) -> None:
    """A comment on a line of its own goes to the field below, or, where that stands further left, to one above."""
    if following is not None and following.column >= column:
        following.comments.above.append(comment)
        return
    owner = before
    while owner.parent is not None and (owner.column > column or owner.parent.node.flow):
        owner = owner.parent
    if (owner.parent is None and owner.column > column) or (following is None and column == 0):
        result.below.append(comment)
    else:
        owner.comments.below.append(comment)
