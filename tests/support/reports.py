"""Reports of drift of every form, as values."""

from __future__ import annotations

from providers.core.drift.classify import Action, Detail
from providers.core.drift.difference import Difference
from providers.core.drift.report import DriftReport
from providers.core.drift.states import State
from providers.core.identity import ObjectRef
from providers.core.manifest import Origin

VLAN = ("cluster", "spec", "subnets", "default", "vlan")
BOTH_SERVERS = ("cluster", "netbox")


def drift_report(*details, **counts):
    return DriftReport("fabric-1", sum(counts.values()), counts, tuple(details), notes=())


def ref(kind, name):
    return ObjectRef(kind, "default", name)


ORIGIN = Origin("fabric-1/vpcs/web.yaml", 3, 0)
DRIFTED = Detail(
    ref("VPC", "vpc-1"),
    State.DRIFTED,
    ORIGIN,
    managed=True,
    action=Action.UPDATE,
    differences=(Difference(VLAN, 1001, 1001, cluster=1999, netbox=1001),),
    places=BOTH_SERVERS,
)
PENDING = Detail(
    ref("VPC", "vpc-2"),
    State.PENDING,
    ORIGIN,
    managed=True,
    action=Action.UPDATE,
    differences=(
        Difference(VLAN, 1002, 1001, cluster=1001, netbox=1001),
        Difference(("git", "commit"), "b" * 40, "a" * 40),
        Difference(("netbox", "git_commit"), "b" * 40, "a" * 40, netbox="a" * 40),
    ),
)
MISSING_OBJECT = Detail(
    ref("VPCPeering", "a--b"),
    State.DRIFTED,
    ORIGIN,
    managed=True,
    action=Action.UPDATE,
    differences=(Difference(("cluster",), {"kind": "VPCPeering"}, {"kind": "VPCPeering"}),),
    places=("netbox",),
)
ORPHAN = Detail(ref("Server", "old"), State.ORPHANED, None, managed=False)
BOTH = Detail(
    ref("VPC", "vpc-3"),
    State.PENDING,
    ORIGIN,
    managed=True,
    action=Action.UPDATE,
    differences=(Difference(VLAN, 1002, 1001, cluster=1999, netbox=1001),),
)
ATTRIBUTED = Detail(
    ref("VPC", "vpc-4"),
    State.SYNCED,
    ORIGIN,
    managed=True,
    action=Action.ATTRIBUTION,
    differences=(
        Difference(("git", "commit"), "b" * 40, "a" * 40),
        Difference(("git", "path"), "b.yaml", "a.yaml"),
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
    "drift-clean": drift_report(in_sync=71),
    "drift-found": drift_report(
        *(ORPHAN, DRIFTED, PENDING, BOTH, ATTRIBUTED, MISSING_OBJECT),
        in_sync=66,
        drifted=1,
        pending=2,
        missing_from_cluster=1,
        missing_from_git=1,
    ),
    "drift-unknown": drift_report(UNREAD, in_sync=70, unknown=1),
}
