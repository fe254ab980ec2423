"""Names and namespaces: what holds for every kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from embedded.webhooks.errors import Refused

if TYPE_CHECKING:
    from embedded.webhooks.subject import Subject

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
SHORT_NAME = 11
#: VPC, External and IPv4Namespace names become part of interface and VRF names on the switches.


def check_metadata(subject: Subject) -> None:
    """Refuse a name that is no DNS name, and every namespace but `default`."""
    if not _NAME.fullmatch(subject.name):
        raise Refused("failed to validate metadata: invalid resource name: no lowercase RFC 1123 subdomain")
    if subject.namespace != "default":
        raise Refused(
            "failed to validate metadata: invalid resource namespace: only default namespace is currently supported"
        )


def check_short_name(subject: Subject) -> None:
    """Refuse a name longer than 11 characters."""
    if len(subject.name.encode()) > SHORT_NAME:
        raise Refused(f"name {subject.name} is too long, must be <= {SHORT_NAME} characters")
