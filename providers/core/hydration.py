"""Whether a Switch has the numbers that a running fabric gives it: wiring as people write it lacks them. Pure.

Hedgehog's `hhfab` fills them in ("hydrates" the wiring); the fabric's webhooks refuse a Switch without them, and any other
API server takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUIRED = "is required"
#: The words with which the fabric's webhook refuses a Switch that lacks a number, e.g. "ASN is required".

SPINE = "spine"
_FIELDS = ("asn", "ip", "protocolIP")


def missing(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of a Switch's spec that hydration has still to fill in; a spine has no VTEP."""
    role = str(spec.get("role") or "")
    fields = (*_FIELDS, "vtepIP") if role.endswith("leaf") else _FIELDS
    return tuple(field for field in fields if not spec.get(field))
