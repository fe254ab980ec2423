"""A VPC beside others: its namespaces hold it, and no other VPC has its subnets and VLANs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.webhooks.errors import Refused
from embedded.webhooks.labels import IPV4_NAMESPACE, VLAN_NAMESPACE
from embedded.webhooks.networks import prefix, span
from embedded.webhooks.rules.vlan_namespaces import contains

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedded.webhooks.networks import Prefix
    from embedded.webhooks.rules.kind import World
    from embedded.webhooks.subject import Subject


def check_neighbours(vpc: Subject, networks: Mapping[str, Prefix], world: World) -> None:
    """Check a VPC against its namespaces, the VPCs that its DHCP relays are in, and all other VPCs."""
    _check_namespaces(vpc, networks, world)
    spans = [(*network.span, network) for network in networks.values()]
    for other in _others(vpc, IPV4_NAMESPACE, "ipv4Namespace", world):
        _refuse_shared_network(spans, other)
    own: dict[int, set[bool]] = {}
    for subnet in vpc.spec["subnets"].values():
        own.setdefault(subnet["vlan"], set()).add(subnet["hostBGP"])
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


def _refuse_shared_network(spans: list[tuple[int, int, int, Prefix]], other: Subject) -> None:
    for subnet in (other.spec["subnets"] or {}).values():
        text = subnet["subnet"]
        theirs = span(text)
        if theirs is None:
            raise Refused(f"failed to parse subnet {text}")
        version, first, last = theirs
        # every VPC is compared with every other: methods would cost most of the time that a write takes
        for own_version, own_first, own_last, ours in spans:
            if version == own_version and first <= own_last and own_first <= last:
                raise Refused(f"subnet {ours} overlaps with subnet {text} of VPC {other.name}")


def _refuse_shared_vlan(own: Mapping[int, set[bool]], other: Subject) -> None:
    """Several host BGP subnets may be without a VLAN."""
    for subnet in (other.spec["subnets"] or {}).values():
        vlan = subnet["vlan"]
        if vlan in own and not (vlan == 0 and (subnet["hostBGP"] or own[vlan] == {True})):
            raise Refused(f"vlan {vlan} is already used by other VPC")
