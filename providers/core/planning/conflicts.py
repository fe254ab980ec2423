"""What a CR holds that no other CR may hold at the same time: subnets, VLANs, ports, addresses. Pure.

Facts: what Hedgehog's webhooks (v0.126) refuse across objects with "overlaps", "already used" or "already in use".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from providers.core.identity import ObjectRef

SUBNET = "subnet"
_DEFAULT = "default"


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """One exclusive thing, e.g. subnet 10.0.1.0/24 in IPv4Namespace default, or port leaf-01/E1/5.

    `scope` is where it must be unique; for subnets two values conflict when they overlap, else when they are equal.
    """

    what: str
    scope: str
    value: str

    def __str__(self) -> str:
        return f"{self.what} {self.value}"


def claims(ref: ObjectRef, spec: Mapping[str, Any]) -> frozenset[Claim]:
    """What this CR holds. Fields of a wrong type are passed over: the schema finds those."""
    reader = _READERS.get(ref.kind)
    return frozenset(reader(spec)) if reader else frozenset()


def network(claim: Claim) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The subnet of a claim, or None where it is none."""
    if claim.what != SUBNET:
        return None
    try:
        return ipaddress.ip_network(claim.value, strict=False)
    except ValueError:
        return None


def _vpc(spec: Mapping[str, Any]) -> Iterator[Claim]:
    ipv4 = str(spec.get("ipv4Namespace") or _DEFAULT)
    vlans = str(spec.get("vlanNamespace") or _DEFAULT)
    for subnet in _members(spec.get("subnets")):
        if isinstance(subnet.get("subnet"), str):
            yield Claim(SUBNET, ipv4, subnet["subnet"])
        if isinstance(subnet.get("vlan"), (int, float)) and subnet["vlan"]:
            yield Claim("VLAN", vlans, str(int(subnet["vlan"])))


def _switch(spec: Mapping[str, Any]) -> Iterator[Claim]:
    for name in ("ip", "protocolIP"):
        if isinstance(spec.get(name), str) and spec[name]:
            yield Claim(f"switch {name}", "", spec[name].partition("/")[0])


def _connection(spec: Mapping[str, Any]) -> Iterator[Claim]:
    """Every value of a key "port", however deep: "leaf-01/E1/5" or "server-1/enp2s1"."""
    yield from (Claim("port", "", port) for port in _ports(spec))


def _ports(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            if key == "port" and isinstance(member, str):
                yield member
            else:
                yield from _ports(member)
    elif isinstance(value, list):
        for member in value:
            yield from _ports(member)


def _external_attachment(spec: Mapping[str, Any]) -> Iterator[Claim]:
    switch = spec.get("switch")
    vlan = switch.get("vlan") if isinstance(switch, Mapping) else None
    yield Claim("VLAN", f"Connection {spec.get('connection', '')}", str(int(vlan or 0)))


def _vpc_attachment(spec: Mapping[str, Any]) -> Iterator[Claim]:
    subnet = str(spec.get("subnet", ""))
    full = subnet if "/" in subnet else f"{subnet}/default"
    yield Claim("attachment", f"Connection {spec.get('connection', '')}", full)


def _members(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield from (member for member in value.values() if isinstance(member, Mapping))


_READERS = {
    "VPC": _vpc,
    "Switch": _switch,
    "Connection": _connection,
    "ExternalAttachment": _external_attachment,
    "VPCAttachment": _vpc_attachment,
}
