"""Connections: their type and ports, what they name, and what keeps them from being deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.webhooks.endpoints import endpoints, is_mclag, type_name
from embedded.webhooks.errors import Refused
from embedded.webhooks.labels import CONNECTION, CONNECTION_TYPE, TRUE, VPC, keep_own, listed
from embedded.webhooks.networks import address, prefix, refuse_overlap
from embedded.webhooks.rules.connection_addresses import check_link_addresses
from embedded.webhooks.rules.connection_ports import check_ports_are_free, check_switches
from embedded.webhooks.rules.kind import Kind, World
from embedded.webhooks.rules.metadata import check_metadata

if TYPE_CHECKING:
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
