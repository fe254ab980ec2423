"""One property in which a CR differs from Git, with the value on every side. Pure.

A difference is found in one server's section; a person asks what the other server has at the same place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from providers.core import sections
from providers.core.diff import FieldChange
from providers.core.equality import MISSING
from providers.core.field_path import FieldPath, at, dotted
from providers.core.identity import FABRIC_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CLUSTER, NETBOX = "cluster", "netbox"
_SHARED = frozenset({"name", "namespace", "labels", "annotations", "spec"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One property; a side is MISSING where the property is absent, and where that side has no such property.

    `path` begins with the section in which the difference was found: "cluster" or "netbox" for what a server has, "git" for
    what only the state knows (where the CR comes from), "record" for the fabric's own record in NetBox. A path of one step is
    the whole CR, which a server lacks. `recorded` is what the server answered to the last write, `owned_by` are the other
    field managers that own the property in the cluster.
    """

    path: FieldPath
    git: Any
    recorded: Any = MISSING
    cluster: Any = MISSING
    netbox: Any = MISSING
    owned_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        return dotted(self.path)

    @property
    def section(self) -> str:
        """Where it was found."""
        return str(self.path[0])

    @property
    def observed(self) -> Any:
        """The value where the difference was found, which a sync replaces by Git's."""
        sides = {CLUSTER: self.cluster, NETBOX: self.netbox, "record": self.netbox}
        return sides.get(self.section, self.recorded)

    @property
    def is_attribution(self) -> bool:
        """Whether it is no more than where the CR comes from."""
        return sections.only_attribution([FieldChange(self.path, self.observed, self.git)])


def servers_with(path: FieldPath) -> tuple[str, ...]:
    """The servers that have such a property: a record's git_status has no place in the cluster, our label none in NetBox."""
    section, *inside = path
    if section == "record":
        return (NETBOX,)
    shared = not inside or (inside[0] in _SHARED and tuple(inside[:2]) != ("labels", FABRIC_LABEL))
    return (CLUSTER, NETBOX) if shared else (str(section),)


def differences(
    found: Iterable[FieldChange],
    desired: Mapping[str, Any],
    recorded: Mapping[str, Any],
    seen: Mapping[str, Any],
    owned: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[Difference, ...]:
    """Every change from `seen` to `desired` with all its sides; the three are sections by name.

    A section that `seen` lacks is missing on that server. `owned` names the other managers of a property by its dotted path.
    """
    return tuple(
        replace(_difference(change, recorded, seen), owned_by=(owned or {}).get(dotted(change.path), ()))
        for change in found
        if change.path[0] in desired or change.path[0] in seen
    )


def _difference(change: FieldChange, recorded: Mapping[str, Any], seen: Mapping[str, Any]) -> Difference:
    section, *inside = change.path
    values = {section: change.old} if section in (CLUSTER, NETBOX) else {}
    if inside and values:
        values |= {
            server: at(seen.get(server, MISSING), tuple(inside))
            for server in servers_with(change.path)
            if server != section
        }
    return Difference(change.path, change.new, at(recorded, change.path), **values)
