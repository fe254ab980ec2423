"""Externals: a network outside, reached by BGP or by static routes."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from embedded.webhooks.errors import Refused
from embedded.webhooks.labels import EXTERNAL, IPV4_NAMESPACE, keep_own
from embedded.webhooks.networks import prefixes
from embedded.webhooks.rules.kind import Kind, World
from embedded.webhooks.rules.metadata import check_metadata, check_short_name

if TYPE_CHECKING:
    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject

LARGEST_PART = 65535


def _default(external: Subject, settings: Settings) -> None:
    spec = external.spec
    spec["ipv4Namespace"] = spec["ipv4Namespace"] or settings.defaults.ipv4_namespace
    keep_own(external, {IPV4_NAMESPACE: spec["ipv4Namespace"]})


def _check(external: Subject, world: World) -> list[str]:
    check_metadata(external)
    check_short_name(external)
    spec = external.spec
    communities = {field: spec[field] for field in ("inboundCommunity", "outboundCommunity") if spec[field]}
    if spec["static"] is None:
        for field, community in communities.items():
            if not _is_community(community):
                raise Refused(f"{field} {community} is not a valid community, example 50000:50001")
    else:
        if communities:
            raise Refused("inboundCommunity and outboundCommunity must be empty when static configuration is present")
        _check_prefixes(spec["static"]["prefixes"] or [])
    if world.objects.get("IPv4Namespace", spec["ipv4Namespace"]) is None:
        raise Refused(f"IPv4Namespace {spec['ipv4Namespace']} not found")
    return []


def _is_community(text: str) -> bool:
    """Two numbers from 0 to 65535 with a colon between them, without leading zeros."""
    parts = text.split(":")
    return len(parts) == 2 and all(_is_part(part) for part in parts)


def _is_part(text: str) -> bool:
    return text.isascii() and text.isdigit() and str(int(text)) == text and int(text) <= LARGEST_PART


def _check_prefixes(texts: list[str]) -> None:
    if not texts:
        raise Refused("at least one prefix must be specified for static externals")
    found = prefixes(texts, "static external configuration: ")
    for one, other in combinations(found, 2):
        if one.overlaps(other):
            raise Refused(f"static prefixes {one} and {other} overlap with each other")


def _delete(external: Subject, world: World) -> None:
    for kind, what in (("ExternalAttachment", "attachments"), ("ExternalPeering", "peerings")):
        if world.objects.labelled(kind, EXTERNAL, external.name):
            raise Refused(f"external has {what}")


EXTERNALS = Kind("error validating external", _default, _check, delete=_delete)
