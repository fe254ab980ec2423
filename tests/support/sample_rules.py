"""What a real fabric demands of its CRs, as checks over plain documents; each yields one line per fault.

Facts: Hedgehog v0.126's admission webhooks with fabricator's default configuration, switch profile `vs`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import combinations, pairwise
from typing import Any

RESERVED = [IPv4Network(text) for text in ("172.30.0.0/18", "172.30.95.0/31", "172.30.96.0/19", "172.30.128.0/17")]
MANAGEMENT = IPv4Network("172.30.0.0/22")
PROTOCOL = IPv4Network("172.30.8.0/22")
VTEP = IPv4Network("172.30.12.0/22")
FABRIC = IPv4Network("172.30.128.0/17")
SPINE_ASN, LEAF_ASNS = 65100, range(65101, 65534)
VLANS = range(1, 3000)
PORTS = {f"E1/{number}" for number in range(1, 49)}
SHORT_NAMES = {"VPC", "External", "IPv4Namespace"}

Document = dict[str, Any]
Faults = Iterator[str]


class Fabric:
    """Documents of one fabric, by kind and name."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = documents
        self._specs: dict[str, dict[str, Any]] = defaultdict(dict)
        for document in documents:
            self._specs[document["kind"]][document["metadata"]["name"]] = document.get("spec") or {}

    def __getitem__(self, kind: str) -> dict[str, Any]:
        return self._specs[kind]

    def subnet(self, reference: str) -> tuple[Any, Any]:
        """The VPC and the subnet that "vpc/subnet" names; empty where missing."""
        vpc, _, name = reference.partition("/")
        found = self["VPC"].get(vpc, {})
        return found, found.get("subnets", {}).get(name, {})


def faults(documents: list[Document]) -> list[str]:
    """Everything that a real fabric would refuse."""
    fabric = Fabric(documents)
    return [fault for check in CHECKS for fault in check(fabric)]


def names(fabric: Fabric) -> Faults:
    identities = Counter((d["kind"], d["metadata"]["name"]) for d in fabric.documents)
    for (kind, name), times in identities.items():
        limit = 11 if kind in SHORT_NAMES else 63
        if times > 1:
            yield f"{kind} {name}: there are {times}"
        if len(name) > limit:
            yield f"{kind} {name}: longer than {limit}"
    for document in fabric.documents:
        if document["metadata"].get("namespace") != "default":
            yield f"{document['kind']} {document['metadata']['name']}: not in namespace default"


def subnets(fabric: Fabric) -> Faults:
    spaces = {name: [IPv4Network(s) for s in spec["subnets"]] for name, spec in fabric["IPv4Namespace"].items()}
    for name, space in spaces.items():
        yield from (f"IPv4Namespace {name}: {s} is reserved" for s in space if any(s.overlaps(r) for r in RESERVED))
        yield from (f"IPv4Namespace {name}: {a} overlaps {b}" for a, b in combinations(space, 2) if a.overlaps(b))
    used = defaultdict(list)
    for vpc, spec in fabric["VPC"].items():
        for name, subnet in spec["subnets"].items():
            network = IPv4Network(subnet["subnet"])
            namespace = spec.get("ipv4Namespace", "default")
            used[namespace].append((network, f"{vpc}/{name}"))
            if not any(network.subnet_of(s) for s in spaces.get(namespace, [])):
                yield f"VPC {vpc}/{name}: {network} is outside of IPv4Namespace {namespace}"
            yield from _addresses(f"VPC {vpc}/{name}", network, subnet)
    for entries in used.values():
        entries.sort()
        for (a, first), (b, second) in pairwise(entries):
            if a.overlaps(b):
                yield f"VPC {first} overlaps {second}"


def _addresses(where: str, network: IPv4Network, subnet: Any) -> Faults:
    gateway = IPv4Address(subnet.get("gateway") or network[1])
    dhcp = subnet.get("dhcp", {})
    leases = [IPv4Address(dhcp["range"][end]) for end in ("start", "end")] if dhcp.get("range") else []
    fixed = [IPv4Address(lease["ip"]) for lease in dhcp.get("static", {}).values()]
    yield from (f"{where}: {ip} is not in {network}" for ip in [gateway, *leases, *fixed] if ip not in network)
    if leases != sorted(leases) or gateway in leases:
        yield f"{where}: DHCP range {leases}"
    if gateway in fixed or network.broadcast_address in fixed or len(set(fixed)) < len(fixed):
        yield f"{where}: fixed lease for a used address"


def vlans(fabric: Fabric) -> Faults:
    allowed = {
        name: {vlan for r in spec["ranges"] for vlan in range(r["from"], r.get("to", r["from"]) + 1)}
        for name, spec in fabric["VLANNamespace"].items()
    }
    yield from (f"VLANNamespace {name}: reserved VLANs" for name, ids in allowed.items() if not ids <= set(VLANS))
    used: Counter[tuple[str, int]] = Counter()
    for vpc, spec in fabric["VPC"].items():
        namespace = spec.get("vlanNamespace", "default")
        for name, subnet in spec["subnets"].items():
            vlan = subnet.get("vlan")
            if subnet.get("hostBGP"):
                continue
            used[namespace, vlan] += 1
            if vlan not in allowed.get(namespace, ()):
                yield f"VPC {vpc}/{name}: VLAN {vlan} is outside of VLANNamespace {namespace}"
    yield from (f"VLAN {vlan} of {namespace} is used {n} times" for (namespace, vlan), n in used.items() if n > 1)


def switches(fabric: Fabric) -> Faults:
    seen: Counter[str] = Counter()
    vteps = defaultdict(set)
    for name, spec in fabric["Switch"].items():
        spine = spec["role"] == "spine"
        seen.update([spec["ip"], spec["protocolIP"], spec["boot"]["mac"]])
        if IPv4Interface(spec["ip"]).ip not in MANAGEMENT or IPv4Interface(spec["protocolIP"]).ip not in PROTOCOL:
            yield f"Switch {name}: address outside of its subnet"
        if not (spec["asn"] == SPINE_ASN if spine else spec["asn"] in LEAF_ASNS):
            yield f"Switch {name}: ASN {spec['asn']}"
        if spine == ("vtepIP" in spec) or (not spine and IPv4Interface(spec["vtepIP"]).ip not in VTEP):
            yield f"Switch {name}: VTEP IP {spec.get('vtepIP')}"
        pair = spec.get("redundancy", {})
        shared = pair["group"] if pair.get("type") == "mclag" else name
        if not spine:
            vteps[str(spec.get("vtepIP"))].add(shared)
            vteps[str(spec["asn"])].add(shared)
    yield from (f"{value} is used by {n} switches" for value, n in seen.items() if n > 1)
    yield from (f"{value} is used by {sorted(users)}" for value, users in vteps.items() if len(users) > 1)


def links(spec: Any) -> Iterator[dict[str, Any]]:
    """Every cable of a Connection: its ends by role."""
    for body in spec.values():
        if "link" in body:
            yield body["link"]
        for key in ("links", "peerLinks", "sessionLinks"):
            yield from body.get(key, [])


def ports(fabric: Fabric) -> Faults:
    used: Counter[str] = Counter()
    for name, spec in fabric["Connection"].items():
        for link in links(spec):
            for end in link.values():
                device, _, port = end["port"].partition("/")
                used[end["port"]] += 1
                if device not in fabric["Switch"] and device not in fabric["Server"]:
                    yield f"Connection {name}: no device {device}"
                if device in fabric["Switch"] and port not in PORTS:
                    yield f"Connection {name}: {device} has no port {port}"
    yield from (f"port {port} is used {n} times" for port, n in used.items() if n > 1)


def connections(fabric: Fabric) -> Faults:
    addresses: Counter[IPv4Address] = Counter()
    for name, spec in fabric["Connection"].items():
        kinds = list(spec)
        if len(kinds) != 1:
            yield f"Connection {name}: types {kinds}"
        cables = list(links(spec))
        sides = {
            role: {link[role]["port"].split("/")[0] for link in cables if role in link} for role in ("server", "switch")
        }
        groups = {str(fabric["Switch"].get(s, {}).get("redundancy")) for s in sides["switch"]}
        if len(sides["server"]) > 1 or (kinds == ["bundled"] and len(sides["switch"]) > 1):
            yield f"Connection {name}: more than one device at an end"
        if kinds[0] in {"eslag", "mclag"} and (len(groups) > 1 or kinds[0] not in groups.pop()):
            yield f"Connection {name}: its switches are not one {kinds[0]} pair"
        for link in cables if kinds == ["fabric"] else []:
            spine, leaf = (IPv4Interface(link[end]["ip"]) for end in ("spine", "leaf"))
            addresses.update([spine.ip, leaf.ip])
            if spine.network != leaf.network or spine.network.prefixlen != 31 or not spine.network.subnet_of(FABRIC):
                yield f"Connection {name}: {spine} and {leaf} are no pair of the fabric's subnet"
    yield from (f"{address} is used {n} times" for address, n in addresses.items() if n > 1)


def attachments(fabric: Fabric) -> Faults:
    used: Counter[tuple[str, str]] = Counter()
    native: Counter[str] = Counter()
    for name, spec in fabric["VPCAttachment"].items():
        vpc, subnet = fabric.subnet(spec["subnet"])
        connection = fabric["Connection"].get(spec["connection"], {})
        kind = next(iter(connection), None)
        used[spec["connection"], spec["subnet"]] += 1
        native[spec["connection"]] += bool(spec.get("nativeVLAN"))
        if kind not in ({"unbundled"} if subnet.get("hostBGP") else {"unbundled", "bundled", "eslag"}):
            yield f"VPCAttachment {name}: to a connection of type {kind}"
        if vpc.get("mode") and kind == "eslag":
            yield f"VPCAttachment {name}: mode {vpc['mode']} on an eslag connection"
        if not subnet:
            yield f"VPCAttachment {name}: no subnet {spec['subnet']}"
        for link in links(connection):
            switch = fabric["Switch"].get(link["switch"]["port"].split("/")[0], {})
            if vpc.get("vlanNamespace", "default") not in switch.get("vlanNamespaces", ["default"]):
                yield f"VPCAttachment {name}: its switch lacks the VLAN namespace"
    yield from (f"{pair} attached {n} times" for pair, n in used.items() if n > 1)
    yield from (f"Connection {name} has {n} native VLANs" for name, n in native.items() if n > 1)


def peerings(fabric: Fabric) -> Faults:
    pairs: Counter[frozenset[str]] = Counter()
    for name, spec in fabric["VPCPeering"].items():
        for permit in spec["permit"]:
            pairs[frozenset(permit)] += 1
            vpcs = [fabric["VPC"].get(vpc, {}) for vpc in permit]
            spaces = {(v.get("ipv4Namespace", "default"), v.get("vlanNamespace", "default")) for v in vpcs}
            if len(permit) != 2 or len(spaces) != 1:
                yield f"VPCPeering {name}: not two VPCs of one namespace"
            for vpc, side in permit.items():
                yield from _known(f"VPCPeering {name}", fabric, vpc, side.get("subnets", []))
    yield from (f"VPCs {sorted(pair)} are peered {n} times" for pair, n in pairs.items() if n > 1)
    for name, spec in fabric["ExternalPeering"].items():
        vpc, external = spec["permit"]["vpc"], spec["permit"]["external"]
        yield from _known(f"ExternalPeering {name}", fabric, vpc["name"], vpc["subnets"])
        sides = fabric["VPC"].get(vpc["name"], {}), fabric["External"].get(external["name"], {})
        if len({side.get("ipv4Namespace", "default") for side in sides}) != 1:
            yield f"ExternalPeering {name}: the sides are in different IPv4 namespaces"


def _known(where: str, fabric: Fabric, vpc: str, wanted: list[str]) -> Faults:
    yield from (f"{where}: no subnet {vpc}/{name}" for name in wanted if not fabric.subnet(f"{vpc}/{name}")[1])


def externals(fabric: Fabric) -> Faults:
    used: Counter[tuple[str, int]] = Counter()
    for name, spec in fabric["ExternalAttachment"].items():
        static = fabric["External"].get(spec["external"], {}).get("static")
        side = spec.get("static") if static else spec["switch"]
        if bool(static) != ("static" in spec) or bool(static) == bool(spec["switch"] or spec["neighbor"]):
            yield f"ExternalAttachment {name}: static on one side only"
        if list(fabric["Connection"].get(spec["connection"], {})) != ["external"]:
            yield f"ExternalAttachment {name}: not to an external connection"
        used[spec["connection"], (side or {}).get("vlan", 0)] += 1
    yield from (f"VLAN {vlan} of {connection} is used {n} times" for (connection, vlan), n in used.items() if n > 1)


CHECKS: list[Callable[[Fabric], Faults]] = [
    names, subnets, vlans, switches, ports, connections, attachments, peerings, externals,
]  # fmt: skip
