"""VPCPeerings: two VPCs, and which of their subnets see each other. A second peering of the same pair is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.webhooks.rules.kind import Kind, World, check_metadata
from embedded.webhooks.shapes import Refused
from embedded.webhooks.subject import TRUE, VPC1, VPC2, keep_own, listed

if TYPE_CHECKING:
    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject

_NAMESPACES = (("ipv4Namespace", "IPv4"), ("vlanNamespace", "VLAN"))


def _default(peering: Subject, settings: Settings) -> None:  # noqa: ARG001 - every kind is given the settings
    keep_own(peering, {})
    try:
        one, other = _pair(peering.spec)
    except Refused:
        # the check tells why
        return
    keep_own(peering, {listed("vpc", one): TRUE, listed("vpc", other): TRUE, VPC1: one, VPC2: other})


def _pair(spec: dict[str, Any]) -> tuple[str, str]:
    names: set[str] = set()
    for index, permit in enumerate(spec["permit"] or ()):
        if len(permit or ()) != 2:
            raise Refused(f"each permit policy must have exactly 2 VPCs (idx {index})")
        names |= set(permit)
    if len(names) != 2:
        raise Refused("VPCPeering must have exactly 2 VPCs")
    one, other = sorted(names)
    return one, other


def _check(peering: Subject, world: World) -> list[str]:
    check_metadata(peering)
    if peering.spec["remote"]:
        raise Refused("remote field is deprecated and no longer supported")
    vpcs: dict[str, Subject] = {}
    for name in _pair(peering.spec):
        vpc = world.objects.get("VPC", name)
        if vpc is None:
            raise Refused(f"vpc {name} not found")
        vpcs[name] = vpc
    for field, what in _NAMESPACES:
        if len({vpc.spec[field] for vpc in vpcs.values()}) > 1:
            raise Refused(f"VPCs must be in the same {what} namespace")
    for permit in peering.spec["permit"]:
        for name, side in permit.items():
            for subnet in side["subnets"] or ():
                if subnet not in (vpcs[name].spec["subnets"] or {}):
                    raise Refused(f"subnet {subnet} not found in VPC {name}")
    return []


VPC_PEERINGS = Kind("failed to validate vpc peering", _default, _check)
