"""Ports: their names, whether the switch has them, and that each is used once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hedgehog.profiles import SwitchProfile, profiles
from providers.core.field_path import FieldPath
from providers.core.rules.fabric import CR, Fabric, Findings, Place, used_again, whose
from providers.core.rules.values import listing, mapping, text

# Where a Connection's types keep their cables: one, or lists of them; and the ends of a cable that are on a switch.
SINGLE, LISTS = "link", ("links", "peerLinks", "sessionLinks")
SWITCH_ENDS = frozenset({"switch", "switch1", "switch2", "leaf", "leaf1", "leaf2", "spine"})

# Ends whose device is no CR of ours.
SERVER_END = "server"
# Ends that each cable of a type must have.
FOREIGN_ENDS = frozenset({"gateway"})

ENDS: Mapping[str, tuple[str, ...]] = {
    "unbundled": ("server", "switch"),
    "bundled": ("server", "switch"),
    "mclag": ("server", "switch"),
    "eslag": ("server", "switch"),
    "mclagDomain": ("switch1", "switch2"),
    "fabric": ("spine", "leaf"),
    "mesh": ("leaf1", "leaf2"),
    "vpcLoopback": ("switch1", "switch2"),
    "gateway": ("switch", "gateway"),
    "external": ("switch",),
    "staticExternal": ("switch",),
}

type End = tuple[str, FieldPath, Mapping[str, Any]]


def cables(kind: str, body: Any) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    """The cables of one type of a Connection with their paths inside the spec."""
    content = mapping(body)
    if SINGLE in content:
        yield (kind, SINGLE), mapping(content[SINGLE])
    for key in LISTS:
        for index, cable in enumerate(listing(content.get(key))):
            yield (kind, key, index), mapping(cable)


def ends(connection: CR) -> Iterator[End]:
    """Every end of every cable: its role ("switch", "leaf", ...), its path and its content."""
    for kind, body in connection.spec.items():
        for path, cable in cables(kind, body):
            for role, end in cable.items():
                if isinstance(end, Mapping):
                    yield role, (*path, role), end


def device_of(end: Mapping[str, Any]) -> tuple[str, str]:
    """Device and port of "leaf-01/E1/5"; empty texts where it is no such name."""
    device, _, port = text(end.get("port")).partition("/")
    return (device, port) if device and port else ("", "")


def names(fabric: Fabric) -> Findings:
    """Every end that a type needs is there, and names its port as device/port."""
    for connection in fabric.all("Connection"):
        for kind, body in connection.spec.items():
            for path, cable in cables(kind, body):
                for role in dict.fromkeys((*ENDS.get(kind, ()), *cable)):
                    end = cable.get(role, {})
                    if not isinstance(end, Mapping) or device_of(end)[0]:
                        continue
                    written = text(end.get("port"))
                    wrong = f'"{written}" is no port' if written else "the port is missing"
                    message = f'{wrong}; write it as device/port, as in "leaf-01/E1/5"'
                    yield connection.error("port-name", (*path, role, "port"), message)


def profile_of(switch: CR) -> SwitchProfile | None:
    """The facts of a switch's profile; None for a profile that we know nothing of."""
    return profiles().get(text(switch.spec.get("profile")))


def ports_of(switch: CR) -> Mapping[str, str] | None:
    """The names that a port of this switch may have, with the port that each stands for; None where nobody knows."""
    profile = profile_of(switch)
    if profile is None:
        return None
    breakouts = {
        name: mode
        for name, mode in mapping(switch.spec.get("portBreakouts")).items()
        if isinstance(mode, str) and name in profile.ports and mode in (_modes(profile, name) or {})
    }
    return profile.port_names(breakouts) if breakouts else profile.default_ports


def _modes(profile: SwitchProfile, name: str) -> Mapping[str, tuple[int, ...]] | None:
    port = profile.ports[name].profile
    return None if port is None else port.modes


def _tables(fabric: Fabric) -> dict[str, Mapping[str, str]]:
    found = {switch.name: ports_of(switch) for switch in fabric.all("Switch")}
    return {name: table for name, table in found.items() if table is not None}


def on_switch(fabric: Fabric) -> Findings:
    """A port of a connection exists on its switch, by the switch's profile and breakouts."""
    tables = _tables(fabric)
    for connection in fabric.all("Connection"):
        for role, path, end in ends(connection):
            device, port = device_of(end)
            table = tables.get(device) if role in SWITCH_ENDS else None
            if table is None or port in table:
                continue
            switch = fabric.get("Switch", device)
            profile = text(switch.spec.get("profile")) if switch else ""
            message = f"{device} has no port {port} (profile {profile}); {_nearby(port, table)}"
            yield connection.error("port-absent", (*path, "port"), message)


def _nearby(port: str, table: Mapping[str, str]) -> str:
    lanes = [name for name in table if name.startswith(f"{port}/")]
    parent = port.rpartition("/")[0]
    if lanes:
        return f"in its breakout mode it is {', '.join(lanes)}"
    if parent.count("/") and parent in table:
        return f"{parent} is not broken out so far; set portBreakouts of the switch, or take another lane"
    shown = list(table)
    return f"it has {shown[0]} to {shown[-1]}"


def used_twice(fabric: Fabric) -> Findings:
    """A port of a switch or a server is used by one cable. Two names of one port ("E1/49", "E1/49/1") are one."""
    tables = _tables(fabric)
    places = []
    for connection in fabric.all("Connection"):
        for role, path, end in ends(connection):
            device, port = device_of(end)
            if device and role not in FOREIGN_ENDS:
                table = {} if role == SERVER_END else tables.get(device, {})
                actual = table.get(port, f"no {port}" if table else port)
                places.append(Place((role == SERVER_END, device, actual), connection, (*path, "port")))
    for later, first in used_again(places):
        written = text(_at(later))
        alias = "" if _at(first) == written else f" as {_at(first)}"
        message = f"port {written} is used already{alias} {whose(first, later)}; take a free one"
        yield later.cr.error("port-used-twice", later.path, message)


def _at(place: Place[Any]) -> Any:
    """The text of the field that a place names."""
    value: Any = place.cr.spec
    for part in place.path:
        value = value[part]
    return value


RULES = (names, on_switch, used_twice)
