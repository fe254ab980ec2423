"""VPCPeerings and ExternalPeerings: two sides of one namespace, and subnets that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from providers.core.rules.fabric import CR, Fabric, Findings, Place, used_again, whose
from providers.core.rules.values import listing, mapping, network, text
from providers.core.rules.vpcs import ipv4_namespace, vlan_namespace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.field_path import FieldPath
    from providers.core.finding import Finding

_PAIR = 2


def shape(fabric: Fabric) -> Findings:
    """Every permit of a VPCPeering is between the same two VPCs."""
    for peering in fabric.all("VPCPeering"):
        permits = listing(peering.spec.get("permit"))
        if text(peering.spec.get("remote")):
            yield peering.error("peering-remote", ("remote",), "is no longer supported by Hedgehog; take it out")
        if not permits:
            yield peering.error("peering-vpcs", ("permit",), "permits nothing; name exactly two VPCs")
        first: set[str] = set()
        for index, permit in enumerate(permits):
            names = set(mapping(permit))
            if len(names) != _PAIR:
                message = f"names {len(names)} VPCs ({', '.join(sorted(names)) or 'none'}); a permit names exactly two"
                yield peering.error("peering-vpcs", ("permit", index), message)
            elif first and names != first:
                message = (
                    f"is between {_pair(names)}, the first between {_pair(first)}; write a VPCPeering for each pair"
                )
                yield peering.error("peering-vpcs", ("permit", index), message)
            else:
                first = names


def _pair(names: set[str]) -> str:
    return " and ".join(sorted(names))


def _permits(peering: CR) -> list[tuple[FieldPath, Mapping[str, Any]]]:
    return [(("permit", index), mapping(each)) for index, each in enumerate(listing(peering.spec.get("permit")))]


def sides(fabric: Fabric) -> Findings:
    """The two VPCs are of one IPv4 and one VLAN namespace, and have the subnets that are named."""
    for peering in fabric.all("VPCPeering"):
        for path, permit in _permits(peering):
            vpcs = [vpc for vpc in (fabric.get("VPC", name) for name in permit) if vpc is not None]
            for what, of in (("IPv4", ipv4_namespace), ("VLAN", vlan_namespace)):
                if len({of(vpc) for vpc in vpcs}) > 1:
                    reported = ", ".join(f"{vpc.name} in {of(vpc)}" for vpc in vpcs)
                    message = (
                        f"the VPCs are of different {what} namespaces ({reported}); only VPCs of one can be peered"
                    )
                    yield peering.error("peering-namespaces", path, message)
            for vpc in vpcs:
                named = listing(mapping(permit[vpc.name]).get("subnets"))
                yield from _subnets(peering, (*path, vpc.name, "subnets"), vpc, named)


def _subnets(peering: CR, path: FieldPath, vpc: CR, named: list[Any]) -> Findings:
    known = mapping(vpc.spec.get("subnets"))
    for index, name in enumerate(map(text, named)):
        if name and name not in known:
            message = f'VPC {vpc.name} has no subnet "{name}"; it has: {", ".join(known) or "none"}; see {vpc}'
            yield peering.error("peering-subnet", (*path, index), message)


def pairs(fabric: Fabric) -> Findings:
    """Two peerings of one pair: a server takes both, and which permits hold is then hard to see."""
    places = []
    for peering in fabric.all("VPCPeering"):
        permits = _permits(peering)
        if permits and len(permits[0][1]) == _PAIR:
            places.append(Place(frozenset(permits[0][1]), peering, ("permit",)))
    for later, first in used_again(places):
        message = (
            f"{_pair(set(later.value))} are peered already {whose(first, later)}; put all permits into one VPCPeering"
        )
        yield later.cr.warning("peered-twice", later.path, message)


def externals(fabric: Fabric) -> Findings:
    """An ExternalPeering: a VPC and an External of one IPv4 namespace, subnets of the VPC, and prefixes."""
    for peering in fabric.all("ExternalPeering"):
        permit = mapping(peering.spec.get("permit"))
        inner, outer = mapping(permit.get("vpc")), mapping(permit.get("external"))
        for side, content in (("vpc", inner), ("external", outer)):
            if not text(content.get("name")):
                message = f"the name of the {side} is missing; name the one that is peered"
                yield peering.error("required", ("permit", side, "name"), message)
        vpc, external = fabric.get("VPC", text(inner.get("name"))), fabric.get("External", text(outer.get("name")))
        if vpc is not None:
            yield from _subnets(peering, ("permit", "vpc", "subnets"), vpc, listing(inner.get("subnets")))
        if vpc is not None and external is not None and ipv4_namespace(vpc) != ipv4_namespace(external):
            message = (
                f"VPC {vpc.name} is in IPv4Namespace {ipv4_namespace(vpc)}, External {external.name} in "
                f"{ipv4_namespace(external)}; only two of one namespace can be peered"
            )
            yield peering.error("peering-namespaces", ("permit",), message)
        yield from _prefixes(peering, listing(outer.get("prefixes")))


def _prefixes(peering: CR, prefixes: list[Any]) -> list[Finding]:
    return [
        peering.error(
            "peering-prefix",
            ("permit", "external", "prefixes", index, "prefix"),
            f'"{mapping(each).get("prefix", "")}" is no prefix; write it as in "0.0.0.0/0"',
        )
        for index, each in enumerate(prefixes)
        if network(mapping(each).get("prefix")) is None
    ]


RULES = (shape, sides, pairs, externals)
