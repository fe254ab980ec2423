"""Externals: a network outside, reached by BGP or by static routes."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from embedded.webhooks.networks import address, prefix, prefixes
from embedded.webhooks.rules.access_lists import check_access_list
from embedded.webhooks.rules.kind import Kind, World, check_metadata, check_short_name
from embedded.webhooks.shapes import Refused
from embedded.webhooks.subject import CONNECTION, EXTERNAL, IPV4_NAMESPACE, VPC, keep_own

if TYPE_CHECKING:
    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject


LARGEST_PART = 65535


def _default(external: Subject, settings: Settings) -> None:
    spec = external.spec
    spec["ipv4Namespace"] = spec["ipv4Namespace"] or settings.defaults.ipv4_namespace
    keep_own(external, {IPV4_NAMESPACE: spec["ipv4Namespace"]})


def _check(external: Subject, world: World) -> list[str]:
    check_metadata(external)
    check_short_name(external)
    spec = external.spec
    communities = {field: spec[field] for field in ("inboundCommunity", "outboundCommunity") if spec[field]}
    if spec["static"] is None:
        for field, community in communities.items():
            if not _is_community(community):
                raise Refused(f"{field} {community} is not a valid community, example 50000:50001")
    else:
        if communities:
            raise Refused("inboundCommunity and outboundCommunity must be empty when static configuration is present")
        _check_prefixes(spec["static"]["prefixes"] or [])
    if world.objects.get("IPv4Namespace", spec["ipv4Namespace"]) is None:
        raise Refused(f"IPv4Namespace {spec['ipv4Namespace']} not found")
    return []


def _is_community(text: str) -> bool:
    """Two numbers from 0 to 65535 with a colon between them, without leading zeros."""
    parts = text.split(":")
    return len(parts) == 2 and all(_is_part(part) for part in parts)


def _is_part(text: str) -> bool:
    return text.isascii() and text.isdigit() and str(int(text)) == text and int(text) <= LARGEST_PART


def _check_prefixes(texts: list[str]) -> None:
    if not texts:
        raise Refused("at least one prefix must be specified for static externals")
    found = prefixes(texts, "static external configuration: ")
    for one, other in combinations(found, 2):
        if one.overlaps(other):
            raise Refused(f"static prefixes {one} and {other} overlap with each other")


def _delete(external: Subject, world: World) -> None:
    for kind, what in (("ExternalAttachment", "attachments"), ("ExternalPeering", "peerings")):
        if world.objects.labelled(kind, EXTERNAL, external.name):
            raise Refused(f"external has {what}")


EXTERNALS = Kind("error validating external", _default, _check, delete=_delete)


def _default_attachment(attachment: Subject, settings: Settings) -> None:  # noqa: ARG001 - every kind is given the settings
    keep_own(attachment, {CONNECTION: attachment.spec["connection"], EXTERNAL: attachment.spec["external"]})


def _check_attachment(attachment: Subject, world: World) -> list[str]:
    check_metadata(attachment)
    spec = attachment.spec
    for field in ("external", "connection"):
        if not spec[field]:
            raise Refused(f"{field} is required")
    if spec["static"] is None:
        _check_session(spec["switch"], spec["neighbor"])
    else:
        _check_static(spec)
    try:
        check_access_list(spec["inboundACL"])
    except Refused as error:
        raise Refused(f"invalid inboundACL: {error}") from error
    _check_ends(spec, world)
    _check_vlan(attachment, world)
    return []


def _check_session(switch: dict[str, Any], neighbor: dict[str, Any]) -> None:
    if not switch["ip"]:
        raise Refused("switch.ip is required")
    if prefix(switch["ip"]) is None:
        raise Refused("switch.ip is not a valid IP CIDR")
    if not neighbor["asn"]:
        raise Refused("neighbor.asn is required")
    if not neighbor["ip"]:
        raise Refused("neighbor.ip is required")
    if address(neighbor["ip"]) is None:
        raise Refused("neighbor.ip is not a valid IP address")


def _check_static(spec: dict[str, Any]) -> None:
    static = spec["static"]
    for what in ("switch", "neighbor"):
        if any(spec[what].values()):
            raise Refused(f"{what} parameters must not be set for static external attachment")
    if not static["remoteIP"]:
        raise Refused("static.remoteIP is required for static external attachment")
    if address(static["remoteIP"]) is None:
        raise Refused("static.remoteIP is not a valid IP address")
    if bool(static["ip"]) == static["proxy"]:
        raise Refused("either static.ip or static.proxy must be set for static external attachment")
    if static["ip"] and prefix(static["ip"]) is None:
        raise Refused("static.ip is not a valid IP CIDR")


def _check_ends(spec: dict[str, Any], world: World) -> None:
    external = world.objects.get("External", spec["external"])
    if external is None:
        raise Refused(f"external {spec['external']} not found")
    if (spec["static"] is None) != (external.spec["static"] is None):
        one, other = ("is not", "is") if spec["static"] is None else ("is", "is not")
        raise Refused(f"external attachment {one} static but external {spec['external']} {other}")
    connection = world.objects.get("Connection", spec["connection"])
    if connection is None:
        raise Refused(f"connection {spec['connection']} not found")
    if connection.spec["external"] is None:
        raise Refused(f"connection {spec['connection']} is not external")


def _check_vlan(attachment: Subject, world: World) -> None:
    connection, vlan = attachment.spec["connection"], _vlan(attachment.spec)
    for other in world.objects.labelled("ExternalAttachment", CONNECTION, connection):
        if other.name != attachment.name and _vlan(other.spec) == vlan:
            raise Refused(f"connection {connection} already has an external attachment with VLAN {vlan}")


def _vlan(spec: dict[str, Any]) -> int:
    side = spec["switch"] if spec["static"] is None else spec["static"]
    return int(side["vlan"])


EXTERNAL_ATTACHMENTS = Kind("failed to validate external attachment", _default_attachment, _check_attachment)


def _default_peering(peering: Subject, settings: Settings) -> None:  # noqa: ARG001 - every kind is given the settings
    vpc, external = peering.spec["permit"]["vpc"], peering.spec["permit"]["external"]
    keep_own(peering, {VPC: vpc["name"], EXTERNAL: external["name"]})
    if vpc["subnets"] is not None:
        vpc["subnets"].sort()
    if external["prefixes"] is not None:
        external["prefixes"].sort(key=lambda one: one["prefix"])


def _check_peering(peering: Subject, world: World) -> list[str]:
    check_metadata(peering)
    permit = peering.spec["permit"]
    vpc_name, external_name = permit["vpc"]["name"], permit["external"]["name"]
    if not vpc_name:
        raise Refused("vpc.name is required")
    if not external_name:
        raise Refused("external.name is required")
    if not all(one["prefix"] for one in permit["external"]["prefixes"] or ()):
        raise Refused("external.prefixes.prefix is required")
    vpc = world.objects.get("VPC", vpc_name)
    if vpc is None:
        raise Refused(f"vpc {vpc_name} not found")
    external = world.objects.get("External", external_name)
    if external is None:
        raise Refused(f"external {external_name} not found")
    theirs, ours = external.spec["ipv4Namespace"], vpc.spec["ipv4Namespace"]
    if ours != theirs:
        raise Refused(f"vpc's IPv4 namespace {ours} is different from the external's IPv4 namespace {theirs}")
    for subnet in permit["vpc"]["subnets"] or ():
        if subnet not in (vpc.spec["subnets"] or {}):
            raise Refused(f"vpc {vpc_name} does not have subnet {subnet}")
    return []


EXTERNAL_PEERINGS = Kind("failed to validate external peering", _default_peering, _check_peering)
