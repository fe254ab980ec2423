"""Field paths as people write them: spec.subnets.default.vlan, spec.links[0].port, metadata.labels["a.b/c"]. Pure."""

from __future__ import annotations

import re
from typing import Any

from providers.core.field_path import FieldPath, dotted

_STEP = re.compile(r"""\[(?P<index>[0-9]+)\]|\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|(?P<plain>(?:[^.\[\]\\"]|\\.)+)""")


class PathError(ValueError):
    """A path that cannot be read, or that leads nowhere in this document."""


def parse(text: str) -> FieldPath:
    r"""Read a path. A dot inside a key is written ["a.b"] or a\.b.

    Raises:
        PathError: what is wrong, with the text.
    """
    steps: list[str | int] = []
    at = 0
    while at < len(text) or not steps:
        if steps and text[at] == ".":
            at += 1
        elif steps and text[at] != "[":
            raise PathError(f'"{text}" is no field path: a "." or "[" is missing before "{text[at:]}"')
        match = _STEP.match(text, at)
        if match is None:
            raise PathError(f'"{text}" is no field path; write it like spec.subnets.default.vlan or spec.links[0].port')
        at = match.end()
        if match["index"] is not None:
            steps.append(int(match["index"]))
        else:
            steps.append(re.sub(r"\\(.)", r"\1", match["quoted"] if match["quoted"] is not None else match["plain"]))
    return tuple(steps)


def unshared(value: Any) -> Any:
    """A copy in which nothing is shared: what two aliases stand for is one object, and must not change twice."""
    if isinstance(value, dict):
        return {key: unshared(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unshared(item) for item in value]
    return value


def with_value(document: Any, path: FieldPath, value: Any) -> Any:
    """A copy of the document with one field set; missing mappings on the way are made, a list grows by one at most.

    Raises:
        PathError: the path goes through a scalar, or past the end of a list.
    """
    result = unshared(document)
    at = result
    for depth, step in enumerate(path):
        last = depth == len(path) - 1
        new: Any = value if last else ([] if isinstance(path[depth + 1], int) else {})
        _require(at, step, path, depth)
        if isinstance(step, int):
            if step == len(at):
                at.append(new)
            elif last or at[step] is None:
                at[step] = new
        elif last or at.get(step) is None:
            at[step] = new
        at = at[step]
    return result


def without(document: Any, path: FieldPath) -> Any:
    """A copy of the document without one field; a field that is not there is fine.

    Raises:
        PathError: the path goes through a scalar.
    """
    result = unshared(document)
    at = result
    for depth, step in enumerate(path):
        if isinstance(step, int):
            if not isinstance(at, list):
                _require(at, step, path, depth)
            if step >= len(at):
                return result
        elif not isinstance(at, dict):
            _require(at, step, path, depth)
        elif step not in at:
            return result
        if depth == len(path) - 1:
            del at[step]
        elif at[step] is None:
            return result
        else:
            at = at[step]
    return result


def merged(document: Any, patch: Any) -> Any:
    """The document after a JSON merge patch (RFC 7396): null removes, mappings merge, everything else replaces."""
    if not isinstance(patch, dict):
        return unshared(patch)
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _require(at: Any, step: str | int, path: FieldPath, depth: int) -> None:
    where = dotted(path[:depth]) or "the document"
    if isinstance(step, int):
        if not isinstance(at, list):
            raise PathError(f"{where} is no list, so {dotted(path[: depth + 1])} cannot be set")
        if step > len(at):
            raise PathError(f"{where} has {len(at)} elements; the next one would be {where}[{len(at)}]")
    elif not isinstance(at, dict):
        what = "a list; name the element: " + f"{where}[0]" if isinstance(at, list) else "a single value, no mapping"
        raise PathError(f"{where} is {what}, so {dotted(path[: depth + 1])} cannot be set")
