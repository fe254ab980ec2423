"""VLANNamespaces: ranges of VLANs. Two bugs of the real webhook belong to it, see `_default` and `_after_update`."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from embedded.webhooks.rules.kind import Kind, World, check_metadata
from embedded.webhooks.shapes import Refused
from embedded.webhooks.subject import IPV4_NAMESPACE, TRUE, VLAN_NAMESPACE, keep_own, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embedded.webhooks.settings import Ranges, Settings
    from embedded.webhooks.subject import Subject

LAST_VLAN = 4094


def contains(namespace: Subject, vlan: int) -> bool:
    """Whether a VLAN is in one of the ranges."""
    return any(one["from"] <= vlan <= one["to"] for one in namespace.spec["ranges"] or ())


def pairs(ranges: Iterable[dict[str, int]] | None) -> list[tuple[int, int]]:
    """Ranges as (first, last)."""
    return [(one["from"], one["to"]) for one in ranges or ()]


def refuse_overlapping(ranges: Sequence[tuple[int, int]], what: str) -> None:
    """Refused when two ranges share a VLAN; the text begins with `what`."""
    for (first, last), (other_first, other_last) in pairwise(sorted(ranges)):
        if last >= other_first:
            raise Refused(f"{what}: VLAN ranges overlap: {first}-{last} and {other_first}-{other_last}")


def _default(namespace: Subject, settings: Settings) -> None:  # noqa: ARG001 - every kind is given the settings
    """Complete and sort the ranges.

    If one of them is invalid, all are dropped: the real webhook takes the empty result of the failed check for the
    ranges, and stores that.
    """
    keep_own(namespace, {})
    ranges: list[dict[str, Any]] = namespace.spec["ranges"] or []
    for one in ranges:
        one["to"] = one["to"] or one["from"]
        if not 1 <= one["from"] <= one["to"] <= LAST_VLAN:
            namespace.spec["ranges"] = None
            return
    ranges.sort(key=lambda one: (one["from"], one["to"]))


def _check(namespace: Subject, world: World) -> list[str]:
    check_metadata(namespace)
    ranges = pairs(namespace.spec["ranges"])
    kept: tuple[tuple[Ranges, str], ...] = (
        (world.settings.irb_vlans, "ranges overlap with Fabric reserved VLANs"),
        (world.settings.workaround_vlans, "ranges overlap with VLANs reserved for the TH5 workaround"),
    )
    for reserved, what in kept:
        refuse_overlapping([*reserved, *ranges], what)
    return []


def _after_update(old: Subject, new: Subject, world: World) -> None:  # noqa: ARG001 - only what it becomes counts
    """Refuse ranges that no longer hold the VLANs of VPCs.

    The real webhook looks for those VPCs by the label of their IPv4 namespace. So a namespace is checked against the
    VPCs of the IPv4 namespace that happens to have its name, and the VLAN 0 of host BGP subnets never fits.
    """
    for vpc in world.objects.labelled("VPC", IPV4_NAMESPACE, new.name):
        for name, subnet in (vpc.spec["subnets"] or {}).items():
            if not contains(new, subnet["vlan"]):
                raise Refused(
                    f"existing vpc {vpc.name} subnet {name} (vlan {subnet['vlan']}) doesn't fit updated VLAN namespace"
                )


def _delete(namespace: Subject, world: World) -> None:
    if world.objects.labelled("Switch", listed("vlanns", namespace.name), TRUE):
        raise Refused("VLANNamespace has switches")
    if world.objects.labelled("VPC", VLAN_NAMESPACE, namespace.name):
        raise Refused("VLANNamespace has VPCs")


VLAN = Kind(
    "failed to validate vlannamespace",
    _default,
    _check,
    after_update=_after_update,
    delete=_delete,
)
