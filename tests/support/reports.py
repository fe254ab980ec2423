"""Reports of drift of every form, as values."""

from __future__ import annotations

from providers.core.drift.report import (
    Action,
    Detail,
    Difference,
    DriftReport,
    State,
)
from providers.core.equality import MISSING
from providers.core.identity import ObjectRef
from providers.core.manifest import Origin


def drift_report(*details, **counts):
    states = {State[name]: count for name, count in counts.items()}
    return DriftReport("fabric-1", sum(states.values()), states, tuple(details), notes=())


def ref(kind, name):
    return ObjectRef(kind, "default", name)


ORIGIN = Origin("fabric-1/vpcs/web.yaml", 3, 0)
DRIFTED = Detail(
    ref("VPC", "vpc-1"),
    State.DRIFTED,
    ORIGIN,
    managed=True,
    action=Action.UPDATE,
    differences=(Difference("cluster.spec.subnets.default.vlan", 1001, 1001, 1999),),
)
PENDING = Detail(
    ref("VPC", "vpc-2"),
    State.PENDING,
    ORIGIN,
    managed=True,
    action=Action.UPDATE,
    differences=(
        Difference("cluster.spec.subnets.default.vlan", 1002, 1001, 1001),
        Difference("git.commit", "b" * 40, "a" * 40, "a" * 40),
        Difference("netbox.git_commit", "b" * 40, "a" * 40, "a" * 40),
    ),
)
MISSING_OBJECT = Detail(
    ref("VPCPeering", "a--b"),
    State.MISSING_FROM_CLUSTER,
    ORIGIN,
    managed=True,
    action=Action.UPDATE,
    differences=(Difference("cluster", {"kind": "VPCPeering"}, {"kind": "VPCPeering"}, MISSING),),
)
ORPHAN = Detail(ref("Server", "old"), State.MISSING_FROM_GIT, None, managed=False)
BOTH = Detail(
    ref("VPC", "vpc-3"),
    State.PENDING,
    ORIGIN,
    managed=True,
    action=Action.UPDATE,
    differences=(Difference("cluster.spec.subnets.default.vlan", 1002, 1001, 1999),),
)
ATTRIBUTED = Detail(
    ref("VPC", "vpc-4"),
    State.IN_SYNC,
    ORIGIN,
    managed=True,
    action=Action.ATTRIBUTION,
    differences=(
        Difference("git.commit", "b" * 40, "a" * 40, "a" * 40),
        Difference("git.path", "b.yaml", "a.yaml", "a.yaml"),
    ),
    attribution_only=True,
)
UNREAD = Detail(
    ref("Switch", "leaf-1"),
    State.UNKNOWN,
    ORIGIN,
    managed=True,
    reason="the cluster does not answer",
    action=Action.UNKNOWN,
)

DRIFTS = {
    "drift-clean": drift_report(IN_SYNC=71),
    "drift-found": drift_report(
        *(ORPHAN, DRIFTED, PENDING, BOTH, ATTRIBUTED, MISSING_OBJECT),
        IN_SYNC=66,
        DRIFTED=1,
        PENDING=2,
        MISSING_FROM_CLUSTER=1,
        MISSING_FROM_GIT=1,
    ),
    "drift-unknown": drift_report(UNREAD, IN_SYNC=70, UNKNOWN=1),
}
