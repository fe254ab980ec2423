"""A VPC beside others: its namespaces hold it, and no other VPC has its subnets and VLANs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.webhooks.labels import IPV4_NAMESPACE, VLAN_NAMESPACE
from embedded.webhooks.networks import prefix
from embedded.webhooks.rules.vlan_namespaces import contains
from embedded.webhooks.subject import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedded.webhooks.networks import Prefix
    from embedded.webhooks.rules.kind import World
    from embedded.webhooks.subject import Subject


def check_neighbours(vpc: Subject, networks: Mapping[str, Prefix], world: World) -> None:
    """Check a VPC against its namespaces, the VPCs that its DHCP relays are in, and all other VPCs."""
    _check_namespaces(vpc, networks, world)
    for other in _others(vpc, IPV4_NAMESPACE, "ipv4Namespace", world):
        _refuse_shared_network(networks, other)
    own = {(subnet["vlan"], subnet["hostBGP"]) for subnet in vpc.spec["subnets"].values()}
    for other in _others(vpc, VLAN_NAMESPACE, "vlanNamespace", world):
        _refuse_shared_vlan(own, other)


def _check_namespaces(vpc: Subject, networks: Mapping[str, Prefix], world: World) -> None:
    spec = vpc.spec
    found: dict[str, Subject] = {}
    for kind, name in (("IPv4Namespace", spec["ipv4Namespace"]), ("VLANNamespace", spec["vlanNamespace"])):
        namespace = world.objects.get(kind, name)
        if namespace is None:
            raise Refused(f"{kind} {name} not found")
        found[kind] = namespace
    offered = [prefix(text) for text in found["IPv4Namespace"].spec["subnets"] or ()]
    for name, subnet in spec["subnets"].items():
        what = f"vpc subnet {name} ({subnet['subnet']})"
        if not any(network is not None and network.covers(networks[name]) for network in offered):
            raise Refused(f"{what} doesn't belong to the IPv4Namespace {spec['ipv4Namespace']}")
        if not subnet["hostBGP"] and not contains(found["VLANNamespace"], subnet["vlan"]):
            raise Refused(f"{what} vlan {subnet['vlan']} doesn't belong to the VLANNamespace {spec['vlanNamespace']}")
        relay = subnet["dhcp"]["relayVPC"]
        if relay and world.objects.get("VPC", relay) is None:
            raise Refused(f"subnet {name}: dhcp relay VPC {relay} not found")


def _others(vpc: Subject, label: str, field: str, world: World) -> Iterator[Subject]:
    for other in world.objects.labelled("VPC", label, vpc.spec[field]):
        if other.name != vpc.name and other.spec[field] == vpc.spec[field]:
            yield other


def _refuse_shared_network(networks: Mapping[str, Prefix], other: Subject) -> None:
    for subnet in (other.spec["subnets"] or {}).values():
        theirs = prefix(subnet["subnet"])
        if theirs is None:
            raise Refused(f"failed to parse subnet {subnet['subnet']}")
        for ours in networks.values():
            if ours.overlaps(theirs):
                raise Refused(f"subnet {ours} overlaps with subnet {theirs} of VPC {other.name}")


def _refuse_shared_vlan(own: set[tuple[int, bool]], other: Subject) -> None:
    """Several host BGP subnets may be without a VLAN."""
    for subnet in (other.spec["subnets"] or {}).values():
        theirs: Any = subnet["vlan"]
        for vlan, host_bgp in own:
            if vlan == theirs and not (vlan == 0 and (host_bgp or subnet["hostBGP"])):
                raise Refused(f"vlan {vlan} is already used by other VPC")
