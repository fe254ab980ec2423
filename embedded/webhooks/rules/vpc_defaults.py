"""What is filled in for a VPC's subnet."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from embedded.webhooks.networks import Address, prefix

if TYPE_CHECKING:
    from embedded.webhooks.networks import Prefix
    from embedded.webhooks.settings import Defaults

LONGEST_PREFIX = 30
#: A longer one has no room for a gateway and hosts; it is refused later.

_MAC_BYTES = {6, 8, 20}


def default_subnet(subnet: dict[str, Any], defaults: Defaults) -> None:
    """Fill in gateway and DHCP, or take out the DHCP settings of a subnet without DHCP; in place."""
    network = prefix(subnet["subnet"])
    if network is None:
        return
    if not subnet["gateway"] and not subnet["hostBGP"]:
        subnet["gateway"] = _host(network, defaults.gateway_offset)
    if network.bits > LONGEST_PREFIX:
        return
    dhcp = subnet["dhcp"]
    if not dhcp["enable"]:
        dhcp["range"] = dhcp["options"] = None
        return
    found = dhcp["range"] or {"start": "", "end": ""}
    dhcp["range"] = {"start": found["start"] or _host(network, 2), "end": found["end"] or str(network.last)}
    if dhcp["options"] is not None:
        if not _has_options(dhcp["options"]):
            # and MACs stay as they are written: the real webhook goes on to the next subnet here
            dhcp["options"] = None
            return
        _default_options(dhcp["options"], defaults)
    if dhcp["static"]:
        dhcp["static"] = {_mac(mac) or mac: entry for mac, entry in dhcp["static"].items()}


def _host(network: Prefix, offset: int) -> str:
    return str(Address(network.version, network.first.number + offset))


def _has_options(options: dict[str, Any]) -> bool:
    return any((value is not None and value not in ("", 0, False)) or value == [] for value in options.values())


def _default_options(options: dict[str, Any], defaults: Defaults) -> None:
    options["interfaceMTU"] = options["interfaceMTU"] or defaults.dhcp_mtu
    options["leaseTimeSeconds"] = options["leaseTimeSeconds"] or defaults.dhcp_lease_seconds
    options["dnsServers"] = sorted(options["dnsServers"] or ())
    options["timeServers"] = sorted(options["timeServers"] or ())
    routes = options["advertisedRoutes"] or ()
    options["advertisedRoutes"] = sorted(routes, key=lambda one: (one["destination"], one["gateway"]))


def _mac(text: str) -> str | None:
    """A MAC in lower case with colons; None when it is none.

    Read are pairs of digits with colons or hyphens, and groups of four with dots; 6, 8 or 20 bytes.
    """
    for separator, width in ((":", 2), ("-", 2), (".", 4)):
        groups = text.split(separator)
        if len(groups) > 1 and all(len(one) == width and set(one) <= set(string.hexdigits) for one in groups):
            digits = "".join(groups).lower()
            found = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
            return found if len(digits) // 2 in _MAC_BYTES else None
    return None


def is_mac(text: str) -> bool:
    """Whether the webhooks take it for a MAC address."""
    return _mac(text) is not None
