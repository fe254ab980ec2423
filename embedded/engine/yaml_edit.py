"""Change one entry of a YAML text and leave every other character, comments included, as it is.

An edit is checked by reading its result: where the cut would change anything else (anchors, unusual styles), the whole
text is written anew from its values instead. That loses comments, and never a value.
"""

from __future__ import annotations

from typing import Any

import yaml

from embedded.engine import yaml_text
from embedded.engine.errors import EngineError

_Pair = tuple[yaml.Node, yaml.Node]


def set_entry(text: str, keys: tuple[str, ...], value: Any, *, first: bool = False) -> str:
    """`text` with `value` under one key, or under a key inside the mapping of another.

    A new entry goes to the end of its mapping, or to the top of the text when `first` is given.
    """
    data = yaml_text.load(text, "the file") or {}
    if len(keys) == 2:
        old = data.get(keys[0])
        inner = {**(old if isinstance(old, dict) else {}), keys[1]: value}
        expected = {**data, keys[0]: inner}
    else:
        inner = value
        expected = {**data, keys[0]: value}
    changed = _cut_in(text, keys, value, inner, first=first)
    return _checked(changed, expected, first=keys[0] if first else None)


def remove_entry(text: str, keys: tuple[str, str]) -> str:
    """`text` without one entry of a mapping; the mapping goes too when nothing is left in it."""
    data = yaml_text.load(text, "the file") or {}
    outer, key = keys
    inner = {name: item for name, item in (data.get(outer) or {}).items() if name != key}
    expected = {name: item for name, item in data.items() if name != outer or inner}
    if inner:
        expected[outer] = inner
    pairs = _pairs(text, keys[:1])
    pair = pairs and _find(_block_pairs(pairs[0][1]), key) if inner else pairs and pairs[0]
    lines = text.splitlines(keepends=True)
    if pair:
        del lines[pair[0].start_mark.line : _last_line(pair[1], lines) + 1]
    return _checked("".join(lines), expected, first=None)


def _checked(text: str, expected: dict[str, Any], *, first: str | None) -> str:
    """`text` when it says what is expected, else a new text that does."""
    try:
        if (yaml_text.load(text, "the file") or {}) == expected:
            return text
    except EngineError:
        pass  # the cut made no YAML at all: write it anew
    if first:
        expected = {first: expected[first], **expected}
    return "".join(f"{line}\n" for line in yaml_text.block(expected, 0))


def _cut_in(text: str, keys: tuple[str, ...], value: Any, inner: Any, *, first: bool) -> str:
    outer = _pairs(text, keys[:1])
    if not outer:
        lines = _lines(yaml_text.scalar(keys[0]), inner, 0)
        return _insert_at_top(text, lines) if first else _append(text, lines)
    pair = outer[0]
    if len(keys) == 1:
        return _replace(text, pair, value)
    siblings = _block_pairs(pair[1])
    if not siblings:
        return _replace(text, pair, inner)
    if old := _find(siblings, keys[1]):
        return _replace(text, old, value)
    rows = text.splitlines(keepends=True)
    end = _last_line(siblings[-1][1], rows)
    if not rows[end].endswith("\n"):
        rows[end] += "\n"
    rows[end + 1 : end + 1] = _lines(yaml_text.scalar(keys[1]), value, siblings[0][0].start_mark.column)
    return "".join(rows)


def _replace(text: str, pair: _Pair, value: Any) -> str:
    key, old = pair
    one_line = isinstance(old, yaml.ScalarNode) and old.start_mark.line == old.end_mark.line == key.start_mark.line
    if one_line and not isinstance(value, dict | list):
        gap = "" if old.start_mark.index > key.end_mark.index + 1 else " "
        return text[: old.start_mark.index] + gap + yaml_text.scalar(value) + text[old.end_mark.index :]
    rows = text.splitlines(keepends=True)
    name = text[key.start_mark.index : key.end_mark.index]
    rows[key.start_mark.line : _last_line(old, rows) + 1] = _lines(name, value, key.start_mark.column)
    return "".join(rows)


def _lines(key: str, value: Any, indent: int) -> list[str]:
    head = f"{' ' * indent}{key}:"
    if isinstance(value, dict | list) and value:
        return [f"{head}\n", *(f"{line}\n" for line in yaml_text.block(value, indent + 2))]
    empty = "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else yaml_text.scalar(value)
    return [f"{head} {empty}\n"]


def _append(text: str, lines: list[str]) -> str:
    separator = "" if not text or text.endswith("\n") else "\n"
    return text + separator + "".join(lines)


def _insert_at_top(text: str, lines: list[str]) -> str:
    """Above the first key, below comments and a document marker that stand before it."""
    root = yaml_text.compose(text, "the file")
    rows = text.splitlines(keepends=True)
    at = root.start_mark.line if root is not None else len(rows)
    return _append("".join(rows[:at]), lines) + "".join(rows[at:])


def _pairs(text: str, keys: tuple[str, ...]) -> list[_Pair]:
    root = yaml_text.compose(text, "the file")
    pair = _find(_block_pairs(root), keys[0])
    return [pair] if pair else []


def _block_pairs(node: yaml.Node | None) -> list[_Pair]:
    """The entries of a mapping in block style; none for anything else."""
    return list(node.value) if isinstance(node, yaml.MappingNode) and not node.flow_style else []


def _find(pairs: list[_Pair], key: str) -> _Pair | None:
    return next((pair for pair in pairs if pair[0].value == key), None)


def _last_line(node: yaml.Node, rows: list[str]) -> int:
    """The last line with content of a node: a block node's own end mark lies behind the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last, rows)
    end = int(node.end_mark.line)
    if node.end_mark.column == 0 and end > node.start_mark.line:
        end -= 1
        while end > node.start_mark.line and not rows[end].strip():
            end -= 1
    return end
