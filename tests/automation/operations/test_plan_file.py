"""A plan: what is compared, what is refused, and the document."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest

from automation.execution import outcome
from automation.operations import plan_file as plan
from automation.results import PREVIEW, OperationResult
from providers.core.identity import ObjectRef
from providers.core.planning import fingerprint
from providers.errors import ConfigError
from tests.support.contexts import context, left, ref, synced

REF = ObjectRef("VPC", "default", "vpc-9")
LIVE = {"metadata": {"uid": "u", "labels": {"a": "b"}, "resourceVersion": "7"}, "spec": {"vlan": 1}}
FIELDS = {"name": "vpc-9", "spec": {"vlan": 1}}
PRINTS = {"git": "g", "state": "s", "cluster": fingerprint.of_live(LIVE), "netbox": fingerprint.of_record(FIELDS)}
NOW = plan.Snapshot("c" * 40, "r", {str(REF): PRINTS})
SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs" / "report.schema.json").read_text())

LIVES = [
    ({"spec": {"vlan": 2}}, True),
    ({"metadata": {**LIVE["metadata"], "uid": "other"}}, True),
    ({"metadata": {**LIVE["metadata"], "labels": {}}}, True),
    ({"metadata": {**LIVE["metadata"], "annotations": {"x": "y"}}}, True),
    ({"metadata": {**LIVE["metadata"], "resourceVersion": "8"}}, False),
    ({"status": {"applied": 1}}, False),
    ({"spec": {"vlan": 1.0, "empty": {}}}, False),
]


@pytest.mark.parametrize(("change", "moves"), LIVES)
def test_what_moves_the_fingerprint_of_an_object(change, moves):
    assert (fingerprint.of_live({**LIVE, **change}) != fingerprint.of_live(LIVE)) is moves


def moved(**sides):
    return replace(NOW, crs={str(REF): {**PRINTS, **sides}})


DIFFERING = [
    (NOW, []),
    (moved(git="x"), [f"{REF} in Git"]),
    (moved(state="x", netbox=""), [f"{REF} in the state and NetBox"]),
    (replace(NOW, crs={}), [f"{REF} in Git and the state and the cluster and NetBox"]),
    (replace(NOW, crs={**NOW.crs, "VPC/default/new": {"cluster": "x"}}), ["VPC/default/new in the cluster"]),
    (replace(NOW, folder_commit="d" * 40), [f"Git (commit {'d' * 12} instead of {'c' * 12})"]),
    (replace(NOW, fabric_record="x"), ["the fabric's own record"]),
]


@pytest.mark.parametrize(("later", "named"), DIFFERING)
def test_what_moved_is_named(later, named):
    assert plan.differing(NOW, later) == named


def planned():
    """A fabric in which somebody changed one VPC, and another left Git."""
    one = synced(ref("VPC/vpc-9"), {"mode": "l2"})
    moved = {**one.live, "spec": {"mode": "l3"}}
    return context([replace(one, live=moved), left(ref("VPC/gone")), synced(ref("Server/s"))])


def document():
    made = planned()
    result = OperationResult(PREVIEW, "f", outcome.counts(made.plan, made.plan.touched))
    return plan.written(made, result, None)


def test_a_plan_follows_the_reports_schema_and_has_an_action_for_each_cr():
    made = document()
    jsonschema_rs.validator_for(SCHEMA).validate(made)
    assert made["verb"] == "preview"
    assert {one["ref"]: one["action"] for one in made["details"]} == {
        "VPC/default/vpc-9": "update",
        "VPC/default/gone": "delete",
    }


def test_what_was_planned_is_found_unmoved_and_what_moves_is_named():
    before = planned()
    assert plan.differing(plan.snapshot(before), plan.snapshot(planned())) == []
    server = ref("Server/s")
    edited = replace(before.facts[server], record={**before.facts[server].record, "name": "x"})
    after = replace(before, facts={**before.facts, server: edited})
    assert plan.differing(plan.snapshot(before), plan.snapshot(after)) == [f"{server} in NetBox"]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document()))
    return path


BAD = [
    ("", "no JSON"),
    ("[]", "is no plan; make one"),
    ('{"plan": null}', "is no plan; make one"),
    ('{"plan": {"crs": {}}}', "is no plan; make one"),
    ('{"plan": {"crs": {}, "folder_commit": 1, "fabric_record": "r"}}', "is no plan; make one"),
]


@pytest.mark.parametrize(("text", "says"), BAD)
def test_a_file_that_is_no_plan_is_refused(tmp_path, text, says):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says):
        plan.sync(None, "f", path)


def test_a_plan_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no\.json cannot be read: No such file"):
        plan.sync(None, "f", tmp_path / "no.json")


@pytest.mark.parametrize(
    ("key", "value", "says"), [("schema_version", 2, "schema_version 2"), ("fabric", "f2", "plan of f2")]
)
def test_a_plan_of_another_version_or_fabric_is_refused(file, key, value, says):
    file.write_text(json.dumps({**json.loads(file.read_text()), key: value}))
    with pytest.raises(ConfigError, match=says):
        plan.sync(None, "f", file)


def test_a_plan_decides_how_many_may_be_deleted():
    with pytest.raises(ConfigError, match="--allow-deletes is in the plan already"):
        plan.alone(allow_deletes=3)
