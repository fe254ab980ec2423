"""The same property on three sides: what Git says, what the cluster has, what NetBox has. Pure.

A difference is found in one server's section; a person asks what the other server has at the same place, so both are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.core.diff import Path, dotted
from providers.core.equality import MISSING
from providers.core.identity import FABRIC_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CLUSTER, NETBOX = "cluster", "netbox"
WHOLE = "(the whole CR)"
#: The path of the line that says that a CR is missing on a server.

PRESENT = "present"
_SHARED = frozenset({"name", "namespace", "labels", "annotations", "spec"})


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a CR, MISSING where it is absent.

    `path` has no section, e.g. spec.subnets.default.vlan. `differs` names the servers that differ from what they should be,
    `sides` those that have such a property at all: a record's git_status has none in the cluster.
    """

    path: str
    git: Any
    cluster: Any
    netbox: Any
    differs: tuple[str, ...]
    sides: tuple[str, ...]


def side_by_side(
    differing: Iterable[Path], desired: Mapping[str, Any], seen: Mapping[str, Any]
) -> tuple[Property, ...]:
    """One line a property for paths that start with their section; the git section's have no line.

    `desired` and `seen` are inputs by section; a section that `seen` lacks is missing on that server.
    """
    servers: dict[Path, list[str]] = {}
    for path in differing:
        if path and path[0] in (CLUSTER, NETBOX):
            servers.setdefault(tuple(path[1:]), []).append(str(path[0]))
    return tuple(
        _whole(desired, seen, tuple(differs)) if not path else _property(path, tuple(differs), desired, seen)
        for path, differs in sorted(servers.items(), key=lambda one: dotted(one[0]))
    )


def _whole(desired: Mapping[str, Any], seen: Mapping[str, Any], differs: tuple[str, ...]) -> Property:
    there = {name: PRESENT if name in seen else MISSING for name in (CLUSTER, NETBOX)}
    git = PRESENT if desired else MISSING
    return Property(WHOLE, git, there[CLUSTER], there[NETBOX], differs, (CLUSTER, NETBOX))


def _property(path: Path, differs: tuple[str, ...], desired: Mapping[str, Any], seen: Mapping[str, Any]) -> Property:
    shared = path[0] in _SHARED and path[:2] != ("labels", FABRIC_LABEL)
    sides = (CLUSTER, NETBOX) if shared else differs
    values = {name: at(seen.get(name, MISSING), path) if name in sides else MISSING for name in (CLUSTER, NETBOX)}
    git = at(desired.get(differs[0], MISSING), path)
    return Property(dotted(path), git, values[CLUSTER], values[NETBOX], differs, sides)


def at(value: Any, path: Path) -> Any:
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
