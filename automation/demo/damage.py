"""What the demo changes behind hhsync's back, chosen from the fabric's CRs by rule, so that any sample works. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from providers.core.identity import ObjectRef
    from providers.core.manifest import Manifest

EDITED_VLAN = 1999
EDITED_NAME = "renamed by hand"


@dataclass(frozen=True, slots=True)
class Damage:
    """A field of `changed` in the cluster (its new VLAN in `patch`), `deleted` in the cluster, `edited` in NetBox."""

    changed: ObjectRef
    path: str
    patch: Mapping[str, Any]
    deleted: ObjectRef
    edited: ObjectRef

    @property
    def refs(self) -> list[str]:
        """The three CRs, sorted as reports sort them."""
        return sorted(str(ref) for ref in (self.changed, self.deleted, self.edited))


def choose(manifests: Mapping[ObjectRef, Manifest], references: Mapping[ObjectRef, Collection[ObjectRef]]) -> Damage:
    """A subnet's VLAN of the first VPC that has one, the first peering, the first server.

    Raises:
        ConfigError: the fabric has no such CRs.
    """
    changed, subnet = _vpc_with_vlan(manifests)
    needed = {parent for parents in references.values() for parent in parents}
    deleted = _first(manifests, "VPCPeering", without=needed | {changed})
    edited = _first(manifests, "Server", without={changed, deleted})
    patch = {"spec": {"subnets": {subnet: {"vlan": EDITED_VLAN}}}}
    return Damage(changed, f"cluster.spec.subnets.{subnet}.vlan", patch, deleted, edited)


def _vpc_with_vlan(manifests: Mapping[ObjectRef, Manifest]) -> tuple[ObjectRef, str]:
    for ref in sorted(manifests):
        for name, subnet in (manifests[ref].spec.get("subnets") or {}).items() if ref.kind == "VPC" else ():
            if subnet.get("vlan") and subnet["vlan"] != EDITED_VLAN:
                return ref, str(name)
    raise ConfigError("the demo's fabric has no VPC with a VLAN to change")


def _first(manifests: Mapping[ObjectRef, Manifest], kind: str, without: Collection[ObjectRef]) -> ObjectRef:
    for ref in sorted(manifests):
        if ref.kind == kind and ref not in without:
            return ref
    raise ConfigError(f"the demo's fabric has no {kind} that could be damaged")
