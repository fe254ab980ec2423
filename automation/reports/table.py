"""The differences of a CR as rows of a table with a column a side: what differs on both servers is one row. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.core.drift.difference import CLUSTER, NETBOX, servers_with
from providers.core.equality import MISSING
from providers.core.field_path import FieldPath, dotted

if TYPE_CHECKING:
    from providers.core.drift.classify import Detail
    from providers.core.drift.difference import Difference

# The path of the row that says that a CR is missing on a server.
WHOLE = "(the whole CR)"

PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Row:
    """One property; `path` has no section, e.g. spec.subnets.default.vlan.

    `differs` names the servers that differ from Git, `servers` those that have such a property at all.
    """

    path: str
    git: Any
    cluster: Any
    netbox: Any
    differs: tuple[str, ...]
    servers: tuple[str, ...]
    owned_by: tuple[str, ...] = ()


def rows(detail: Detail) -> tuple[Row, ...]:
    """One row a property, by name; where a CR comes from in Git is none."""
    found: dict[FieldPath, list[Difference]] = {}
    for difference in detail.differences:
        if difference.section in (CLUSTER, NETBOX):
            found.setdefault(difference.path[1:], []).append(difference)
    return tuple(
        _row(path, same) if path else _whole(detail, same)
        for path, same in sorted(found.items(), key=lambda item: dotted(item[0]))
    )


def _row(path: FieldPath, same: list[Difference]) -> Row:
    first = same[0]
    owned_by = next((difference.owned_by for difference in same if difference.owned_by), ())
    differs = tuple(difference.section for difference in same)
    return Row(dotted(path), first.git, first.cluster, first.netbox, differs, servers_with(first.path), owned_by)


def _whole(detail: Detail, same: list[Difference]) -> Row:
    there = {server: PRESENT if server in detail.places else MISSING for server in (CLUSTER, NETBOX)}
    git = MISSING if same[0].git is MISSING else PRESENT
    differs = tuple(difference.section for difference in same)
    return Row(WHOLE, git, there[CLUSTER], there[NETBOX], differs, (CLUSTER, NETBOX))
