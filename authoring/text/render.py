"""JSON values as block-style YAML: one form for each value, by which the parser gets the same value back. Pure.

The keys' order is the caller's. No folding, no anchors, no timestamps: the same value gives the same bytes.
"""

from __future__ import annotations

from typing import Any

from authoring.text import scalar_text

_STEP = "  "


def render(document: Any) -> bytes:
    """One document as a whole file: UTF-8, LF, a newline at the end."""
    text = scalar_text.flow(document) if _is_simple(document) else "\n".join(lines(document))
    return f"{text}\n".encode()


def lines(value: Any, list_indent: int = 0) -> list[str]:
    """A collection that is not empty, in block style, without indentation; lists under a key move in by `list_indent`."""
    result: list[str] = []
    if isinstance(value, dict):
        for key, item in value.items():
            result += entry(key, item, list_indent)
    else:
        for item in value:
            result += element(item, list_indent)
    return result


def entry(key: str, value: Any, list_indent: int = 0) -> list[str]:
    """One member of a mapping."""
    name = scalar_text.key(key)
    head, body = tail(value, list_indent)
    return [f"{name}:{' ' + head if head else ''}", *body]


def tail(value: Any, list_indent: int = 0) -> tuple[str, list[str]]:
    """What stands behind a key's colon, and the lines below it, indented relative to the key."""
    block = scalar_text.block_scalar(value) if isinstance(value, str) else None
    if block:
        return block[0], [_STEP + line if line else "" for line in block[1]]
    if _is_simple(value):
        return scalar_text.scalar(value), []
    indent = " " * list_indent if isinstance(value, list) else _STEP
    return "", indented(lines(value, list_indent), indent)


def element(value: Any, list_indent: int = 0) -> list[str]:
    """One element of a list."""
    block = scalar_text.block_scalar(value) if isinstance(value, str) else None
    if block:
        return [f"- {block[0]}", *(_STEP + line if line else "" for line in block[1])]
    if _is_simple(value):
        return [f"- {scalar_text.scalar(value)}"]
    first, *rest = lines(value, list_indent)
    return [f"- {first}", *indented(rest, _STEP)]


def indented(block: list[str], indent: str) -> list[str]:
    """The lines moved in; empty ones stay empty."""
    return [indent + line if line else "" for line in block]


def _is_simple(value: Any) -> bool:
    return not isinstance(value, dict | list) or not value
