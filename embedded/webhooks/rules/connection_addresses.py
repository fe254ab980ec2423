"""The addresses of the links between switches, and to gateways: /31s of the fabric's own network, each used once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.webhooks.endpoints import links
from embedded.webhooks.errors import Refused
from embedded.webhooks.networks import Address, prefix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.webhooks.networks import Prefix
    from embedded.webhooks.rules.kind import World
    from embedded.webhooks.subject import Subject

_ENDS = {"fabric": ("spine", "leaf"), "mesh": ("leaf1", "leaf2"), "gateway": ("switch", "gateway")}
LINK_BITS = 31


def check_link_addresses(connection: Subject, world: World) -> None:
    """Check the links that have an address at both ends; the others are let through as they are."""
    name = next((one for one in _ENDS if connection.spec[one] is not None), None)
    if name is None:
        return
    taken = _taken(connection, world)
    for index, link in enumerate(links(connection.spec, name)):
        ends = _ENDS[name]
        if not all(link[end]["ip"] for end in ends):
            continue
        where = f"{name} connection {connection.name} link {index}"
        one, other = (_checked(link[end]["ip"], f"{where} {end}", world, taken) for end in ends)
        if one.masked != other.masked:
            raise Refused(f"{where} {ends[0]} IP {one} and {ends[1]} IP {other} are not in the same subnet")


def _checked(text: str, where: str, world: World, taken: set[Address]) -> Prefix:
    """The address as a prefix; it counts as taken from here on."""
    network = world.settings.fabric_subnet
    found = prefix(text)
    if found is None:
        raise Refused(f"parsing {where} IP {text}")
    if found.bits != LINK_BITS:
        raise Refused(f"{where} IP {text} is not a /{LINK_BITS}")
    if not network.contains(found.address):
        raise Refused(f"{where} IP {text} is not in the fabric subnet {network}")
    if found.address in taken:
        raise Refused(f"{where} IP {text} is already in use")
    taken.add(found.address)
    return found


def _taken(connection: Subject, world: World) -> set[Address]:
    """The addresses of all other Connections."""
    return {
        found.address
        for other in world.objects.all("Connection")
        if other.name != connection.name
        for text in addresses(other.spec)
        if (found := prefix(text)) is not None
    }


def addresses(spec: Mapping[str, Any]) -> list[str]:
    """The addresses of a Connection's links, of the first type that has any; none for MCLAG."""
    if spec["mclag"] is not None or spec["mclagDomain"] is not None:
        return []
    for name, ends in _ENDS.items():
        if spec[name] is not None:
            return [link[end]["ip"] for link in links(spec, name) for end in ends if link[end]["ip"]]
    return []
