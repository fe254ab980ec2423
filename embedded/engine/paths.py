"""Paths into property values: naming them (`a.b`, `l[1]`, `["a.b"]`), comparing along them, resetting them.

Values are those of `values`. Comparing looks through Secret markers: whether a value is secret is no difference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from embedded.engine.values import ResourceRef, Secret, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

type Kind = Literal["add", "delete", "update"]
type Step = str | int

_NEEDS_QUOTES = re.compile(r'[.\[\]"]')
_TOKEN = re.compile(r'\[(\d+)\]|\[\*\]|\["((?:[^"\\]|\\.)*)"\]|\.?([^.\[\]"]+)')

_MISSING = object()


def text(path: tuple[Step, ...]) -> str:
    """A path as people write it."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif not step or _NEEDS_QUOTES.search(step):
            parts.append('["' + step.replace("\\", "\\\\").replace('"', '\\"') + '"]')
        else:
            parts.append(f".{step}" if parts else step)
    return "".join(parts)


def parse(path: str) -> tuple[Step, ...] | None:
    """The steps of a written path, `*` standing for every member; None when it cannot be read."""
    steps: list[Step] = []
    position = 0
    while position < len(path):
        token = _TOKEN.match(path, position)
        if token is None:
            return None
        index, quoted, plain = token.groups()
        if index is not None:
            steps.append(int(index))
        elif quoted is not None:
            steps.append(re.sub(r"\\(.)", r"\1", quoted))
        else:
            steps.append(plain if plain is not None else "*")
        position = token.end()
    return tuple(steps) or None


def equal(old: Any, new: Any) -> bool:
    """Whether two values are the same property value: 1 equals 1.0, and neither equals true; unknown equals nothing."""
    if type(old) is str and type(new) is str:  # most values
        return old == new
    if isinstance(old, Secret):
        return equal(old.value, new)
    if isinstance(new, Secret):
        return equal(old, new.value)
    if isinstance(old, dict):
        return isinstance(new, dict) and old.keys() == new.keys() and all(equal(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(equal, old, new))
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        return False
    if isinstance(old, ResourceRef) and isinstance(new, ResourceRef):
        return old.urn == new.urn and old.id == new.id
    return bool(old == new)


def identical(old: Any, new: Any) -> bool:
    """Whether two values would be stored the same way: equal, and secret in the same places."""
    if type(old) is str and type(new) is str:
        return old == new
    if isinstance(old, Secret) or isinstance(new, Secret):
        return isinstance(old, Secret) and isinstance(new, Secret) and identical(old.value, new.value)
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(identical(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(identical, old, new))
    return equal(old, new)


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Kind]:
    """What differs, as {path: kind}: the outermost path that only one side has, the innermost that both have."""
    found: dict[str, Kind] = {}
    _diff_objects(old, new, (), found)
    return found


def _diff_objects(old: Mapping[str, Any], new: Mapping[str, Any], at: tuple[Step, ...], found: dict[str, Kind]) -> None:
    for key in sorted(old.keys() | new.keys()):
        _diff_values(old.get(key, _MISSING), new.get(key, _MISSING), (*at, key), found)


def _diff_values(old: Any, new: Any, at: tuple[Step, ...], found: dict[str, Kind]) -> None:
    old = old.value if isinstance(old, Secret) else old
    new = new.value if isinstance(new, Secret) else new
    if old is _MISSING:
        found[text(at)] = "add"
    elif new is _MISSING:
        found[text(at)] = "delete"
    elif isinstance(old, dict) and isinstance(new, dict):
        _diff_objects(old, new, at, found)
    elif isinstance(old, list) and isinstance(new, list):
        _diff_lists(old, new, at, found)
    elif not equal(old, new):
        found[text(at)] = "update"


def _diff_lists(old: list[Any], new: list[Any], at: tuple[Step, ...], found: dict[str, Kind]) -> None:
    for index in range(max(len(old), len(new))):
        before = old[index] if index < len(old) else _MISSING
        after = new[index] if index < len(new) else _MISSING
        _diff_values(before, after, (*at, index), found)


def lookup_marked(value: Any, path: tuple[Step, ...]) -> Any:
    """The value at a path, still marked secret when it lies inside a secret; None when there is none."""
    secret = False
    for step in path:
        if isinstance(value, Secret):
            secret, value = True, value.value
        value = _member(value, step)
        if value is _MISSING:
            return None
    return Secret(value) if secret and not isinstance(value, Secret) else value


def _member(value: Any, step: Step) -> Any:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step, _MISSING)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return _MISSING


def reset(old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[Step, ...]) -> dict[str, Any] | None:
    """`new` with the value at `path` as it is in `old` (removed when it is not there); None when the path leads nowhere."""
    found = _reset(dict(old), dict(new), path)
    return found if isinstance(found, dict) else None


def _reset(old: Any, new: Any, path: tuple[Step, ...]) -> Any:
    """A new value of the same shape; the originals are shared with state and goal and stay as they are."""
    old = old.value if isinstance(old, Secret) else old
    if isinstance(new, Secret):
        inner = _reset(old, new.value, path)
        return None if inner is None else Secret(inner)
    if path[0] == "*":
        return _reset_all(old, new, path)
    before, after = _member(old, path[0]), _member(new, path[0])
    if len(path) > 1:
        if before is _MISSING and after is _MISSING:
            return new
        before = _reset(before, after, path[1:])
        if before is None:
            return None
    return _with_member(new, path[0], before)


def _reset_all(old: Any, new: Any, path: tuple[Step, ...]) -> Any:
    steps: list[Step]
    if isinstance(old, dict) and isinstance(new, dict):
        steps = sorted(old.keys() | new.keys())
    elif isinstance(old, list) and isinstance(new, list):
        steps = list(range(min(len(old), len(new))))
    else:
        return None
    for step in steps:
        new = _reset(old, new, (step, *path[1:]))
        if new is None:
            return None
    return new


def _with_member(new: Any, step: Step, value: Any) -> Any:
    if isinstance(new, dict) and isinstance(step, str):
        rest = {key: item for key, item in new.items() if key != step}
        return rest if value is _MISSING else {**new, step: value}
    if isinstance(new, list) and isinstance(step, int) and step < len(new) and value is not _MISSING:
        return [value if index == step else item for index, item in enumerate(new)]
    return None
