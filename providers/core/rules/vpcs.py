"""VPCs and the IPv4 namespaces they live in: subnets, permits and static routes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from providers.core.rules import defaults
from providers.core.rules.fabric import CR, DEFAULT, Fabric, Findings, Place
from providers.core.rules.values import (
    Network,
    address,
    inside,
    listing,
    mapping,
    network,
    overlap,
    overlapping,
    text,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_SUBNETS = 20
MOST_NAMESPACE_SUBNETS = 10
MODES = ("", "l3vni", "l3flat")
_AS = 'write it with its length, as in "10.0.1.0/24"'


def subnets_of(vpc: CR) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The subnets of a VPC by name."""
    for name, subnet in mapping(vpc.spec.get("subnets")).items():
        yield name, mapping(subnet)


def ipv4_namespace(cr: CR) -> str:
    """The IPv4 namespace of a VPC or an External."""
    return text(cr.spec.get("ipv4Namespace"), DEFAULT)


def vlan_namespace(vpc: CR) -> str:
    """The VLAN namespace of a VPC."""
    return text(vpc.spec.get("vlanNamespace"), DEFAULT)


def _networks(vpc: CR) -> Iterator[Place[Network]]:
    for name, subnet in subnets_of(vpc):
        found = network(subnet.get("subnet"))
        if found is not None:
            yield Place(found, vpc, ("subnets", name, "subnet"))


def shape(fabric: Fabric) -> Findings:
    """What a VPC must be by itself."""
    for vpc in fabric.all("VPC"):
        subnets = mapping(vpc.spec.get("subnets"))
        if not subnets:
            yield vpc.error("vpc-subnets", ("subnets",), "has no subnet; a VPC needs at least one")
        if len(subnets) > MOST_SUBNETS:
            message = f"has {len(subnets)} subnets; at most {MOST_SUBNETS} may be in one VPC"
            yield vpc.error("vpc-subnets", ("subnets",), message)
        mode = vpc.spec.get("mode")
        if isinstance(mode, str) and mode not in MODES:
            yield vpc.error("vpc-mode", ("mode",), f'"{mode}" is no mode; use l3vni or l3flat, or leave it out')
        if vpc.name.startswith("ext."):
            yield vpc.error(
                "vpc-name", (), 'the name starts with "ext.", which Hedgehog keeps for externals; rename it'
            )


def prefixes(fabric: Fabric) -> Findings:
    """Every subnet must be one, and no subnet may be the fabric's own."""
    for vpc in fabric.all("VPC"):
        for name, subnet in subnets_of(vpc):
            written, path = subnet.get("subnet"), ("subnets", name, "subnet")
            found = network(written)
            if found is None:
                wrong = f'"{written}" is no subnet' if text(written) else "the subnet is missing"
                yield vpc.error("subnet-invalid", path, f"{wrong}; {_AS}")
                continue
            for reserved, use in defaults.RESERVED.items():
                if overlap(found, reserved):
                    message = f"{found} overlaps {reserved}, which is for {use} {defaults.BY_DEFAULT}; take another"
                    yield vpc.warning("subnet-reserved", path, message)


def overlaps(fabric: Fabric) -> Findings:
    """No two subnets of one IPv4 namespace overlap, in one VPC or in two."""
    by_namespace: dict[str, list[tuple[Network, Place[Network]]]] = defaultdict(list)
    rank: dict[int, int] = {}
    for vpc in fabric.all("VPC"):
        for place in _networks(vpc):
            rank[id(place)] = len(rank)
            by_namespace[ipv4_namespace(vpc)].append((place.value, place))
    for namespace, networks in by_namespace.items():
        for pair in overlapping(networks):
            first, later = sorted(pair, key=lambda place: rank[id(place)])
            where = f"of this VPC ({first.path[1]})" if first.cr is later.cr else f"({first.path[1]}) of {first.cr}"
            message = f"{later.value} overlaps {first.value} {where} in IPv4Namespace {namespace}; take a free subnet"
            yield later.cr.error("subnet-overlap", later.path, message)


def containment(fabric: Fabric) -> Findings:
    """Every subnet lies in one of its IPv4 namespace's, where that namespace is in Git."""
    spaces = {
        one.name: [each for each in map(network, listing(one.spec.get("subnets"))) if each is not None]
        for one in fabric.all("IPv4Namespace")
    }
    for vpc in fabric.all("VPC"):
        space = spaces.get(ipv4_namespace(vpc))
        for place in _networks(vpc) if space is not None else ():
            if space is not None and not any(inside(place.value, whole) for whole in space):
                have = ", ".join(map(str, space)) or "none"
                message = (
                    f"{place.value} is outside of IPv4Namespace {ipv4_namespace(vpc)}; its subnets are: {have}; take "
                    f"one inside, or widen the namespace"
                )
                yield vpc.error("subnet-outside-namespace", place.path, message)


def namespaces(fabric: Fabric) -> Findings:
    """An IPv4 namespace: at most 10 subnets that parse, do not overlap, and are not the fabric's own."""
    for one in fabric.all("IPv4Namespace"):
        written = listing(one.spec.get("subnets"))
        if len(written) > MOST_NAMESPACE_SUBNETS:
            message = f"has {len(written)} subnets; at most {MOST_NAMESPACE_SUBNETS} may be in one IPv4 namespace"
            yield one.error("namespace-subnets", ("subnets",), message)
        found = []
        for index, each in enumerate(written):
            parsed, path = network(each), ("subnets", index)
            if parsed is None:
                yield one.error("subnet-invalid", path, f'"{each}" is no subnet; {_AS}')
                continue
            found.append((parsed, (index, parsed)))
            for reserved, use in defaults.RESERVED.items():
                if overlap(parsed, reserved):
                    message = f"{parsed} overlaps {reserved}, which is for {use} {defaults.BY_DEFAULT}; take another"
                    yield one.warning("subnet-reserved", path, message)
        for pair in overlapping(found):
            (_, before), (index, later) = sorted(pair)
            message = f"{later} overlaps {before} of the same namespace; leave one of them out"
            yield one.error("subnet-overlap", ("subnets", index), message)


def permits(fabric: Fabric) -> Findings:
    """A permit names at least two of the VPC's own subnets, each once."""
    for vpc in fabric.all("VPC"):
        known = mapping(vpc.spec.get("subnets"))
        for number, permit in enumerate(listing(vpc.spec.get("permit"))):
            names, path = texts(permit), ("permit", number)
            if len(names) < 2:
                yield vpc.error("permit", path, "permits fewer than two subnets; name at least two, or take it out")
            for index, name in enumerate(names):
                if name not in known:
                    message = f'"{name}" is no subnet of this VPC; it has: {", ".join(known) or "none"}'
                    yield vpc.error("permit", (*path, index), message)
                elif name in names[:index]:
                    yield vpc.error("permit", (*path, index), f'"{name}" is named twice in one permit; name it once')


def static_routes(fabric: Fabric) -> Findings:
    """A static route has a prefix and next hops that are addresses. Hedgehog stores any text as a next hop."""
    for vpc in fabric.all("VPC"):
        for number, route in enumerate(listing(vpc.spec.get("staticRoutes"))):
            path, hops = ("staticRoutes", number), listing(mapping(route).get("nextHops"))
            if network(mapping(route).get("prefix")) is None:
                wrong = f'"{mapping(route).get("prefix", "")}" is no prefix; {_AS}'
                yield vpc.error("static-route", (*path, "prefix"), wrong)
            if not hops:
                yield vpc.error("static-route", (*path, "nextHops"), "has no next hop; name at least one address")
            for index, hop in enumerate(hops):
                if address(hop) is None:
                    message = (
                        f'"{hop}" is no IP address, and the fabric stores it unchecked; write one, as in "10.0.1.9"'
                    )
                    yield vpc.error("static-route", (*path, "nextHops", index), message)


RULES = (shape, prefixes, overlaps, containment, namespaces, permits, static_routes)
