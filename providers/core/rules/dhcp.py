"""Gateways and DHCP of VPC subnets: everything an address must lie in, and each MAC and address once.

Where DHCP is off, Hedgehog drops range, options and static leases without looking at them, and so they are not checked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from providers.core.finding import WARNING, Finding
from providers.core.rules.values import Address, Network, address, inside, listing, mac, mapping, network, number, text
from providers.core.rules.vpcs import subnets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from providers.core.field_path import FieldPath
    from providers.core.rules.fabric import CR, Fabric, Findings

LEAST_MTU = 96
MOST_MTU = 65535
_NO_ADDRESS = 'is no IP address; write one without a length, as in "10.0.1.1"'


@dataclass(frozen=True, slots=True)
class _Subnet:
    """A subnet of a VPC that parses, with what its addresses are checked against."""

    vpc: CR
    name: str
    net: Network
    gateway: Address | None
    dhcp: Mapping[str, Any]

    def error(self, rule: str, path: FieldPath, message: str) -> Finding:
        """A finding at a field of the subnet's DHCP."""
        return self.vpc.error(rule, ("subnets", self.name, "dhcp", *path), message)


def gateways(fabric: Fabric) -> Findings:
    """A gateway is an address of its subnet."""
    for vpc in fabric.all("VPC"):
        for name, subnet in subnets_of(vpc):
            written, net = text(subnet.get("gateway")), network(subnet.get("subnet"))
            path = ("subnets", name, "gateway")
            found = address(written)
            if written and found is None:
                yield vpc.error("gateway-invalid", path, f'"{written}" {_NO_ADDRESS}')
            elif found is not None and net is not None and not inside(found, net):
                message = f"{found} is outside of the subnet {net}; take an address in it, or leave it out for {net[1]}"
                yield vpc.error("gateway-outside-subnet", path, message)


def _serving(fabric: Fabric) -> Iterator[_Subnet]:
    """The subnets with DHCP on."""
    for vpc in fabric.all("VPC"):
        for name, subnet in subnets_of(vpc):
            dhcp, net = mapping(subnet.get("dhcp")), network(subnet.get("subnet"))
            if dhcp.get("enable") is not True or net is None:
                continue
            gateway = address(text(subnet.get("gateway"))) or (net[1] if net.num_addresses > 1 else None)
            yield _Subnet(vpc, name, net, gateway, dhcp)


def ranges(fabric: Fabric) -> Findings:
    """Range ends lie in the subnet, are not the gateway, and the start comes before the end."""
    for subnet in _serving(fabric):
        span = mapping(subnet.dhcp.get("range"))
        ends: dict[str, Address] = {}
        for end in ("start", "end"):
            written = text(span.get(end))
            found, path = address(written), ("range", end)
            if written and found is None:
                yield subnet.error("dhcp-range", path, f'"{written}" {_NO_ADDRESS}')
            elif found is not None and not inside(found, subnet.net):
                message = f"{found} is outside of the subnet {subnet.net}; take an address in it"
                yield subnet.error("dhcp-range-outside-subnet", path, message)
            elif found is not None:
                ends[end] = found
        if not span.get("start") and subnet.net.num_addresses > 2:
            ends["start"] = subnet.net[2]  # what the server fills in
        yield from _range(subnet, ends, bool(span.get("start")))


def _range(subnet: _Subnet, ends: Mapping[str, Address], written: bool) -> Findings:
    start, end = ends.get("start"), ends.get("end")
    for side, found in ends.items():
        if found == subnet.gateway:
            why = "" if written or side == "end" else ", which the server fills in,"
            message = f"the {side} {found}{why} is the gateway; move the range or the gateway"
            yield subnet.error("dhcp-range", ("range", side), message)
    if start is not None and end is not None and int(start) > int(end):
        message = f"the start {start} does not come before the end {end}; change the two"
        yield subnet.error("dhcp-range", ("range", "start" if written else "end"), message)


def modes(fabric: Fabric) -> Findings:
    """Server, relay or neither; a relay with its prefix length; no server on hostBGP."""
    for vpc in fabric.all("VPC"):
        for name, subnet in subnets_of(vpc):
            dhcp, path = mapping(subnet.get("dhcp")), ("subnets", name, "dhcp")
            relay, serves = text(dhcp.get("relay")), dhcp.get("enable") is True
            if relay and serves:
                message = "a relay and a DHCP server at once; take relay out, or enable"
                yield vpc.error("dhcp-relay", (*path, "relay"), message)
            if relay and network(relay) is None:
                message = f'"{relay}" is no address with its length; write it as in "10.0.3.9/32"'
                yield vpc.error("dhcp-relay", (*path, "relay"), message)
            if text(dhcp.get("relayVPC")) and not relay:
                message = "names a VPC for a relay, and there is no relay; add relay, or take it out"
                yield vpc.error("dhcp-relay", (*path, "relayVPC"), message)
            if serves and subnet.get("hostBGP") is True:
                message = "DHCP is on in a hostBGP subnet; take one of the two out"
                yield vpc.error("dhcp-host-bgp", (*path, "enable"), message)


def options(fabric: Fabric) -> Findings:
    """MTU, DNS and time servers, advertised routes."""
    for subnet in _serving(fabric):
        given = mapping(subnet.dhcp.get("options"))
        mtu = number(given.get("interfaceMTU"))
        if mtu is not None and mtu != 0 and not LEAST_MTU <= mtu <= MOST_MTU:
            message = f"the MTU must be {LEAST_MTU} to {MOST_MTU}; it is {mtu}"
            yield subnet.error("dhcp-mtu", ("options", "interfaceMTU"), message)
        for key in ("dnsServers", "timeServers"):
            for index, server in enumerate(listing(given.get(key))):
                if address(server) is None:
                    yield subnet.error("dhcp-server", ("options", key, index), f'"{server}" {_NO_ADDRESS}')
        for index, route in enumerate(listing(given.get("advertisedRoutes"))):
            yield from _route(subnet, ("options", "advertisedRoutes", index), mapping(route))


def _route(subnet: _Subnet, path: FieldPath, route: Mapping[str, Any]) -> Findings:
    destination, gateway = text(route.get("destination")), text(route.get("gateway"))
    if network(destination) is None:
        message = f'"{destination}" is no prefix; write it as in "192.168.1.0/24"'
        yield subnet.error("dhcp-route", (*path, "destination"), message)
    found = address(gateway)
    if found is None:
        yield subnet.error("dhcp-route", (*path, "gateway"), f'"{gateway}" {_NO_ADDRESS}')
    elif not inside(found, subnet.net):
        message = f"{found} is outside of the subnet {subnet.net}; take an address in it"
        yield subnet.error("dhcp-route", (*path, "gateway"), message)


def leases(fabric: Fabric) -> Findings:
    """Static leases: a MAC, an address of the subnet that is free, and each of them once."""
    for subnet in _serving(fabric):
        static = mapping(subnet.dhcp.get("static")).items()
        macs: dict[str, tuple[str, Address | None]] = {}
        taken: dict[Address, str] = {}
        for written, lease in static:
            ip, path = text(mapping(lease).get("ip")), ("static", written)
            found, hardware = address(ip), mac(written)
            if hardware is None:
                message = f'"{written}" is no MAC; write it as in "0c:20:12:fe:01:00"'
                yield subnet.error("lease-mac", path, message)
            else:
                yield from _again(subnet, path, hardware, written, found, macs)
            yield from _lease(subnet, (*path, "ip"), ip, found)
            if found is not None:
                other = taken.setdefault(found, hardware or written)
                if other not in (hardware, written):
                    message = f"{found} is leased to another MAC already; give each MAC an address of its own"
                    yield subnet.error("lease-address-twice", (*path, "ip"), message)


def _again(
    subnet: _Subnet,
    path: FieldPath,
    hardware: str,
    written: str,
    found: Address | None,
    macs: dict[str, tuple[str, Address | None]],
) -> Findings:
    """One MAC in two spellings: with two addresses the server keeps one at random, with one it makes them one entry."""
    first, before = macs.setdefault(hardware, (written, found))
    if first == written:
        return
    if before == found:
        message = f'is the same MAC as "{first}" in another spelling; leave one of the two out'
        yield replace(subnet.error("lease-mac-twice", path, message), severity=WARNING)
        return
    message = (
        f'is the same MAC as "{first}" in another spelling, with another address, of which the server keeps one at '
        f"random; leave one of the two out"
    )
    yield subnet.error("lease-mac-twice", path, message)


def _lease(subnet: _Subnet, path: FieldPath, written: str, found: Address | None) -> Findings:
    net = subnet.net
    if found is None:
        wrong = f'"{written}" {_NO_ADDRESS}' if written else "the lease has no address; write its ip"
        yield subnet.error("lease-address", path, wrong)
    elif not inside(found, net):
        message = f"{found} is outside of the subnet {net}; take an address in it"
        yield subnet.error("lease-outside-subnet", path, message)
    elif found == subnet.gateway:
        yield subnet.error("lease-address", path, f"{found} is the gateway; take another address")
    elif net.num_addresses > 2 and found in _ends(net):
        what = "broadcast" if found == net.broadcast_address else "network"
        yield subnet.error("lease-address", path, f"{found} is the {what} address; take another address")


def _ends(net: Network) -> Iterable[Address]:
    return net.network_address, net.broadcast_address


RULES = (gateways, ranges, modes, options, leases)
