"""One CR on all sides: what Git wants, what the state and the servers have of it, and the state that follows."""

from __future__ import annotations

import copy

from providers.core import sections
from providers.core.drift.facts import Unread
from providers.core.drift.states import State
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin

REF = ObjectRef("VPC", "default", "vpc-1")
SPEC = {"subnets": {"default": {"subnet": "10.0.1.0/24", "vlan": 1001}}}


def manifest(spec=None, labels=None) -> Manifest:
    """VPC/default/vpc-1 as Git has it."""
    return Manifest(
        ref=REF,
        spec=SPEC if spec is None else spec,
        origin=Origin("fabrics/f/vpcs.yaml", 3, 1),
        attribution=Attribution("c" * 40, "Ann <ann@example.org>", "2026-01-02T03:04:05Z"),
        labels=labels or {},
    )


def live_object(inputs, **changed):
    """What a plain API server holds after our write, with changes to its spec."""
    obj = sections.manifest_of(inputs["cluster"])
    obj["metadata"] |= {"uid": "uid-1", "resourceVersion": "7", "generation": 1}
    obj["spec"] = {**copy.deepcopy(obj["spec"]), **changed}
    return obj


def outputs_for(inputs, live):
    """What the state has once the cluster answered `live`."""
    delta = sections.applied_delta(inputs["cluster"], sections.cluster_section(live, inputs["cluster"]))
    return {**inputs, "applied": {"cluster": delta}, "uid": "uid-1"}


DESIRED = sections.inputs_for("f", manifest())
NEWER = sections.inputs_for("f", manifest({"subnets": {"default": {"subnet": "10.0.2.0/24", "vlan": 1002}}}))
MOVED = {
    **DESIRED,
    "git": {**DESIRED["git"], "commit": "d" * 40},
    "netbox": {**DESIRED["netbox"], "git_commit": "d" * 40},
}
LIVE = live_object(DESIRED)
OUTPUTS = outputs_for(DESIRED, LIVE)
EDITED = live_object(DESIRED, subnets={"default": {"subnet": "10.0.1.0/24", "vlan": 1999}})
RECORD = DESIRED["netbox"]
EDITED_RECORD = {**RECORD, "git_status": "Not from Git"}
GONE = None
DOWN = Unread("https://127.0.0.1:1 does not answer")

TABLE = {
    # desired, outputs, live, record -> state, and what a report counts it as
    "as it should be": (DESIRED, OUTPUTS, LIVE, RECORD, State.SYNCED, "in_sync"),
    "only its attribution moved": (MOVED, OUTPUTS, LIVE, RECORD, State.SYNCED, "in_sync"),
    "edited in the cluster": (DESIRED, OUTPUTS, EDITED, RECORD, State.DRIFTED, "drifted"),
    "edited in NetBox": (DESIRED, OUTPUTS, LIVE, EDITED_RECORD, State.DRIFTED, "drifted"),
    "gone from the cluster": (DESIRED, OUTPUTS, GONE, RECORD, State.DRIFTED, "missing_from_cluster"),
    "gone from NetBox": (DESIRED, OUTPUTS, LIVE, GONE, State.DRIFTED, "missing_from_netbox"),
    "gone from both servers": (DESIRED, OUTPUTS, GONE, GONE, State.DRIFTED, "missing_from_cluster"),
    "newer in Git": (NEWER, OUTPUTS, LIVE, RECORD, State.PENDING, "pending"),
    "newer in Git and edited in the cluster": (NEWER, OUTPUTS, EDITED, RECORD, State.PENDING, "pending"),
    "never applied": (DESIRED, None, GONE, GONE, State.COMMITTED, "committed"),
    "never applied, and in the cluster": (DESIRED, None, LIVE, GONE, State.COMMITTED, "committed"),
    "managed, and gone from Git": (None, OUTPUTS, LIVE, RECORD, State.ORPHANED, "missing_from_git"),
    "unmanaged, and not in Git": (None, None, LIVE, GONE, State.ORPHANED, "missing_from_git"),
    "the cluster cannot be read": (DESIRED, OUTPUTS, DOWN, RECORD, State.UNKNOWN, "unknown"),
    "NetBox cannot be read": (DESIRED, OUTPUTS, LIVE, DOWN, State.UNKNOWN, "unknown"),
    "not in Git, and the cluster cannot be read": (None, OUTPUTS, DOWN, RECORD, State.UNKNOWN, "unknown"),
}
