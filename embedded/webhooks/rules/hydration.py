"""The numbers of a hydrated Switch: addresses from the fabric's networks and an ASN, each used once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.webhooks.networks import address, prefix
from embedded.webhooks.shapes import Refused

if TYPE_CHECKING:
    from embedded.webhooks.networks import Prefix
    from embedded.webhooks.rules.kind import World
    from embedded.webhooks.subject import Subject

LEAVES = ("server-leaf", "border-leaf", "mixed-leaf")
HOST_BITS = 32
_HYDRATION = "failed hydration validation"


def check_numbers(switch: Subject, world: World) -> None:
    """Refuse addresses outside the fabric's networks, ASNs outside its range, and what another switch has."""
    try:
        others = [other for other in world.objects.all("Switch") if other.name != switch.name]
        _check_management(switch, others, world)
        _check_protocol(switch, others, world)
        _check_asn(switch, others, world)
        if switch.spec["role"] in LEAVES:
            _check_vtep(switch, others, world)
    except Refused as error:
        raise Refused(f"{_HYDRATION}: {error}") from error


def _check_management(switch: Subject, others: list[Subject], world: World) -> None:
    settings, text = world.settings, switch.spec["ip"]
    found, what = _read(switch, "ip", "management"), f"switch {switch.name} management IP {text}"
    if not settings.management_subnet.contains(found.address):
        raise Refused(f"{what} is not in the management subnet {settings.management_subnet}")
    if found.address.number >= settings.management_dhcp_first:
        raise Refused(f"{what} is in the management DHCP range starting at {settings.management_dhcp_start}")
    taken = {one.address for other in others if (one := prefix(other.spec["ip"])) is not None}
    if found.address in taken or found.address == address(settings.control_vip):
        raise Refused(f"switch {switch.name} (management) IP {text} is already in use")


def _check_protocol(switch: Subject, others: list[Subject], world: World) -> None:
    text = switch.spec["protocolIP"]
    found, what = _read(switch, "protocolIP", "protocol"), f"switch {switch.name} protocol IP {text}"
    if found.bits != HOST_BITS:
        raise Refused(f"{what} must be a /{HOST_BITS}")
    if not world.settings.protocol_subnet.contains(found.address):
        raise Refused(f"{what} is not in the protocol subnet {world.settings.protocol_subnet}")
    if any(other.spec["protocolIP"] == text for other in others):
        raise Refused(f"{what} is already in use")


def _check_asn(switch: Subject, others: list[Subject], world: World) -> None:
    asn, role, settings = switch.spec["asn"], switch.spec["role"], world.settings
    if role in LEAVES:
        taken = any(other.spec["asn"] == asn for other in others if other.spec["role"] in LEAVES)
        if taken and switch.spec["redundancy"]["type"] != "mclag":
            raise Refused(f"leaf {switch.name} ASN {asn} is already in use")
        first, last = settings.leaf_asns
        if not first <= asn <= last:
            raise Refused(f"leaf {switch.name} ASN {asn} is not within the fabric leaf ASN range {first}-{last}")
    if role == "spine" and asn != settings.spine_asn:
        raise Refused(f"spine {switch.name} ASN {asn} is not the expected spine ASN {settings.spine_asn}")


def _check_vtep(switch: Subject, others: list[Subject], world: World) -> None:
    text = switch.spec["vtepIP"]
    found, what = _read(switch, "vtepIP", "VTEP"), f"switch {switch.name} VTEP IP {text}"
    if found.bits != HOST_BITS:
        raise Refused(f"{what} must be a /{HOST_BITS}")
    if not world.settings.vtep_subnet.contains(found.address):
        raise Refused(f"{what} is not in the VTEP subnet {world.settings.vtep_subnet}")
    taken = any(other.spec["vtepIP"] == text for other in others)
    if taken and switch.spec["redundancy"]["type"] != "mclag":
        raise Refused(f"{what} is already in use")


def _read(switch: Subject, field: str, name: str) -> Prefix:
    found = prefix(switch.spec[field])
    if found is None:
        raise Refused(f"parsing switch {switch.name} {name} IP {switch.spec[field]}")
    return found
