"""What must hold before the first resource is registered, so that plain `pulumi up` is guarded too.

One LIST per kind answers both questions: may so many CRs be deleted, and can Pulumi's order (creates before deletes) do it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pulumi

from providers.core import handover
from providers.core.identity import FABRIC_LABEL, KINDS
from providers.core.policy import check_prune
from providers.errors import HandOverNeeded
from providers.targets.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from program.config import FabricConfig
    from program.desired import DesiredState
    from providers.core.identity import Kind, ObjectRef

HAND_OVER = "this commit hands something over"
#: How the line of a HandOverNeeded begins; `hhsync sync` knows it by that.

_NAMED = 5


def managed_objects(cluster: Cluster, fabric: str) -> dict[ObjectRef, Mapping[str, Any]]:
    """The specs of the objects of the 12 kinds that carry this fabric's label: one LIST per kind, side by side."""

    def listed(kind: Kind) -> dict[ObjectRef, Mapping[str, Any]]:
        found = cluster.list(kind, label_selector=f"{FABRIC_LABEL}={fabric}")
        return {ref: obj.get("spec") or {} for ref, obj in found.items()}

    with ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
        return {ref: spec for specs in pool.map(listed, KINDS.values()) for ref, spec in specs.items()}


def check(config: FabricConfig, desired: DesiredState, *, preview: bool) -> handover.Plan:
    """The order in which the changes can be made; nothing is written yet.

    A preview is only warned of a hand-over, so that it shows the changes.

    Raises:
        UnsafeChange: the prune rule does not let so many CRs go, or (HandOverNeeded) Pulumi's order cannot do it.
        TargetError: the cluster cannot be read, so nothing can be said.
    """
    managed = managed_objects(Cluster(config.cluster), config.fabric)
    check_prune(managed, desired.manifests, config.allow_deletes)
    plan = handover.plan({ref: one.spec for ref, one in desired.manifests.items()}, managed, desired.references)
    if plan.detour:
        needed = hand_over_needed(plan, config.fabric)
        if not preview:
            raise needed
        pulumi.log.warn(str(needed))
    return plan


def hand_over_needed(plan: handover.Plan, fabric: str) -> HandOverNeeded:
    """The one line about a plan with a detour: what is handed over, what goes first, and the verb that does it."""
    why = "; ".join(str(one) for one in plan.because[:_NAMED]) + (", …" if len(plan.because) > _NAMED else "")
    first = ", ".join(str(ref) for ref in sorted(plan.detour)[:_NAMED]) + (", …" if len(plan.detour) > _NAMED else "")
    return HandOverNeeded(
        f"{HAND_OVER}: {why}; {len(plan.detour)} CRs must be deleted first ({first}), and Pulumi creates before it deletes, so "
        f"nothing was written. `hhsync sync {fabric}` does both in this order"
    )
