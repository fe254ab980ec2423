"""Connections: one type each, the devices at their ends, and the addresses on their cables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from providers.core.field_path import FieldPath
from providers.core.rules import defaults
from providers.core.rules.fabric import CR, Fabric, Findings, Place, used_again, whose
from providers.core.rules.ports import ENDS, cables, device_of
from providers.core.rules.values import (
    Address,
    Network,
    address,
    inside,
    listing,
    mapping,
    network,
    overlapping,
    prefix,
    text,
)

if TYPE_CHECKING:
    from providers.core.finding import Finding

# Types whose cables go from one server to a pair of switches of the redundancy type with that name.
PAIRED = ("eslag", "mclag")
_POINT_TO_POINT = 31
_AS = 'write it with its length, as in "172.30.128.0/31"'


def types_of(connection: CR) -> list[str]:
    """The types that a Connection has, e.g. ["unbundled"]."""
    return [kind for kind in connection.spec if kind in ENDS and isinstance(connection.spec[kind], Mapping)]


def types(fabric: Fabric) -> Findings:
    """A Connection has one type. With two, the server looks at the first and stores the other unchecked."""
    for connection in fabric.all("Connection"):
        found = types_of(connection)
        if not found:
            yield connection.error("connection-type", (), f"has no type; write one of {', '.join(sorted(ENDS))}")
        for extra in found[1:]:
            message = (
                f"has {len(found)} types ({', '.join(found)}), of which a server checks one and stores the others "
                f"unchecked; write a Connection for each"
            )
            yield connection.error("connection-type", (extra,), message)


def devices(fabric: Fabric) -> Findings:
    """One server at one end; of a bundle one switch, of a pair two switches of one redundancy group."""
    for connection in fabric.all("Connection"):
        for kind in types_of(connection):
            if kind not in {"bundled", *PAIRED}:
                continue
            found = list(cables(kind, connection.spec[kind]))
            yield from _one_device(connection, kind, found, "server")
            if kind == "bundled":
                yield from _one_device(connection, kind, found, "switch")
            else:
                yield from _pair(fabric, connection, kind, found)


type Cables = list[tuple[FieldPath, Mapping[str, Any]]]


def _devices(found: Cables, role: str) -> Iterator[tuple[str, FieldPath]]:
    for path, cable in found:
        device, _ = device_of(mapping(cable.get(role)))
        if device:
            yield device, (*path, role, "port")


def _one_device(connection: CR, kind: str, found: Cables, role: str) -> Findings:
    named = list(_devices(found, role))
    for device, path in named[1:]:
        if device != named[0][0]:
            message = (
                f"the cables of a {kind} connection go to one {role}; the first goes to {named[0][0]}, this to {device}"
            )
            yield connection.error("connection-devices", path, f"{message}; use one, or write two Connections")


def _pair(fabric: Fabric, connection: CR, kind: str, found: Cables) -> Findings:
    """Hedgehog checks eslag, and leaves mclag, which it no longer supports, unchecked."""
    reported = connection.error if kind == "eslag" else connection.warning
    first = ""
    for device, path in _devices(found, "switch"):
        switch = fabric.get("Switch", device)
        if switch is None:
            continue
        redundancy = mapping(switch.spec.get("redundancy"))
        have, group = text(redundancy.get("type"), "none"), text(redundancy.get("group"))
        if have != kind:
            message = f"{device} must be in a redundancy group of type {kind}; its type is {have}; see {switch}"
            yield reported("connection-redundancy", path, message)
        elif first and group != first:
            message = f"the switches of one {kind} connection are of one redundancy group; {device} is in {group}, not {first}"
            yield reported("connection-redundancy", path, message)
        else:
            first = group


def fabric_links(fabric: Fabric) -> Findings:
    """The two ends of a fabric or mesh link, where they have addresses, share a /31 that nobody else uses."""
    places: list[Place[Address]] = []
    for connection in fabric.all("Connection"):
        for kind in types_of(connection):
            if kind in {"fabric", "mesh"}:
                for path, cable in cables(kind, connection.spec[kind]):
                    yield from _link(connection, path, cable, ENDS[kind], places)
    for later, first in used_again(places):
        message = f"{later.value} is used already {whose(first, later)}; take a free address"
        yield later.cr.error("link-address-twice", later.path, message)


def _link(
    connection: CR, path: FieldPath, cable: Mapping[str, Any], roles: tuple[str, ...], places: list[Place[Address]]
) -> Findings:
    found: list[tuple[Network, FieldPath]] = []
    for role in roles:
        written, field = text(mapping(cable.get(role)).get("ip")), (*path, role, "ip")
        parsed = prefix(written)
        if parsed is None:
            if written:
                yield connection.error("link-address", field, f'"{written}" is no address; {_AS}')
            continue
        address, net = parsed
        places.append(Place(address, connection, field))
        found.append((net, field))
        if net.prefixlen != _POINT_TO_POINT:
            yield connection.error("link-address", field, f"{written} is no /31; the ends of a link share a /31")
        if not inside(address, defaults.FABRIC_LINKS):
            where = f"{defaults.FABRIC_LINKS}, the subnet of links {defaults.BY_DEFAULT}"
            message = f"{address} is outside of {where}; take one inside"
            yield connection.warning("link-address-outside", field, message)
    nets = {net for net, _ in found}
    if len(nets) > 1 and all(net.prefixlen == _POINT_TO_POINT for net in nets):
        both = " and ".join(str(net) for net, _ in found)
        message = f"the two ends are of different subnets, {both}; take the two addresses of one /31"
        yield connection.error("link-address", found[-1][1], message)


def static_externals(fabric: Fabric) -> Findings:
    """A static external: an address, a next hop in its subnet, and subnets behind it that do not overlap."""
    for connection in fabric.all("Connection"):
        body = mapping(connection.spec.get("staticExternal"))
        if body:
            switch = mapping(mapping(body.get("link")).get("switch"))
            yield from _static_external(connection, ("staticExternal", "link", "switch"), switch)


def _static_external(connection: CR, path: FieldPath, switch: Mapping[str, Any]) -> Findings:
    written, hop = text(switch.get("ip")), text(switch.get("nextHop"))
    net = network(written)
    if net is None:
        wrong = f'"{written}" is no address' if written else "the address is missing"
        yield connection.error("static-external", (*path, "ip"), f'{wrong}; write it as in "192.168.100.1/24"')
    found = address(hop)
    if found is None:
        wrong = f'"{hop}" is no IP address' if hop else "the next hop is missing"
        yield connection.error("static-external", (*path, "nextHop"), f'{wrong}; write one as in "192.168.100.254"')
    elif net is not None and not inside(found, net):
        message = f"{found} is outside of {net}; take an address of the subnet of ip"
        yield connection.error("static-external", (*path, "nextHop"), message)
    yield from prefixes_apart(connection, (*path, "subnets"), listing(switch.get("subnets")), "static-external")


def prefixes_apart(cr: CR, path: FieldPath, written: list[Any], rule: str) -> Iterator[Finding]:
    """Prefixes of a list parse and do not overlap; the default route stands alone."""
    found: list[tuple[Network, tuple[int, Network]]] = []
    for index, each in enumerate(written):
        parsed = network(each)
        if parsed is None:
            yield cr.error(rule, (*path, index), f'"{each}" is no prefix; write it as in "192.168.101.0/24"')
        elif parsed.prefixlen == 0 and len(written) > 1:
            yield cr.error(
                rule, (*path, index), f"{parsed} is the default route and must stand alone; leave the others out"
            )
        else:
            found.append((parsed, (index, parsed)))
    for pair in overlapping(found):
        (_, before), (index, later) = sorted(pair)
        yield cr.error(rule, (*path, index), f"{later} overlaps {before} of the same list; leave one of them out")


RULES = (types, devices, fabric_links, static_externals)
