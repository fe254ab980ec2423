"""What is refused of one subnet of a VPC."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from embedded.webhooks.networks import Address, Prefix, address, prefix
from embedded.webhooks.shapes import Refused

if TYPE_CHECKING:
    from embedded.webhooks.networks import Prefix
    from embedded.webhooks.settings import Defaults, Settings


SMALLEST_MTU, LARGEST_MTU = 96, 9036


def check_subnet(name: str, subnet: dict[str, Any], settings: Settings) -> Prefix:
    """Check a subnet by itself and return its network."""
    where = f"subnet {name}"
    network = _network(where, subnet["subnet"], settings)
    gateway = _gateway(where, subnet, network)
    dhcp = subnet["dhcp"]
    if dhcp["relay"]:
        if dhcp["enable"]:
            raise Refused(f"{where}: dhcp relay and dhcp server cannot be enabled at the same time")
        if prefix(dhcp["relay"]) is None:
            raise Refused(f"{where}: failed to parse dhcp relay {dhcp['relay']}")
    elif dhcp["relayVPC"]:
        raise Refused(f"{where}: dhcp relay VPC specified but dhcp relay is not enabled")
    if dhcp["enable"]:
        _check_range(where, dhcp["range"], network, gateway)
        _check_options(where, dhcp["options"], network)
        _check_static(where, dhcp["static"] or {}, network, subnet["gateway"])
    elif dhcp["static"]:
        # a range and options are no matter: they have been taken out
        raise Refused(f"{where}: static IPs are not supported when DHCP is disabled")
    return network


def _network(where: str, text: str, settings: Settings) -> Prefix:
    if not text:
        raise Refused(f"{where}: missing subnet")
    network = prefix(text)
    if network is None:
        raise Refused(f"{where}: failed to parse subnet {text}")
    if network.bits > LONGEST_PREFIX:
        # a /31 or longer keeps its DHCP settings, so nothing can be said of those yet
        raise Refused(f"{where}: prefix length {network.bits} is too large, must be <= {LONGEST_PREFIX}")
    if any(reserved.overlaps(network) for reserved in settings.reserved):
        raise Refused(f"{where}: subnet {text} is reserved")
    return network


def _gateway(where: str, subnet: dict[str, Any], network: Prefix) -> Address | None:
    if subnet["hostBGP"]:
        if subnet["dhcp"]["enable"]:
            raise Refused(f"{where}: dhcp should not be enabled for hostBGP subnets")
        return None
    gateway = address(subnet["gateway"])
    if gateway is None:
        raise Refused(f"{where}: gateway {subnet['gateway']} is not a valid IP address")
    if not network.contains(gateway):
        raise Refused(f"{where}: gateway {gateway} is not in the subnet")
    if not subnet["vlan"]:
        raise Refused(f"{where}: vlan is required")
    return gateway


def _check_range(where: str, found: dict[str, str], network: Prefix, gateway: Address | None) -> None:
    ends = []
    for end in ("start", "end"):
        one = address(found[end])
        what = f"{where}: dhcp range {end} {found[end]}"
        if one is None:
            raise Refused(f"{what} is no address")
        if one == network.first:
            raise Refused(f"{what} is equal to subnet")
        if one == gateway:
            raise Refused(f"{what} is equal to gateway")
        if not network.contains(one):
            raise Refused(f"{what} is not in the subnet")
        ends.append(one)
    if ends[0].number >= ends[1].number:
        raise Refused(f"{where}: dhcp range start {ends[0]} does not come before dhcp range end {ends[1]}")


def _check_options(where: str, options: dict[str, Any] | None, network: Prefix) -> None:
    if options is None:
        return
    for field, what in (("dnsServers", "dns address"), ("timeServers", "time server address")):
        for server in options[field] or ():
            if address(server) is None:
                raise Refused(f"{where}: {what} {server} is not a valid IP")
    if not SMALLEST_MTU <= options["interfaceMTU"] <= LARGEST_MTU:
        raise Refused(
            f"{where}: MTU {options['interfaceMTU']} must be from {SMALLEST_MTU} to {LARGEST_MTU}",
        )
    for route in options["advertisedRoutes"] or ():
        _check_route(where, route, network)


def _check_route(where: str, route: dict[str, str], network: Prefix) -> None:
    for field in ("destination", "gateway"):
        if not route[field]:
            raise Refused(f"{where}: advertised route {field} is required")
    if prefix(route["destination"]) is None:
        raise Refused(f"{where}: failed to parse advertised route destination {route['destination']}")
    gateway = address(route["gateway"])
    if gateway is None:
        raise Refused(f"{where}: invalid advertised route gateway {route['gateway']}")
    if not network.contains(gateway):
        raise Refused(f"{where}: advertised route gateway {gateway} is not in the subnet")


def _check_static(where: str, static: dict[str, dict[str, str]], network: Prefix, gateway: str) -> None:
    seen: set[str] = set()
    for mac, entry in static.items():
        text = entry["ip"]
        what = f"{where}: static IP {text}"
        if not text:
            raise Refused(f"{where}: empty static IP assigned to MAC {mac}")
        if not is_mac(mac):
            raise Refused(f"{where}: invalid MAC {mac!r} for static IP {text}")
        found = address(text)
        if found is None:
            raise Refused(f"{where}: invalid static IP {text}")
        if not network.contains(found):
            raise Refused(f"{what} is not in the subnet")
        if found == network.first:
            raise Refused(f"{what} is the same as the subnet IP")
        if text == gateway:
            raise Refused(f"{what} is the same as the gateway IP")
        if text == str(network.last):
            raise Refused(f"{what} is the same as the broadcast IP")
        if text in seen:
            raise Refused(f"{what} is already assigned to another MAC address")
        seen.add(text)


# A longer one has no room for a gateway and hosts; it is refused later.
LONGEST_PREFIX = 30

_MAC_BYTES = {6, 8, 20}


def default_subnet(subnet: dict[str, Any], defaults: Defaults) -> None:
    """Fill in gateway and DHCP, or take out the DHCP settings of a subnet without DHCP; in place."""
    network = prefix(subnet["subnet"])
    if network is None:
        return
    if not subnet["gateway"] and not subnet["hostBGP"]:
        subnet["gateway"] = _host(network, defaults.gateway_offset)
    if network.bits > LONGEST_PREFIX:
        return
    dhcp = subnet["dhcp"]
    if not dhcp["enable"]:
        dhcp["range"] = dhcp["options"] = None
        return
    found = dhcp["range"] or {"start": "", "end": ""}
    dhcp["range"] = {"start": found["start"] or _host(network, 2), "end": found["end"] or str(network.last)}
    if dhcp["options"] is not None:
        if not _has_options(dhcp["options"]):
            # and MACs stay as they are written: the real webhook goes on to the next subnet here
            dhcp["options"] = None
            return
        _default_options(dhcp["options"], defaults)
    if dhcp["static"]:
        dhcp["static"] = {_mac(mac) or mac: entry for mac, entry in dhcp["static"].items()}


def _host(network: Prefix, offset: int) -> str:
    return str(Address(network.version, network.first.number + offset))


def _has_options(options: dict[str, Any]) -> bool:
    return any((value is not None and value not in ("", 0, False)) or value == [] for value in options.values())


def _default_options(options: dict[str, Any], defaults: Defaults) -> None:
    options["interfaceMTU"] = options["interfaceMTU"] or defaults.dhcp_mtu
    options["leaseTimeSeconds"] = options["leaseTimeSeconds"] or defaults.dhcp_lease_seconds
    options["dnsServers"] = sorted(options["dnsServers"] or ())
    options["timeServers"] = sorted(options["timeServers"] or ())
    routes = options["advertisedRoutes"] or ()
    options["advertisedRoutes"] = sorted(routes, key=lambda one: (one["destination"], one["gateway"]))


def _mac(text: str) -> str | None:
    """A MAC in lower case with colons; None when it is none.

    Read are pairs of digits with colons or hyphens, and groups of four with dots; 6, 8 or 20 bytes.
    """
    for separator, width in ((":", 2), ("-", 2), (".", 4)):
        groups = text.split(separator)
        if len(groups) > 1 and all(len(one) == width and set(one) <= set(string.hexdigits) for one in groups):
            digits = "".join(groups).lower()
            found = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
            return found if len(digits) // 2 in _MAC_BYTES else None
    return None


def is_mac(text: str) -> bool:
    """Whether the webhooks take it for a MAC address."""
    return _mac(text) is not None
