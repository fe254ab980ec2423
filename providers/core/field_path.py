"""Where a value is inside an object: a tuple of mapping keys and list indexes. Pure."""

from __future__ import annotations

from typing import Any

from providers.core.equality import MISSING

type FieldPath = tuple[str | int, ...]


def dotted(path: FieldPath) -> str:
    """A path as Pulumi prints it: `spec.subnets.default.vlan`, `links[0].port`, `labels["a.b/c"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif "." in step or "[" in step or '"' in step:
            text += f'["{step}"]'
        else:
            text += f".{step}" if text else step
    return text


def at(value: Any, path: FieldPath) -> Any:
    """The value at a path, MISSING where there is none."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return MISSING
            value = value[step]
        elif isinstance(value, dict):
            value = value.get(step, MISSING)
        else:
            return MISSING
    return value
