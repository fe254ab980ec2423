"""Small changes of YAML text at the place of a node: where lines begin and end, and what a node's removal takes along. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authoring.text import render, scalar_text
from authoring.text.nodes import LIST, MAP, SCALAR

if TYPE_CHECKING:
    from authoring.text.nodes import Node

_COMMENT = re.compile(r"(?:^|[ \t])(#.*)$")


class EditRefused(ValueError):
    """The text cannot be changed in place without touching more than was named."""


@dataclass(frozen=True, slots=True)
class Splice:
    """One text and its habits: the newline, and how far lists move in under their key."""

    text: str
    newline: str
    list_indent: int

    def bol(self, at: int) -> int:
        """Where the line of a position begins."""
        return self.text.rfind("\n", 0, at) + 1

    def eol(self, at: int) -> int:
        """Where the line of a position ends, before its newline."""
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        return end - 1 if end > at and self.text[end - 1] == "\r" else end

    def column(self, at: int) -> int:
        """How many characters stand before a position in its line."""
        return at - self.bol(at)

    def replaced(self, start: int, end: int, new: str) -> str:
        """The text with one span replaced."""
        return self.text[:start] + new + self.text[end:]

    def colon(self, key: Node) -> int:
        """The position of the colon behind a key."""
        at = self.text.find(":", key.end)
        if at < 0 or self.text[key.end : at].strip():
            raise EditRefused("a comment stands between a key and its colon; write it as KEY: VALUE")
        return at

    def key_start(self, key: Node) -> int:
        """Where a member of a block mapping begins: at its key, or at the "?" before it."""
        before = self.text[self.bol(key.start) : key.start].rstrip()
        return self.bol(key.start) + len(before) - 1 if before.endswith("?") else key.start

    def dash(self, item: Node) -> int:
        """The position of the dash before an item of a block list."""
        at = item.start - 1
        while at >= 0 and self.text[at] != "-":
            if self.text[at] not in " \t\r\n":
                mark = self.text.find("#", self.bol(at))  # a comment between the dash and the item
                at = mark if mark <= at else -1
            at -= 1
        if at < 0:
            raise EditRefused("a list's dash cannot be found; write the list in the usual form")
        return at

    def after(self, node: Node) -> int:
        """Where a new line can follow a node: the end of its last line, or of the blank lines that belong to it."""
        last = node
        while last.kind in (MAP, LIST) and not last.flow and (last.entries or last.items):
            last = last.entries[-1].value if last.entries else last.items[-1]
        if last.kind == SCALAR and last.style in ("|", ">"):
            header = self.text[last.start : self.eol(last.start)].partition("#")[0]
            if "+" in header:  # its trailing blank lines are part of it
                end = last.raw_end
                end -= self.text[:end].endswith("\n")
                return end - self.text[:end].endswith("\r")
        return self.eol(node.end)

    def lines_after(self, node: Node, lines: list[str], column: int) -> str:
        """The text with new lines behind a node, indented to a column."""
        at = self.after(node)
        block = "".join(self.newline + line for line in render.indented(lines, " " * column))
        return self.replaced(at, at, block)

    def without_lines(self, start: int, last: Node) -> str:
        """The text without the lines from the one of `start` to the end of a node."""
        end = self.after(last)
        if self.text.startswith("\r\n", end):
            end += 2
        elif self.text.startswith("\n", end):
            end += 1
        return self.replaced(self.bol(start), end, "")

    def put(self, node: Node, head_at: int, column: int, value: Any, *, inside_flow: bool) -> str:
        """The text with the whole value of a node replaced.

        `head_at` is behind the key's colon or the dash; `column` is that of the key or dash.
        """
        if inside_flow:
            new = scalar_text.flow(value)
            if not isinstance(value, dict | list) or not value:
                new = scalar_text.scalar(value, node.style, flow=True)
            if node.is_absent:
                before = self.text[node.start - 1 : node.start]
                new = f" {new}" if before == ":" else new if before.isspace() else f": {new}"
            return self.replaced(node.start, node.end, new)
        head, body = render.tail(value, self.list_indent)
        if head and not body:
            head = scalar_text.scalar(value, node.style)
        comment = self._header_comment(node, head_at)
        rest = self.text[node.end : self.eol(node.end)]
        same_line = self.bol(node.start) == self.bol(head_at)
        lead = self.text[head_at : node.start] if same_line and not node.is_absent and head else " " if head else ""
        first = lead + head + (f"  {comment}" if comment else "") + rest
        lines = "".join(self.newline + line for line in render.indented(body, " " * column))
        return self.text[:head_at] + first.rstrip(" ") + lines + self.text[self.eol(node.end) :]

    def put_item(self, node: Node, head_at: int, column: int, value: Any) -> str:
        """Put a value into an item of a block list, whose collections begin on the line of the dash."""
        if not isinstance(value, dict | list) or not value:
            return self.put(node, head_at, column, value, inside_flow=False)
        first, *body = render.lines(value, self.list_indent)
        comment = self._header_comment(node, head_at)
        rest = self.text[node.end : self.eol(node.end)]
        line = f" {first}" + (f"  {comment}" if comment else "") + rest
        lines = "".join(self.newline + one for one in render.indented(body, " " * (column + 2)))
        return self.text[:head_at] + line.rstrip(" ") + lines + self.text[self.eol(node.end) :]

    def _header_comment(self, node: Node, head_at: int) -> str:
        """The comment on the line of a key whose value goes on below that line."""
        end = self.eol(head_at)
        if node.is_absent or self.eol(node.end) == end:
            return ""
        header = self.text[head_at:end]
        if node.style in ('"', "'") or node.flow:
            header = self.text[head_at : min(end, node.start)]
        match = _COMMENT.search(header)
        return match[1] if match else ""
