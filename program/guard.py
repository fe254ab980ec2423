"""What must hold before the first resource is registered, so that plain `pulumi up` is guarded too.

One LIST per kind answers both questions: may so many CRs be deleted, and can Pulumi's order (creates before deletes) do it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pulumi

from program import bootstrap, cluster_checks
from providers import adoption_dry_run
from providers.core import sections
from providers.core.drift.adoption import refusal, unmanaged
from providers.core.identity import FIELD_MANAGER, KINDS
from providers.core.ownership import managers
from providers.core.planning import prune, reassignment
from providers.core.planning.plan import owner
from providers.errors import UnsafeChange

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitops.desired import DesiredState
    from program.config import FabricConfig
    from providers.core.identity import Kind, ObjectRef
    from providers.targets.cluster.target import Cluster

_NAMED = 5


def objects(
    cluster: Cluster, fabric: str, desired: Collection[ObjectRef]
) -> tuple[dict[ObjectRef, Mapping[str, Any]], dict[ObjectRef, Mapping[str, Any]]]:
    """The specs of the objects of the 12 kinds that carry this fabric's label, and the objects without any fabric's label
    that Git names: one LIST per kind, side by side.
    """

    def listed(kind: Kind) -> tuple[dict[ObjectRef, Mapping[str, Any]], dict[ObjectRef, Mapping[str, Any]]]:
        found = cluster.list(kind)
        managed = {ref: obj.get("spec") or {} for ref, obj in found.items() if owner(obj) == fabric}
        # One that we wrote and that lost its label is ours still: it is in the state, which is not known here.
        others = {ref: obj for ref, obj in found.items() if unmanaged(obj) and FIELD_MANAGER not in managers(obj)}
        return managed, {ref: obj for ref, obj in others.items() if ref in desired}

    with ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
        answers = list(pool.map(listed, KINDS.values()))
    managed = {ref: spec for one, _ in answers for ref, spec in one.items()}
    return managed, {ref: obj for _, one in answers for ref, obj in one.items()}


def check_adoption(
    cluster: Cluster, config: FabricConfig, desired: DesiredState, found: Mapping[ObjectRef, Mapping[str, Any]]
) -> None:
    """Refuse to change what other field managers own in objects that would be adopted, unless the stack says to.

    Raises:
        UnsafeChange: with the properties, their managers, and how to allow it.
        TargetError: the cluster does not answer.
    """
    if config.force_conflicts or not found:
        return
    wishes = {ref: sections.inputs_for(config.fabric, desired.manifests[ref])["cluster"] for ref in found}
    refused = refusal(adoption_dry_run.of_all(cluster, wishes, found))
    if refused:
        raise UnsafeChange(refused)


def check(config: FabricConfig, desired: DesiredState, *, preview: bool) -> Mapping[ObjectRef, Sequence[ObjectRef]]:
    """What each CR's update must wait for besides its references; nothing is written yet.

    A preview is only warned of what Pulumi's order cannot do, so that it shows the changes.

    Raises:
        ValidationFailed: Switches are not hydrated, and this server takes only such ones.
        UnsafeChange: the prune rule does not let so many CRs go, others own what would be changed,
            or Pulumi's order cannot do it.
        TargetError: the cluster cannot be read, so nothing can be said.
    """
    cluster = bootstrap.cluster_of(config)
    managed, unlabelled = objects(cluster, config.fabric, desired.manifests.keys())
    too_many = prune.refusal(managed, desired.manifests, config.allow_deletes)
    if too_many:
        raise UnsafeChange(too_many)
    cluster_checks.require_hydrated(cluster, config.fabric, desired, managed)
    check_adoption(cluster, config, desired, unlabelled)
    plan = reassignment.plan({ref: one.spec for ref, one in desired.manifests.items()}, managed, desired.references)
    if plan.delete_first:
        needed = delete_first_needed(plan, config.fabric)
        if not preview:
            raise needed
        pulumi.log.warn(str(needed))
    return plan.order


def delete_first_needed(plan: reassignment.Plan, fabric: str) -> UnsafeChange:
    """The line about a plan with a delete-first phase: what is reassigned, what goes first, the verb that does it."""
    why = "; ".join(str(one) for one in plan.because[:_NAMED]) + (", …" if len(plan.because) > _NAMED else "")
    first = ", ".join(str(ref) for ref in sorted(plan.delete_first)[:_NAMED]) + (
        ", …" if len(plan.delete_first) > _NAMED else ""
    )
    return UnsafeChange(
        f"this commit reassigns something: {why}; {len(plan.delete_first)} CRs must be deleted first ({first}), and Pulumi "
        f"creates before it deletes, so nothing was written. `hhsync sync {fabric}` does both in this order"
    )
