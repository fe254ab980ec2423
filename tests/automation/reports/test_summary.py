"""Reports as text, kept as files: a change of the output is a readable difference in snapshots/.

`HHSYNC_UPDATE_SNAPSHOTS=1` writes them anew; look at the difference before it is committed.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from automation.reports import as_json, as_text, summary
from automation.results import DESTROY, PREVIEW, SYNC, Counts, NotDone, OperationResult, ResourceChange
from providers.core.drift.difference import Difference
from providers.core.equality import MISSING
from tests.support.reports import DRIFTS

SNAPSHOTS = Path(__file__).parent / "snapshots"
VLAN = Difference(("cluster", "spec", "subnets", "default", "vlan"), 1001, cluster=1999)
LABEL = Difference(("cluster", "labels", "example.com/team"), "web")
GATEWAY = Difference(("cluster", "spec", "subnets", "default", "gateway"), MISSING, cluster="10.0.0.1")
GONE = Difference(("cluster",), {"kind": "VPCPeering", "name": "a--b"})
EDITED = Difference(("netbox", "name"), "server-1", netbox="renamed by hand")
COMMIT = Difference(("netbox", "git_commit"), "b" * 40, netbox="a" * 40)
GIT_COMMIT = Difference(("git", "commit"), "b" * 40, recorded="a" * 40)

CHANGES = (
    ResourceChange("Server/default/server-1", "update", (EDITED,)),
    ResourceChange("Switch/default/leaf-1", "attribution", (COMMIT, GIT_COMMIT)),
    ResourceChange("VPC/default/vpc-1", "update", (VLAN, LABEL, GATEWAY, COMMIT, GIT_COMMIT)),
    ResourceChange("VPC/default/vpc-2", "create"),
    ResourceChange("VPCPeering/default/a--b", "update", (GONE,)),
)


def operation(verb, counts, changes=(), errors=(), fabric_changes=()):
    return OperationResult(
        verb, "fabric-1", counts, changes, fabric_changes=fabric_changes, errors=errors, duration_s=3.21
    )


OPERATIONS = {
    "preview-changes": operation(PREVIEW, Counts(created=1, updated=3, attribution=1, unchanged=66), CHANGES),
    "preview-clean": operation(PREVIEW, Counts(unchanged=71)),
    "preview-only-the-record": operation(
        PREVIEW,
        Counts(unchanged=71),
        fabric_changes=(
            ResourceChange(
                "fabric-1/result", "update", (Difference(("record", "status"), "success", netbox="failed"),)
            ),
        ),
    ),
    "preview-adopts": operation(
        PREVIEW,
        Counts(adopted=2, created=1, unchanged=68),
        (
            ResourceChange("Server/default/server-1", "adopt"),
            ResourceChange("VPC/default/vpc-1", "adopt", (replace(VLAN, owned_by=("kubectl-edit",)),)),
            ResourceChange("VPC/default/vpc-2", "create"),
        ),
    ),
    "preview-failed": operation(PREVIEW, Counts(), errors=("no such branch",)),
    "sync-changes": operation(SYNC, Counts(created=2, updated=1, unchanged=68), CHANGES),
    "sync-clean": operation(SYNC, Counts(unchanged=71)),
    "sync-only-the-record": operation(
        SYNC, Counts(unchanged=71), fabric_changes=(ResourceChange("fabric-1/identity", "update"),)
    ),
    "sync-partial": operation(SYNC, Counts(created=2, unchanged=3, failed=1), CHANGES, ("refused",)),
    "sync-not-done": replace(
        operation(SYNC, Counts(created=2, failed=1), CHANGES, ("VPC/default/a: refused",)),
        not_done=(
            NotDone("VPC/default/a", "VPC/default/a: refused"),
            NotDone("VPCPeering/default/a--b", "waits for a"),
        ),
    ),
    "sync-left-some-out": replace(
        operation(SYNC, Counts(updated=1, unchanged=5), CHANGES), partial=True, warnings=("a.yaml:1: bad",)
    ),
    "sync-interrupted": replace(operation(SYNC, Counts(created=2), CHANGES, ("interrupted",)), interrupted=True),
    "sync-refused": operation(SYNC, Counts(), errors=("not valid",)),
    "destroy": operation(DESTROY, Counts(deleted=71), CHANGES),
    "destroy-empty": operation(DESTROY, Counts()),
}


def compare(name: str, text: str) -> None:
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("HHSYNC_UPDATE_SNAPSHOTS"):
        path.write_text(text + "\n", "utf-8")
    assert text + "\n" == path.read_text("utf-8")


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_as_text(name):
    compare(name, summary.operation_text(OPERATIONS[name]))


@pytest.mark.parametrize("name", DRIFTS)
def test_drift_as_text(name):
    compare(name, as_text.drift_text(DRIFTS[name], 0.4))


@pytest.mark.parametrize("name", DRIFTS)
def test_drift_as_json(name):
    compare(f"{name}-json", summary.to_text(as_json.drift_json(DRIFTS[name], 0.4)))


VALUES = [
    (MISSING, "(absent)"),
    (1001, "1001"),
    (True, "true"),
    (None, "null"),
    ("10.0.0.0/24", "10.0.0.0/24"),
    ("", '""'),
    (" padded", '" padded"'),
    ("two\nlines", '"two\\nlines"'),
    ({"b": 1, "a": [2]}, '{"a": [2], "b": 1}'),
    ("x" * 200, "x" * 99 + "…"),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_a_value_in_a_line(value, text):
    assert summary.shown(value) == text
