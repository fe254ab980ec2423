"""ExternalPeerings: a VPC and an External. That a prefix is one is not checked, only that it is not empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.webhooks.errors import Refused
from embedded.webhooks.labels import EXTERNAL, VPC, keep_own
from embedded.webhooks.rules.kind import Kind, World
from embedded.webhooks.rules.metadata import check_metadata

if TYPE_CHECKING:
    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject


def _default(peering: Subject, settings: Settings) -> None:  # noqa: ARG001 - every kind is given the settings
    vpc, external = peering.spec["permit"]["vpc"], peering.spec["permit"]["external"]
    keep_own(peering, {VPC: vpc["name"], EXTERNAL: external["name"]})
    if vpc["subnets"] is not None:
        vpc["subnets"].sort()
    if external["prefixes"] is not None:
        external["prefixes"].sort(key=lambda one: one["prefix"])


def _check(peering: Subject, world: World) -> list[str]:
    check_metadata(peering)
    permit = peering.spec["permit"]
    vpc_name, external_name = permit["vpc"]["name"], permit["external"]["name"]
    if not vpc_name:
        raise Refused("vpc.name is required")
    if not external_name:
        raise Refused("external.name is required")
    if not all(one["prefix"] for one in permit["external"]["prefixes"] or ()):
        raise Refused("external.prefixes.prefix is required")
    vpc = world.objects.get("VPC", vpc_name)
    if vpc is None:
        raise Refused(f"vpc {vpc_name} not found")
    external = world.objects.get("External", external_name)
    if external is None:
        raise Refused(f"external {external_name} not found")
    theirs, ours = external.spec["ipv4Namespace"], vpc.spec["ipv4Namespace"]
    if ours != theirs:
        raise Refused(f"vpc's IPv4 namespace {ours} is different from the external's IPv4 namespace {theirs}")
    for subnet in permit["vpc"]["subnets"] or ():
        if subnet not in (vpc.spec["subnets"] or {}):
            raise Refused(f"vpc {vpc_name} does not have subnet {subnet}")
    return []


EXTERNAL_PEERINGS = Kind("failed to validate external peering", _default, _check)
