"""Externals and their attachments: BGP or static on both sides, communities, ACLs, one VLAN once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from providers.core.rules.connections import prefixes_apart, types_of
from providers.core.rules.fabric import CR, Fabric, Findings, Place, twice
from providers.core.rules.values import address, listing, mapping, network, number, text
from providers.core.rules.vlans import LAST_VLAN

_COMMUNITY = re.compile(r"([0-9]{1,5}):([0-9]{1,5})")
_LEAST_SEQUENCE = 10
_MOST = 65535
_WITH_PORTS = ("tcp", "udp")


def externals(fabric: Fabric) -> Findings:
    """Communities, or static prefixes that do not overlap; never both."""
    for external in fabric.all("External"):
        static = external.spec.get("static")
        given = {key: text(external.spec.get(key)) for key in ("inboundCommunity", "outboundCommunity")}
        for key, written in given.items():
            if written and isinstance(static, Mapping):
                yield external.error("external-static", (key,), "a static external has no communities; take it out")
            elif written and not _is_community(written):
                yield external.error("community", (key,), f'"{written}" is no community; write it as in "50000:50001"')
        if isinstance(static, Mapping):
            prefixes = listing(static.get("prefixes"))
            if not prefixes:
                message = "a static external needs at least one prefix; add one, as in 0.0.0.0/0"
                yield external.error("external-static", ("static", "prefixes"), message)
            yield from prefixes_apart(external, ("static", "prefixes"), prefixes, "external-static")


def _is_community(written: str) -> bool:
    match = _COMMUNITY.fullmatch(written)
    return match is not None and all(int(part) <= _MOST for part in match.groups())


def attachments(fabric: Fabric) -> Findings:
    """Both sides are named, the connection is an external one, and the parameters are those of BGP or of static."""
    for attachment in fabric.all("ExternalAttachment"):
        for field in ("external", "connection"):
            if not text(attachment.spec.get(field)):
                yield attachment.error("required", (field,), "is required and missing; name one of this fabric")
        name = text(attachment.spec.get("connection"))
        connection = fabric.get("Connection", name)
        for kind in types_of(connection)[:1] if connection is not None else ():
            if kind != "external":
                message = f"{name} is of type {kind}; an external can be attached to type external only"
                yield attachment.error("attachment-type", ("connection",), message)
        static = attachment.spec.get("static")
        external = fabric.get("External", text(attachment.spec.get("external")))
        if external is not None:
            yield from _same_kind(attachment, external, isinstance(static, Mapping))
        if isinstance(static, Mapping):
            yield from _static(attachment, static)
        else:
            yield from _bgp(attachment)


def _same_kind(attachment: CR, external: CR, static: bool) -> Findings:
    wanted = isinstance(external.spec.get("static"), Mapping)
    if wanted and not static:
        message = f"{external} is static; describe the attachment under static, without switch and neighbor"
        yield attachment.error("external-static", ("external",), message)
    elif static and not wanted:
        message = f"{external} is not static; describe the attachment under switch and neighbor, without static"
        yield attachment.error("external-static", ("static",), message)


def _bgp(attachment: CR) -> Findings:
    neighbor, switch = mapping(attachment.spec.get("neighbor")), mapping(attachment.spec.get("switch"))
    if not number(neighbor.get("asn")):
        yield attachment.error("neighbor", ("neighbor", "asn"), "the neighbor's ASN is missing; write it, as in 64102")
    ip = text(neighbor.get("ip"))
    if address(ip) is None:
        wrong = f'"{ip}" is no IP address' if ip else "the neighbor's address is missing"
        yield attachment.error("neighbor", ("neighbor", "ip"), f'{wrong}; write it as in "100.1.10.6"')
    own = text(switch.get("ip"))
    if own and network(own) is None:
        message = f'"{own}" is no address with its length; write it as in "100.1.10.1/24"'
        yield attachment.error("switch-address", ("switch", "ip"), message)


def _static(attachment: CR, static: Mapping[str, Any]) -> Findings:
    for field in ("switch", "neighbor"):
        if mapping(attachment.spec.get(field)):
            yield attachment.error("external-static", (field,), "a static attachment has none; take it out")
    own, proxy = text(static.get("ip")), static.get("proxy") is True
    if bool(own) == proxy:
        message = "either ip or proxy must be set; take one out" if own else "ip or proxy must be set; add one"
        yield attachment.error("external-static", ("static",), message)
    if own and network(own) is None:
        message = f'"{own}" is no address with its length; write it as in "100.1.10.1/24"'
        yield attachment.error("external-static", ("static", "ip"), message)
    remote = text(static.get("remoteIP"))
    if address(remote) is None:
        yield attachment.error("external-static", ("static", "remoteIP"), f'"{remote}" is no IP address; write one')


def _vlan_path(attachment: CR) -> tuple[str, str]:
    return ("static" if isinstance(attachment.spec.get("static"), Mapping) else "switch", "vlan")


def vlans(fabric: Fabric) -> Findings:
    """A VLAN of an external connection has one attachment; no VLAN counts as one, too."""
    places = []
    for attachment in fabric.all("ExternalAttachment"):
        path = _vlan_path(attachment)
        vlan = number(mapping(attachment.spec.get(path[0])).get("vlan")) or 0
        if not 0 <= vlan <= LAST_VLAN:
            yield attachment.error("vlan-invalid", path, f"a VLAN is 1 to {LAST_VLAN}, 0 for none; it is {vlan}")
        name = text(attachment.spec.get("connection"))
        if name:
            places.append(Place((name, vlan), attachment, path))
    yield from twice("vlan-used-twice", places, lambda value: f"VLAN {value[1]} of {value[0]}", "take a free one")


def acls(fabric: Fabric) -> Findings:
    """Statements of an inbound ACL: sequence numbers from 10, each once; ports only with tcp and udp."""
    for attachment in fabric.all("ExternalAttachment"):
        statements = listing(mapping(attachment.spec.get("inboundACL")).get("statements"))
        seen: set[int] = set()
        for index, each in enumerate(statements):
            statement, path = mapping(each), ("inboundACL", "statements", index)
            sequence = number(statement.get("seq")) or 0
            if sequence < _LEAST_SEQUENCE:
                message = f"{sequence} is of the numbers below {_LEAST_SEQUENCE}, which are Hedgehog's own; take a greater one"
                yield attachment.error("acl", (*path, "seq"), message)
            elif sequence in seen:
                yield attachment.error(
                    "acl", (*path, "seq"), f"sequence number {sequence} is used already; take a free one"
                )
            seen.add(sequence)
            ports = [key for key in ("portRangeBegin", "portRangeEnd") if statement.get(key)]
            if ports and text(statement.get("protocol")) not in _WITH_PORTS:
                message = f"ports go with {' or '.join(_WITH_PORTS)} only; take them out, or change the protocol"
                yield attachment.error("acl", (*path, ports[0]), message)


RULES = (externals, attachments, vlans, acls)
