"""The prune rule, checked against the cluster before the first resource is registered: plain `pulumi up` is guarded too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from providers.core.identity import FABRIC_LABEL, KINDS
from providers.core.policy import check_prune
from providers.targets.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Collection

    from program.config import FabricConfig
    from providers.core.identity import Kind, ObjectRef


def managed_objects(cluster: Cluster, fabric: str) -> set[ObjectRef]:
    """The objects of the 12 kinds that carry this fabric's label: one LIST per kind, side by side."""

    def listed(kind: Kind) -> set[ObjectRef]:
        return set(cluster.list(kind, label_selector=f"{FABRIC_LABEL}={fabric}"))

    with ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
        return set().union(*pool.map(listed, KINDS.values()))


def refuse_unsafe_prune(config: FabricConfig, desired: Collection[ObjectRef]) -> set[ObjectRef]:
    """The managed objects that this sync will delete.

    Raises:
        UnsafeChange: the rule does not let them go.
        TargetError: the cluster cannot be read, so nothing can be said.
    """
    managed = managed_objects(Cluster(config.cluster), config.fabric)
    return check_prune(managed, desired, config.allow_deletes)
