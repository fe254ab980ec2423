"""The wiring of a generated fabric: two spines, racks of two leaves with ten servers each, and the way outside.

Every switch has the profile `vs`, whose ports are E1/1 to E1/48. On a leaf E1/1-9 go to servers, E1/40 outside,
E1/45-46 are looped, E1/47-48 go to the spines.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from sample.cr import CR

if TYPE_CHECKING:
    from collections.abc import Iterator

SPINES = ("spine-01", "spine-02")
SPINE_ASN = 65100
FIRST_LEAF_ASN = 65101
FIRST_VLAN, LAST_VLAN = 1000, 2999
EXTERNALS = ("internet", "partner")
RACKS_PER_ROW = 6

MANAGEMENT = IPv4Address("172.30.0.6")
PROTOCOL = IPv4Address("172.30.8.0")
VTEP = IPv4Address("172.30.12.0")

# The first free address of each subnet that fabricator's defaults set apart.
FABRIC_LINKS = IPv4Address("172.30.128.0")


@dataclass(frozen=True, slots=True)
class Rack:
    """Two leaves that are an ESLAG pair; `number` counts from 1."""

    number: int

    @property
    def name(self) -> str:
        """The rack's name, e.g. "rack-07"."""
        return f"rack-{self.number:02}"

    @property
    def row(self) -> str:
        """The row it stands in, which is also its VLAN namespace, e.g. "row-2"."""
        return f"row-{(self.number - 1) // RACKS_PER_ROW + 1}"

    @property
    def leaves(self) -> tuple[int, int]:
        """Indexes of its leaves from 0."""
        return 2 * self.number - 2, 2 * self.number - 1

    @property
    def folder(self) -> str:
        """Where its files are."""
        return f"wiring/{self.row}/{self.name}"

    def server_connections(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield (server, connection, spec): six servers on both leaves, four on one of them."""
        first, second = (leaf_name(leaf) for leaf in self.leaves)
        for number in range(1, 7):
            server = f"server-{self.number:02}{number:02}"
            links = [_link(server, 1, first, number), _link(server, 2, second, number)]
            yield server, f"{server}--eslag--{first}--{second}", {"eslag": {"links": links}}
        for number, leaf in ((7, first), (8, second)):
            server = f"server-{self.number:02}{number:02}"
            links = [_link(server, 1, leaf, 7), _link(server, 2, leaf, 8)]
            yield server, f"{server}--bundled--{leaf}", {"bundled": {"links": links}}
        for number, leaf in ((9, first), (10, second)):
            server = f"server-{self.number:02}{number:02}"
            yield server, f"{server}--unbundled--{leaf}", {"unbundled": {"link": _link(server, 1, leaf, 9)}}


def leaf_name(index: int) -> str:
    """The name of a leaf by its index from 0."""
    return f"leaf-{index + 1:02}"


def wiring(racks: list[Rack]) -> Iterator[CR]:
    """Yield everything but the tenants' CRs, each after what it refers to."""
    yield CR("namespaces.yaml", "IPv4Namespace", "default", {"subnets": ["10.0.0.0/8"]})
    for row in dict.fromkeys(rack.row for rack in racks):
        yield CR("namespaces.yaml", "VLANNamespace", row, {"ranges": [{"from": FIRST_VLAN, "to": LAST_VLAN}]})
    for index, spine in enumerate(SPINES):
        # a switch without any is in the VLAN namespace "default", which is not here
        spec = _switch(index, "spine", SPINE_ASN) | {"vlanNamespaces": [racks[0].row]}
        yield CR("wiring/spines.yaml", "Switch", spine, spec)
    for rack in racks:
        yield from _rack(rack, 2 * len(racks))
    for index, external in enumerate(EXTERNALS):
        yield from _outside(index, external)


def _rack(rack: Rack, leaf_count: int) -> Iterator[CR]:
    yield CR(f"{rack.folder}/switches.yaml", "SwitchGroup", rack.name, {})
    for leaf in rack.leaves:
        role = "border-leaf" if rack.number == 1 else "server-leaf"
        spec = _switch(len(SPINES) + leaf, role, FIRST_LEAF_ASN + leaf) | {
            "vtepIP": f"{VTEP + leaf}/32",
            "groups": [rack.name],
            "redundancy": {"group": rack.name, "type": "eslag"},
            "vlanNamespaces": [rack.row],
        }
        yield CR(f"{rack.folder}/switches.yaml", "Switch", leaf_name(leaf), spec)
    for leaf in rack.leaves:
        yield _loopback(rack, leaf_name(leaf))
        for spine in range(len(SPINES)):
            yield _uplink(rack, spine, leaf, leaf_count)
    for server, connection, spec in rack.server_connections():
        yield CR(f"{rack.folder}/servers.yaml", "Server", server, {"description": f"{rack.row} {rack.name}"})
        yield CR(f"{rack.folder}/servers.yaml", "Connection", connection, spec)


def _switch(index: int, role: str, asn: int) -> dict[str, Any]:
    return {
        "role": role,
        "profile": "vs",
        "description": f"{role} {index + 1}",
        "boot": {"mac": f"02:5c:00:00:{index:02x}:00"},
        "asn": asn,
        "ip": f"{MANAGEMENT + index}/21",
        "protocolIP": f"{PROTOCOL + index}/32",
    }


def _uplink(rack: Rack, spine: int, leaf: int, leaf_count: int) -> CR:
    """The cable between a spine and a leaf; the /31s go by the order of the connections' names."""
    address = FABRIC_LINKS + 2 * (spine * leaf_count + leaf)
    ends = {
        "spine": {"port": f"{SPINES[spine]}/E1/{leaf + 1}", "ip": f"{address}/31"},
        "leaf": {"port": f"{leaf_name(leaf)}/E1/{47 + spine}", "ip": f"{address + 1}/31"},
    }
    name = f"{SPINES[spine]}--fabric--{leaf_name(leaf)}"
    return CR(f"{rack.folder}/fabric.yaml", "Connection", name, {"fabric": {"links": [ends]}})


def _loopback(rack: Rack, leaf: str) -> CR:
    link = {"switch1": {"port": f"{leaf}/E1/45"}, "switch2": {"port": f"{leaf}/E1/46"}}
    return CR(f"{rack.folder}/fabric.yaml", "Connection", f"{leaf}--vpc-loopback", {"vpcLoopback": {"links": [link]}})


def _link(server: str, server_port: int, leaf: str, leaf_port: int) -> dict[str, Any]:
    return {"server": {"port": f"{server}/enp2s{server_port}"}, "switch": {"port": f"{leaf}/E1/{leaf_port}"}}


def _outside(index: int, external: str) -> Iterator[CR]:
    """An External by BGP, on a port of one leaf of the first rack."""
    leaf, path = leaf_name(index), "outside/externals.yaml"
    connection = f"{leaf}--external--{external}"
    communities = {
        "inboundCommunity": f"{64500 + index}:1000",
        "outboundCommunity": f"50000:{1000 + index}",
    }
    ours = IPv4Address("198.51.100.2") + 4 * index
    session = {
        "switch": {"vlan": 10 + index, "ip": f"{ours}/30"},
        "neighbor": {"asn": 64500 + index, "ip": str(ours - 1)},
    }
    yield CR(path, "Connection", connection, {"external": {"link": {"switch": {"port": f"{leaf}/E1/40"}}}})
    yield CR(path, "External", external, {"ipv4Namespace": "default"} | communities)
    yield CR(
        path, "ExternalAttachment", f"{leaf}--{external}", {"external": external, "connection": connection} | session
    )
