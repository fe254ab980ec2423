"""Which CRs that Git only names are on the cluster: one LIST of each kind with a missing name, and none without."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from providers.core.identity import FABRIC_LABEL, KINDS
from providers.core.rules.references import Outside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from providers.core.identity import ObjectRef
    from providers.targets.cluster import Cluster


def on_cluster(connect: Callable[[], Cluster], fabric: str) -> Outside:
    """What the cluster knows beside this fabric's own objects: those that left Git are about to be deleted.

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
