"""Which CRs that Git only names are on the cluster."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from providers.core.identity import FABRIC_LABEL, KINDS
from providers.core.rules.unresolved import Outside
from providers.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from providers.core.identity import ObjectRef
    from providers.targets.cluster.snapshot import ClusterSnapshot
    from providers.targets.cluster.target import Cluster


def known_to(live: ClusterSnapshot, fabric: str) -> Outside:
    """What the cluster knows besides this fabric's own objects, by the LISTs that the run makes anyway.

    A kind that cannot be listed is given the benefit of the doubt: its CRs are unknown, so that nothing is written.
    """

    def exist(refs: Collection[ObjectRef]) -> Collection[ObjectRef]:
        return {ref for ref in refs if _is_there(live, ref, fabric)}

    return Outside(exist, asked=True)


def _is_there(live: ClusterSnapshot, ref: ObjectRef, fabric: str) -> bool:
    try:
        found = live.get(ref)
    except TargetError:
        return True
    return found is not None and (found["metadata"].get("labels") or {}).get(FABRIC_LABEL) != fabric


def on_cluster(connect: Callable[[], Cluster], fabric: str) -> Outside:
    """What the cluster knows besides this fabric's own objects: those that left Git are about to be deleted. One LIST of each
    kind with a missing name, and none without.

    `connect` is called when something is missing. Asking raises TargetError where the cluster cannot be read.
    """

    def exist(refs: Collection[ObjectRef]) -> Collection[ObjectRef]:
        kinds: dict[str, set[ObjectRef]] = defaultdict(set)
        for ref in refs:
            kinds[ref.kind].add(ref)
        cluster = connect()
        selector = f"{FABRIC_LABEL}!={fabric}"
        return {ref for kind, wanted in kinds.items() for ref in wanted & cluster.list(KINDS[kind], selector).keys()}

    return Outside(exist, asked=True)
