"""How properties and their differences are shown to people. Secrets and the pickled provider never are. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded.engine import paths
from embedded.engine.steps import Op
from embedded.engine.values import ResourceRef, Secret, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedded.engine.palette import Palette
    from embedded.engine.steps import Step

_PROVIDER_KEY = "__provider"
_SIGNS = {"add": "+", "delete": "-", "update": "~"}
_SECRET, _UNKNOWN = "[secret]", "[unknown]"
_LONGEST = 200
"""Characters of a value on one line; a longer one is cut, and says so."""


def changes(step: Step, palette: Palette) -> Iterator[str]:
    """One line per differing property: `~ cluster.spec.vlan: 1001 => 1999`.

    A create shows what it sets and a delete nothing: the resource's own line says it all.
    """
    old, new = sides(step)
    for path, kind in paths.diff(old, new).items():
        parsed = paths.parse(path) or ()
        if parsed and parsed[0] == _PROVIDER_KEY:
            continue
        before, after = shown(paths.lookup_marked(old, parsed)), shown(paths.lookup_marked(new, parsed))
        value = {"add": after, "delete": before, "update": f"{before} => {after}"}[kind]
        yield palette.sign(_SIGNS[kind], f"      {_SIGNS[kind]} {path}: {value}")


def hint(step: Step) -> str:
    """Which top-level properties differ, for the one-line form: `[diff: ~size,+tags]`."""
    if step.old is None or step.new is None:
        return ""
    old, new = sides(step)
    keys = dict.fromkeys(str((paths.parse(path) or ("",))[0]) for path in paths.diff(old, new))
    signs = [
        f"{'+' if key not in old else '-' if key not in new else '~'}{key}" for key in keys if key != _PROVIDER_KEY
    ]
    return f"[diff: {','.join(signs)}]" if signs else ""


def sides(step: Step) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What a change is shown between: the inputs, or the outputs when only those differ, as a refresh may find."""
    if step.op in (Op.CREATE, Op.CREATE_REPLACEMENT) and step.new is not None and step.old is None:
        return {}, step.new.inputs
    if step.old is None or step.new is None or step.op is Op.SAME:
        return {}, {}
    if not step.logical and paths.equal(step.old.inputs, step.new.inputs):
        return step.old.outputs, step.new.outputs
    return step.old.inputs, step.new.inputs


def shown(value: Any, secrets: bool = False) -> str:
    """A value on one line, with what is secret hidden and what is unknown named."""
    plain = _plain(value, secrets)
    if plain in (_SECRET, _UNKNOWN) and not isinstance(value, str):
        return str(plain)
    text = json.dumps(plain, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _plain(value: Any, secrets: bool) -> Any:
    match value:
        case Secret(inner):
            return _plain(inner, secrets) if secrets else _SECRET
        case Unknown():
            return _UNKNOWN
        case ResourceRef(urn):
            return urn
        case dict():
            return {key: _plain(item, secrets) for key, item in value.items()}
        case list():
            return [_plain(item, secrets) for item in value]
        case _:
            return value
