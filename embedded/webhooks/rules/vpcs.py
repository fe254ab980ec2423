"""VPCs: what is filled in, what is refused of the VPC itself, and what keeps it from being deleted.

Neither a VPC's subnets nor its mode are compared with the attachments and peerings that use them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.webhooks.networks import Prefix, prefix, refuse_overlap, span
from embedded.webhooks.rules.kind import Kind, World, check_metadata, check_short_name
from embedded.webhooks.rules.vlan_namespaces import contains
from embedded.webhooks.rules.vpc_subnets import check_subnet, default_subnet
from embedded.webhooks.shapes import Refused
from embedded.webhooks.subject import IPV4_NAMESPACE, TRUE, VLAN_NAMESPACE, VPC, keep_own, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedded.webhooks.networks import Prefix
    from embedded.webhooks.rules.kind import World
    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject


MOST_SUBNETS = 20
L3_FLAT = "l3flat"
MODES = ("", "l3vni", L3_FLAT)
RESERVED_NAMES = "ext."


def _default(vpc: Subject, settings: Settings) -> None:
    spec = vpc.spec
    spec["ipv4Namespace"] = spec["ipv4Namespace"] or settings.defaults.ipv4_namespace
    spec["vlanNamespace"] = spec["vlanNamespace"] or settings.defaults.vlan_namespace
    keep_own(vpc, {IPV4_NAMESPACE: spec["ipv4Namespace"], VLAN_NAMESPACE: spec["vlanNamespace"]})
    for subnet in (spec["subnets"] or {}).values():
        default_subnet(subnet, settings.defaults)


def _check(vpc: Subject, world: World) -> list[str]:
    check_metadata(vpc)
    check_short_name(vpc)
    if vpc.name.startswith(RESERVED_NAMES):
        raise Refused(f"vpc name cannot start with '{RESERVED_NAMES}': {vpc.name}")
    subnets: dict[str, Any] = vpc.spec["subnets"] or {}
    _check_counts_and_mode(vpc.spec["mode"], subnets)
    networks = {name: check_subnet(name, subnet, world.settings) for name, subnet in subnets.items()}
    vlans = [subnet["vlan"] for subnet in subnets.values() if not subnet["hostBGP"]]
    if len(set(vlans)) != len(vlans):
        raise Refused("duplicate subnet VLANs")
    refuse_overlap(list(networks.values()), "failed to verify no overlap subnets")
    _check_permits(vpc.spec["permit"] or [], subnets)
    _check_static_routes(vpc.spec["staticRoutes"] or [])
    check_neighbours(vpc, networks, world)
    return []


def _check_counts_and_mode(mode: str, subnets: Mapping[str, Any]) -> None:
    if not subnets:
        raise Refused("at least one subnet is required")
    if len(subnets) > MOST_SUBNETS:
        raise Refused(f"too many subnets, max is {MOST_SUBNETS}")
    if mode not in MODES:
        raise Refused(f"invalid mode {mode}, must be one of {', '.join(MODES)}")
    if mode == L3_FLAT:
        raise Refused("L3Flat mode is not supported yet")


def _check_permits(permits: list[list[str] | None], subnets: Mapping[str, Any]) -> None:
    for index, permit in enumerate(permits):
        names = permit or []
        if len(names) < 2:
            raise Refused("each permit policy must have at least 2 subnets in it")
        for name in names:
            if name not in subnets:
                raise Refused(f"permit policy #{index}: subnet {name} not found")
        if len(set(names)) != len(names):
            raise Refused(f"permit policy #{index}: duplicate subnets")


def _check_static_routes(routes: list[dict[str, Any]]) -> None:
    """Next hops only have to be there: what they are is not looked at."""
    for index, route in enumerate(routes):
        where = f"static route #{index}"
        if not route["prefix"]:
            raise Refused(f"{where}: prefix is required")
        found: Prefix | None = prefix(route["prefix"])
        if found is None:
            raise Refused(f"{where}: failed to parse prefix {route['prefix']}")
        if found != found.masked:
            raise Refused(f"{where}: prefix {found} is invalid: inconsistent IP address and mask")
        if not route["nextHops"]:
            raise Refused(f"{where}: at least one next hop is required")


def _delete(vpc: Subject, world: World) -> None:
    in_use = (
        ("VPCAttachment", VPC, vpc.name, "attachments"),
        ("VPCPeering", listed("vpc", vpc.name), TRUE, "peerings"),
        ("ExternalPeering", VPC, vpc.name, "external peerings"),
        ("Connection", VPC, vpc.name, "static external connections (using withinVPC option)"),
    )
    for kind, key, value, what in in_use:
        if world.objects.labelled(kind, key, value):
            raise Refused(f"VPC has {what}")


VPCS = Kind("failed to validate vpc", _default, _check, delete=_delete)


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
