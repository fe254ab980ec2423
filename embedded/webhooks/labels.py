"""The labels that Hedgehog's webhooks keep: its own are set from the spec, others that look like its own are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.webhooks.subject import Subject

RESERVED = "fabric.githedgehog.com/"
VPC, VPC1, VPC2 = f"{RESERVED}vpc", f"{RESERVED}vpc1", f"{RESERVED}vpc2"
SUBNET, NATIVE_VLAN = f"{RESERVED}subnet", f"{RESERVED}nativevlan"
IPV4_NAMESPACE, VLAN_NAMESPACE = f"{RESERVED}ipv4ns", f"{RESERVED}vlanns"
EXTERNAL, CONNECTION, CONNECTION_TYPE = f"{RESERVED}external", f"{RESERVED}connection", f"{RESERVED}connection-type"
PROFILE = f"{RESERVED}profile"
TRUE = "true"


def listed(what: str, name: str) -> str:
    """The key of a label that stands for one of many, e.g. switch.fabric.githedgehog.com/leaf-01."""
    return f"{what}.{RESERVED}{name}"


def keep_own(subject: Subject, own: Mapping[str, str]) -> None:
    """Replace every label that looks like Hedgehog's by these."""
    kept = {key: value for key, value in (subject.labels or {}).items() if RESERVED not in key}
    subject.labels = kept | dict(own)
