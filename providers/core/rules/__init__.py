"""Rules across the CRs of a fabric: what a Hedgehog server would refuse, or takes and breaks. Pure; one module a theme.

A rule is a function of a whole `Fabric` that yields findings; each costs O(n log n) at most. Facts: the recorded answers of
Hedgehog v0.126's admission webhooks. Severity: an error is what such a server refuses, or stores and breaks the fabric with;
a warning is what depends on the fabric's own configuration, on what is only on the cluster, or does no harm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.core.rules import (
    attachments,
    connections,
    dhcp,
    externals,
    integers,
    peerings,
    ports,
    switches,
    vlans,
    vpcs,
)
from providers.core.rules.fabric import Fabric

if TYPE_CHECKING:
    from collections.abc import Iterable

    from providers.core.finding import Finding
    from providers.core.manifest import Manifest

RULES = (
    *vpcs.RULES,
    *dhcp.RULES,
    *vlans.RULES,
    *ports.RULES,
    *connections.RULES,
    *switches.RULES,
    *attachments.RULES,
    *peerings.RULES,
    *externals.RULES,
    *integers.RULES,
)


def findings(manifests: Iterable[Manifest]) -> list[Finding]:
    """Every finding about how CRs go together; references out of Git are `references.missing`'s."""
    fabric = Fabric(manifests)
    return [finding for rule in RULES for finding in rule(fabric)]
