"""Which switches, servers and ports a Connection names, by its type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded.webhooks.shapes import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

INVALID = "<invalid>"

# The type by the field of the spec. Where two are set, the first in this order is the type, and the other is not
# read.
NAMES = {
    "unbundled": "unbundled",
    "bundled": "bundled",
    "eslag": "eslag",
    "fabric": "fabric",
    "mesh": "mesh",
    "gateway": "gateway",
    "vpcLoopback": "vpc-loopback",
    "external": "external",
    "staticExternal": "static-external",
}

_SERVERS, _SWITCHES, _GATEWAYS = "servers", "switches", "gateways"
_ENDS = {
    "server": _SERVERS,
    "gateway": _GATEWAYS,
} | dict.fromkeys(("switch", "switch1", "switch2", "spine", "leaf", "leaf1", "leaf2"), _SWITCHES)

_SWITCH_COUNT = {
    "unbundled": (1, 1),
    "bundled": (1, 1),
    "eslag": (1, 4),
    "fabric": (2, 2),
    "mesh": (2, 2),
    "gateway": (1, 1),
    "vpcLoopback": (1, 1),
}
_ONE_SERVER = {"unbundled", "bundled", "eslag"}
_ONE_END = {"external", "staticExternal"}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Names of devices, and ports as "<device>/<port>"."""

    switches: frozenset[str]
    servers: frozenset[str]
    ports: frozenset[str]


_NONE = Endpoints(frozenset(), frozenset(), frozenset())


def is_mclag(spec: Mapping[str, Any]) -> bool:
    """Whether the Connection has to do with MCLAG, which is warned of, and neither labelled nor checked."""
    return spec["mclag"] is not None or spec["mclagDomain"] is not None


def field_of_type(spec: Mapping[str, Any]) -> str | None:
    """The field that decides the type, or None."""
    return next((name for name in NAMES if spec[name] is not None), None)


def type_name(spec: Mapping[str, Any]) -> str:
    """The type as it stands in the label; "<invalid>" without one, and for MCLAG."""
    name = field_of_type(spec)
    return INVALID if name is None else NAMES[name]


def links(spec: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The links of the Connection's type `name`."""
    value = spec[name]
    return [value["link"]] if "link" in value else list(value["links"] or ())


def endpoints(spec: Mapping[str, Any]) -> Endpoints:
    """The devices and ports of a Connection; Refused when they do not suit its type. Nothing for MCLAG."""
    if is_mclag(spec):
        return _NONE
    name = field_of_type(spec)
    if name is None:
        raise Refused("exactly one connection type must be used")
    devices: dict[str, set[str]] = {_SERVERS: set(), _SWITCHES: set(), _GATEWAYS: set()}
    ports: set[str] = set()
    ends = 0
    for end, port in _ports(spec, name):
        ends += 1
        devices[_ENDS[end]].add(port.partition("/")[0])
        ports.add(port)
    _check_counts(name, devices, ports, ends)
    for port in ports:
        device, slash, rest = port.partition("/")
        if not slash:
            raise Refused(f"invalid port name {port}")
        if not device or not rest:
            raise Refused(f'invalid port name {port}, should be "<device>/<port>" format')
    return Endpoints(frozenset(devices[_SWITCHES]), frozenset(devices[_SERVERS]), frozenset(ports))


def ports_in_use(spec: Mapping[str, Any]) -> Collection[str]:
    """The ports that a stored Connection takes; nothing when it is invalid."""
    try:
        return endpoints(spec).ports
    except Refused:
        return ()


def _ports(spec: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    for link in links(spec, name):
        for end, value in link.items():
            yield end, value["port"]


def _check_counts(name: str, devices: Mapping[str, set[str]], ports: Collection[str], ends: int) -> None:
    kind = NAMES[name]
    least, most = _SWITCH_COUNT.get(name, (0, len(devices[_SWITCHES])))
    if not least <= len(devices[_SWITCHES]) <= most:
        count = f"exactly {least}" if least == most else f"{least} to {most}"
        raise Refused(f"{count} switch(es) must be used for {kind} connection, not {len(devices[_SWITCHES])}")
    if name in _ONE_SERVER and len(devices[_SERVERS]) != 1:
        raise Refused(f"one server must be used for {kind} connection")
    if name not in _ONE_END and len(ports) != ends:
        raise Refused(f"unique ports must be used for {kind} connection")
