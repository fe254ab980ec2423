"""Access lists of external attachments."""

from __future__ import annotations

from typing import Any

from embedded.webhooks.networks import prefix
from embedded.webhooks.shapes import Refused
from embedded.webhooks.specs import TCP_FLAGS

# The numbers below are the fabric's own.
FIRST_SEQUENCE = 10

ANY = "any"
ACTIONS = ("deny", "discard", "permit", "transit")
PROTOCOLS = ("ip", "tcp", "udp", "icmp")
WITH_PORTS = ("tcp", "udp")


def check_access_list(spec: dict[str, Any] | None) -> None:
    """Refuse a statement that the switches could not take, and a sequence number that is used twice."""
    seen: set[int] = set()
    for statement in (spec or {}).get("statements") or ():
        number = statement["seq"]
        where = f"in statement {number}"
        if number < FIRST_SEQUENCE:
            raise Refused(
                f"sequence number {number} is reserved for security rules "
                f"(user-defined rules must use seq >= {FIRST_SEQUENCE})"
            )
        if number in seen:
            raise Refused(f"duplicate sequence number {number}")
        seen.add(number)
        for field, allowed in (("action", ACTIONS), ("protocol", PROTOCOLS)):
            if statement[field] not in allowed:
                raise Refused(f'invalid {field} "{statement[field]}" {where}')
        for field in ("srcPrefix", "dstPrefix"):
            _check_prefix(field, statement[field], where)
        _check_tcp(statement, where)
        if (statement["icmpType"], statement["icmpCode"]) != (None, None) and statement["protocol"] != "icmp":
            raise Refused(f"icmpType/icmpCode can only be used with icmp protocol {where}")
        _check_ports(statement, where)


def _check_prefix(field: str, text: str, where: str) -> None:
    if not text:
        raise Refused(f"{field} is required {where}")
    if text != ANY and prefix(text) is None:
        raise Refused(f'invalid {field} "{text}" {where}')


def _check_tcp(statement: dict[str, Any], where: str) -> None:
    filters = statement["tcpFilters"]
    if filters is None:
        return
    if statement["protocol"] != "tcp":
        raise Refused(f"tcpFilters can only be used with tcp protocol {where}")
    flags = [(filters[flag], filters[f"not{flag.capitalize()}"]) for flag in TCP_FLAGS]
    if filters["established"] and any(wanted or unwanted for wanted, unwanted in flags):
        raise Refused(f"established is mutually exclusive with individual TCP flags {where}")
    if any(wanted and unwanted for wanted, unwanted in flags):
        raise Refused(f"contradictory TCP flags (flag and its negation) {where}")


def _check_ports(statement: dict[str, Any], where: str) -> None:
    begin, end = statement["portRangeBegin"], statement["portRangeEnd"]
    if not begin and not end:
        return
    if statement["protocol"] not in WITH_PORTS:
        raise Refused(f"portRange can only be used with tcp or udp protocol {where}")
    if not begin:
        raise Refused(f"portRangeBegin must be >= 1 {where}")
    if begin > end:
        raise Refused(f"portRangeBegin must be <= portRangeEnd {where}")
