"""Connections: their type and ports, what they name, and what keeps them from being deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.webhooks.endpoints import endpoints, is_mclag, links, type_name
from embedded.webhooks.networks import Address, address, prefix, refuse_overlap
from embedded.webhooks.rules.kind import Kind, World, check_metadata
from embedded.webhooks.shapes import Refused
from embedded.webhooks.subject import CONNECTION, CONNECTION_TYPE, TRUE, VPC, keep_own, listed
from hedgehog.profiles import MANAGEMENT_PORT, profiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedded.webhooks.endpoints import Endpoints
    from embedded.webhooks.networks import Prefix
    from embedded.webhooks.rules.kind import World
    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject


MCLAG_WARNING = "MCLAG is deprecated and no longer supported"
DEFAULT_ROUTE = "0.0.0.0/0"


def _default(connection: Subject, settings: Settings) -> None:  # noqa: ARG001 - every kind is given the settings
    keep_own(connection, {} if is_mclag(connection.spec) else _labels(connection.spec))


def _labels(spec: dict[str, Any]) -> dict[str, str]:
    labels = {CONNECTION_TYPE: type_name(spec)}
    static = spec["staticExternal"]
    if static is not None and static["withinVPC"]:
        labels[VPC] = static["withinVPC"]
    try:
        ends = endpoints(spec)
    except Refused:
        # the check tells why
        return labels
    labels |= {listed("switch", name): TRUE for name in ends.switches}
    return labels | {listed("server", name): TRUE for name in ends.servers}


def _check(connection: Subject, world: World) -> list[str]:
    check_metadata(connection)
    spec = connection.spec
    if is_mclag(spec):
        _check_within_vpc(connection, world)
        return [MCLAG_WARNING]
    _check_mtu(spec, world.settings)
    ends = endpoints(spec)
    if spec["staticExternal"] is not None:
        _check_static(spec["staticExternal"]["link"]["switch"], world.settings)
    check_switches(connection, ends, world)
    for server in sorted(ends.servers):
        if world.objects.get("Server", server) is None:
            raise Refused(f"server {server} not found")
    check_ports_are_free(connection, ends, world)
    check_link_addresses(connection, world)
    _check_within_vpc(connection, world)
    return []


def _check_mtu(spec: dict[str, Any], settings: Settings) -> None:
    most = settings.fabric_mtu - settings.server_mtu_offset
    for name in ("unbundled", "bundled"):
        if spec[name] is not None and spec[name]["mtu"] > most:
            raise Refused(
                f"{name} connection mtu {spec[name]['mtu']} is greater than {most}, what the fabric can carry"
            )


def _check_static(end: dict[str, Any], settings: Settings) -> None:
    network, hop = prefix(end["ip"]), address(end["nextHop"])
    if network is None:
        raise Refused(f"failed to parse cidr {end['ip']}")
    if hop is None:
        raise Refused(f"failed to parse next hop {end['nextHop']}")
    if not network.contains(hop):
        raise Refused(f"next hop {hop} is not in cidr {network.masked}")
    subnets = []
    for text in end["subnets"] or ():
        subnet = prefix(text)
        if subnet is None:
            raise Refused(f"failed to parse cidr {text}")
        if text == DEFAULT_ROUTE:
            if len(end["subnets"]) > 1:
                raise Refused("default route should be the only subnet")
            # it overlaps everything, and so is not compared
            break
        if subnet != subnet.masked:
            raise Refused(f"invalid subnet {text}: inconsistent IP address and mask")
        subnets.append(subnet)
    refuse_overlap(subnets, "subnets overlap")
    refuse_overlap([*subnets, *settings.reserved], "subnets overlap with reserved subnets")


def _check_within_vpc(connection: Subject, world: World) -> None:
    static = connection.spec["staticExternal"]
    if static is not None and static["withinVPC"] and world.objects.get("VPC", static["withinVPC"]) is None:
        raise Refused(f"vpc {static['withinVPC']} not found")


def _before_update(old: Subject, new: Subject, world: World) -> None:  # noqa: ARG001 - it looks at nothing else
    if type_name(old.spec) != type_name(new.spec):
        raise Refused("connection type is immutable")
    before, after = old.spec["staticExternal"], new.spec["staticExternal"]
    if before is not None and after is not None and before["withinVPC"] != after["withinVPC"]:
        raise Refused("StaticExternal.WithinVPC is immutable")


def _delete(connection: Subject, world: World) -> None:
    for kind, what in (("VPCAttachment", "attachments"), ("ExternalAttachment", "external attachments")):
        if world.objects.labelled(kind, CONNECTION, connection.name):
            raise Refused(f"connection has {what}")


CONNECTIONS = Kind(
    "error validating connection",
    _default,
    _check,
    before_update=_before_update,
    delete=_delete,
)


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


ESLAG = "eslag"


def check_switches(connection: Subject, ends: Endpoints, world: World) -> None:
    """Refuse switches that are not there, ports that they do not have, and ESLAG across redundancy groups."""
    eslag = connection.spec["eslag"] is not None
    switches = []
    for name in sorted(ends.switches):
        switch = world.objects.get("Switch", name)
        if switch is None:
            raise Refused(f"switch {name} not found")
        switches.append(switch)
        if eslag:
            _refuse_different_redundancy(switches)
        _check_ports_of(switch, ends.ports)
    if eslag:
        _check_redundancy(switches)


def _check_ports_of(switch: Subject, ports: Iterable[str]) -> None:
    profile = profiles().get(switch.spec["profile"])
    if profile is None:
        raise Refused(f"switch profile {switch.spec['profile']} not found")
    try:
        allowed = profile.port_names(switch.spec["portBreakouts"] or {})
    except KeyError as error:
        raise Refused(f"switch {switch.name} has a breakout {error} that its profile does not have") from error
    for port in sorted(ports):
        device, _, local = port.partition("/")
        if device == switch.name and local not in allowed and local != MANAGEMENT_PORT:
            raise Refused(f"port {port} is not allowed for switch {switch.name}")


def _refuse_different_redundancy(switches: list[Subject]) -> None:
    for what in ("group", "type"):
        found = {switch.spec["redundancy"][what] for switch in switches} - {""}
        if len(found) > 1:
            raise Refused(
                f"all switches in ESLAG connection should belong to the same redundancy {what}, not {sorted(found)}"
            )


def _check_redundancy(switches: list[Subject]) -> None:
    if not any(switch.spec["redundancy"]["group"] for switch in switches):
        raise Refused("all switches in ESLAG connection should have redundancy group")
    found = {switch.spec["redundancy"]["type"] for switch in switches} - {""}
    if found != {ESLAG}:
        raise Refused(f"all switches in ESLAG connection should have ESLAG redundancy type, not {sorted(found)}")


def check_ports_are_free(connection: Subject, ends: Endpoints, world: World) -> None:
    """Refuse a port that another Connection uses; a port that breaks out is also its own first lane."""
    for port in sorted(ends.ports):
        for name in _aliases(port):
            for user in sorted(world.objects.users_of_port(name)):
                if user != connection.name:
                    raise Refused(f"port {name} is already used by other connection {user}")


def _aliases(port: str) -> Iterable[str]:
    yield port
    slashes = port.count("/")
    if slashes == 2:
        yield f"{port}/1"
    elif slashes == 3 and port.endswith("/1"):
        yield port.removesuffix("/1")
