"""ExternalAttachments: an External on a connection, by BGP or static."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.webhooks.errors import Refused
from embedded.webhooks.labels import CONNECTION, EXTERNAL, keep_own
from embedded.webhooks.networks import address, prefix
from embedded.webhooks.rules.access_lists import check_access_list
from embedded.webhooks.rules.kind import Kind, World
from embedded.webhooks.rules.metadata import check_metadata

if TYPE_CHECKING:
    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject


def _default(attachment: Subject, settings: Settings) -> None:  # noqa: ARG001 - every kind is given the settings
    keep_own(attachment, {CONNECTION: attachment.spec["connection"], EXTERNAL: attachment.spec["external"]})


def _check(attachment: Subject, world: World) -> list[str]:
    check_metadata(attachment)
    spec = attachment.spec
    for field in ("external", "connection"):
        if not spec[field]:
            raise Refused(f"{field} is required")
    if spec["static"] is None:
        _check_session(spec["switch"], spec["neighbor"])
    else:
        _check_static(spec)
    try:
        check_access_list(spec["inboundACL"])
    except Refused as error:
        raise Refused(f"invalid inboundACL: {error}") from error
    _check_ends(spec, world)
    _check_vlan(attachment, world)
    return []


def _check_session(switch: dict[str, Any], neighbor: dict[str, Any]) -> None:
    if not switch["ip"]:
        raise Refused("switch.ip is required")
    if prefix(switch["ip"]) is None:
        raise Refused("switch.ip is not a valid IP CIDR")
    if not neighbor["asn"]:
        raise Refused("neighbor.asn is required")
    if not neighbor["ip"]:
        raise Refused("neighbor.ip is required")
    if address(neighbor["ip"]) is None:
        raise Refused("neighbor.ip is not a valid IP address")


def _check_static(spec: dict[str, Any]) -> None:
    static = spec["static"]
    for what in ("switch", "neighbor"):
        if any(spec[what].values()):
            raise Refused(f"{what} parameters must not be set for static external attachment")
    if not static["remoteIP"]:
        raise Refused("static.remoteIP is required for static external attachment")
    if address(static["remoteIP"]) is None:
        raise Refused("static.remoteIP is not a valid IP address")
    if bool(static["ip"]) == static["proxy"]:
        raise Refused("either static.ip or static.proxy must be set for static external attachment")
    if static["ip"] and prefix(static["ip"]) is None:
        raise Refused("static.ip is not a valid IP CIDR")


def _check_ends(spec: dict[str, Any], world: World) -> None:
    external = world.objects.get("External", spec["external"])
    if external is None:
        raise Refused(f"external {spec['external']} not found")
    if (spec["static"] is None) != (external.spec["static"] is None):
        one, other = ("is not", "is") if spec["static"] is None else ("is", "is not")
        raise Refused(f"external attachment {one} static but external {spec['external']} {other}")
    connection = world.objects.get("Connection", spec["connection"])
    if connection is None:
        raise Refused(f"connection {spec['connection']} not found")
    if connection.spec["external"] is None:
        raise Refused(f"connection {spec['connection']} is not external")


def _check_vlan(attachment: Subject, world: World) -> None:
    connection, vlan = attachment.spec["connection"], _vlan(attachment.spec)
    for other in world.objects.labelled("ExternalAttachment", CONNECTION, connection):
        if other.name != attachment.name and _vlan(other.spec) == vlan:
            raise Refused(f"connection {connection} already has an external attachment with VLAN {vlan}")


def _vlan(spec: dict[str, Any]) -> int:
    side = spec["switch"] if spec["static"] is None else spec["static"]
    return int(side["vlan"])


EXTERNAL_ATTACHMENTS = Kind("failed to validate external attachment", _default, _check)
