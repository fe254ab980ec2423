"""Integers that the schema leaves open and Hedgehog does not: its own types are unsigned, of 8, 16 or 32 bits.

A number that does not fit is refused when the server decodes the CR, with words that name no field. VLANs, sequence numbers
and DHCP options have rules of their own beside their subject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.core.rules.values import number, walk

if TYPE_CHECKING:
    from providers.core.rules.fabric import Fabric, Findings

# Kind and field ("*" is every element) → the greatest number. The least is 0.
_BYTE, _PORT, _LONG = 255, 65535, 2**32 - 1

_MOST = (
    ("Connection", "unbundled.mtu", _PORT),
    ("Connection", "bundled.mtu", _PORT),
    ("Connection", "eslag.mtu", _PORT),
    ("Connection", "mclag.mtu", _PORT),
    ("Connection", "staticExternal.link.switch.vlan", 4094),
    ("ExternalAttachment", "neighbor.asn", _LONG),
    ("ExternalAttachment", "inboundACL.statements.*.portRangeBegin", _PORT),
    ("ExternalAttachment", "inboundACL.statements.*.portRangeEnd", _PORT),
    ("ExternalAttachment", "inboundACL.statements.*.icmpType", _BYTE),
    ("ExternalAttachment", "inboundACL.statements.*.icmpCode", _BYTE),
    ("Switch", "asn", _LONG),
    ("VPC", "subnets.*.dhcp.options.leaseTimeSeconds", _LONG),
)


def fits(fabric: Fabric) -> Findings:
    """Every such number fits its type."""
    for kind, field, most in _MOST:
        parts = tuple(field.split("."))
        for cr in fabric.all(kind):
            if parts[0] in cr.spec:
                for path, value in walk(cr.spec, parts):
                    found = number(value)
                    if found is not None and not 0 <= found <= most:
                        yield cr.error("integer-range", path, f"must be 0 to {most}; it is {found}")


RULES = (fits,)
