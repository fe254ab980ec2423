"""The ports of a Connection: its switches have them, and no other Connection does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.webhooks.errors import Refused
from hedgehog.profiles import MANAGEMENT_PORT, profiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.webhooks.endpoints import Endpoints
    from embedded.webhooks.rules.kind import World
    from embedded.webhooks.subject import Subject

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
