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
class Exclusive:
    """One exclusive thing, e.g. subnet 10.0.1.0/24 in IPv4Namespace default, or port leaf-01/E1/5.

    `scope` is where it must be unique; for subnets two values conflict when they overlap, else when they are equal.
    """

    what: str
    scope: str
    value: str

    def __str__(self) -> str:
        return f"{self.what} {self.value}"


def exclusives(ref: ObjectRef, spec: Mapping[str, Any]) -> frozenset[Exclusive]:
    """What this CR holds. Fields of a wrong type are passed over: the schema finds those."""
    reader = _READERS.get(ref.kind)
    return frozenset(reader(spec)) if reader else frozenset()


def network(exclusive: Exclusive) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The subnet of a claim, or None where it is none."""
    if exclusive.what != SUBNET:
        return None
    try:
        return ipaddress.ip_network(exclusive.value, strict=False)
    except ValueError:
        return None


def _vpc(spec: Mapping[str, Any]) -> Iterator[Exclusive]:
    ipv4 = str(spec.get("ipv4Namespace") or _DEFAULT)
    vlans = str(spec.get("vlanNamespace") or _DEFAULT)
    for subnet in _members(spec.get("subnets")):
        if isinstance(subnet.get("subnet"), str):
            yield Exclusive(SUBNET, ipv4, subnet["subnet"])
        if isinstance(subnet.get("vlan"), (int, float)) and subnet["vlan"]:
            yield Exclusive("VLAN", vlans, str(int(subnet["vlan"])))


def _switch(spec: Mapping[str, Any]) -> Iterator[Exclusive]:
    for name in ("ip", "protocolIP"):
        if isinstance(spec.get(name), str) and spec[name]:
            yield Exclusive(f"switch {name}", "", spec[name].partition("/")[0])


def _connection(spec: Mapping[str, Any]) -> Iterator[Exclusive]:
    """Every value of a key "port", however deep: "leaf-01/E1/5" or "server-1/enp2s1"."""
    yield from (Exclusive("port", "", port) for port in _ports(spec))


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


def _external_attachment(spec: Mapping[str, Any]) -> Iterator[Exclusive]:
    switch = spec.get("switch")
    vlan = switch.get("vlan") if isinstance(switch, Mapping) else None
    yield Exclusive("VLAN", f"Connection {spec.get('connection', '')}", str(int(vlan or 0)))


def _vpc_attachment(spec: Mapping[str, Any]) -> Iterator[Exclusive]:
    subnet = str(spec.get("subnet", ""))
    full = subnet if "/" in subnet else f"{subnet}/default"
    yield Exclusive("attachment", f"Connection {spec.get('connection', '')}", full)


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
