"""Exit codes and the JSON shape of an operation."""

from __future__ import annotations

import pytest

from automation.engine.info import EngineInfo
from automation.results import DESTROY, PREVIEW, SYNC, Counts, OperationResult, ResourceChange
from providers.core.drift.difference import Difference
from providers.core.equality import MISSING

CHANGE = ResourceChange("VPC/default/vpc-1", "update", (Difference(("cluster", "spec", "vlan"), 1001, cluster=1999),))

CODES = [
    (PREVIEW, (), (), 0),
    (PREVIEW, (CHANGE,), (), 2),
    (PREVIEW, (), ("no such branch",), 1),
    (PREVIEW, (CHANGE,), ("no such branch",), 1),
    (SYNC, (), (), 0),
    (SYNC, (CHANGE,), (), 0),
    (SYNC, (CHANGE,), ("refused",), 1),
    (DESTROY, (CHANGE,), (), 0),
]


@pytest.mark.parametrize(("verb", "changes", "errors", "code"), CODES)
def test_exit_code(verb, changes, errors, code):
    assert OperationResult(verb, "fabric-1", Counts(), changes, errors=errors).exit_code == code


def test_a_changed_record_of_the_fabric_alone_is_a_change():
    assert OperationResult(PREVIEW, "fabric-1", Counts(), fabric_changes=(CHANGE,)).exit_code == 2


def test_the_json_shape_is_stable():
    gone = Difference(("cluster", "spec", "gateway"), MISSING, cluster="10.0.0.1")
    result = OperationResult(
        verb=SYNC,
        fabric="fabric-1",
        counts=Counts(updated=1, unchanged=70),
        changes=(ResourceChange("VPC/default/vpc-1", "update", (gone,)),),
        errors=("refused",),
        warnings=("old",),
        duration_s=1.23456,
        engine=EngineInfo("embedded", "3.272.0"),
    )
    assert result.to_json() == {
        "verb": "sync",
        "fabric": "fabric-1",
        "ok": False,
        "exit_code": 1,
        "engine": {"name": "embedded", "version": "3.272.0"},
        "duration_s": 1.235,
        "counts": {
            "created": 0,
            "adopted": 0,
            "updated": 1,
            "attribution": 0,
            "replaced": 0,
            "deleted": 0,
            "unchanged": 70,
            "failed": 0,
        },
        "changes": [
            {
                "ref": "VPC/default/vpc-1",
                "action": "update",
                "differences": [{"path": "cluster.spec.gateway", "cluster": "10.0.0.1"}],
            }
        ],
        "fabric_changes": [],
        "errors": ["refused"],
        "warnings": ["old"],
        "partial": False,
        "not_done": [],
    }
