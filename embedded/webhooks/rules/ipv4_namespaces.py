"""IPv4Namespaces: the networks that VPC subnets are cut from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.webhooks.networks import prefix, prefixes, refuse_overlap
from embedded.webhooks.rules.kind import Kind, World, check_metadata, check_short_name
from embedded.webhooks.shapes import Refused
from embedded.webhooks.subject import IPV4_NAMESPACE, keep_own

if TYPE_CHECKING:
    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject

# Each pair of them costs entries in the switches' access lists.
MOST_SUBNETS = 10


def _default(namespace: Subject, settings: Settings) -> None:  # noqa: ARG001 - every kind is given the settings
    keep_own(namespace, {})
    if namespace.spec["subnets"] is not None:
        namespace.spec["subnets"].sort()


def _check(namespace: Subject, world: World) -> list[str]:
    check_metadata(namespace)
    check_short_name(namespace)
    networks = [one.masked for one in prefixes(namespace.spec["subnets"] or ())]
    if len(networks) > MOST_SUBNETS:
        raise Refused(f"too many subnets defined ({len(networks)}), maximum is {MOST_SUBNETS}")
    refuse_overlap(networks, "subnets overlap")
    refuse_overlap([*networks, *world.settings.reserved], "subnets overlap with reserved subnets")
    return []


def _after_update(old: Subject, new: Subject, world: World) -> None:  # noqa: ARG001 - only what it becomes counts
    networks = prefixes(new.spec["subnets"] or ())
    for vpc in world.objects.labelled("VPC", IPV4_NAMESPACE, new.name):
        for name, subnet in (vpc.spec["subnets"] or {}).items():
            used = prefix(subnet["subnet"])
            if used is None:
                raise Refused(f"failed to parse vpc subnet {subnet['subnet']}")
            if not any(network.covers(used) for network in networks):
                raise Refused(f"existing vpc {vpc.name} subnet {name} (cidr {used}) doesn't fit updated IPv4 namespace")


def _delete(namespace: Subject, world: World) -> None:
    if world.objects.labelled("VPC", IPV4_NAMESPACE, namespace.name):
        raise Refused("IPv4Namespace has VPCs")
    if world.objects.labelled("External", IPV4_NAMESPACE, namespace.name):
        raise Refused("IPv4Namespace has externals")


IPV4 = Kind(
    "failed to validate ipv4namespace",
    _default,
    _check,
    after_update=_after_update,
    delete=_delete,
)
