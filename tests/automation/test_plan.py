"""A plan: what is compared, what is refused, and the document."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema_rs
import pytest

from automation import plan
from automation.results import PREVIEW, Counts, OperationResult, ResourceChange
from providers import planned
from providers.core import fingerprint
from providers.core.identity import ObjectRef
from providers.errors import ConfigError, UnsafeChange
from tests.automation.test_drift_report import FULL, SCHEMA

REF = ObjectRef("VPC", "default", "vpc-9")
LIVE = {"metadata": {"uid": "u", "labels": {"a": "b"}, "resourceVersion": "7"}, "spec": {"vlan": 1}}
FIELDS = {"name": "vpc-9", "spec": {"vlan": 1}}
PRINTS = {"git": "g", "state": "s", "cluster": fingerprint.of_live(LIVE), "netbox": fingerprint.of_record(FIELDS)}
NOW = plan.Snapshot("c" * 40, "r", {str(REF): PRINTS})
RESULT = OperationResult(PREVIEW, "fabric-1", Counts(updated=1), (ResourceChange(str(REF), "update"),))

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


def document():
    return plan.written(FULL, RESULT, NOW, None)


def test_a_plan_follows_the_reports_schema_and_has_an_action_for_each_cr():
    made = document()
    jsonschema_rs.validator_for(SCHEMA).validate(made)
    assert made["verb"] == "preview"
    assert {one["ref"]: one["action"] for one in made["details"]}[str(REF)] == "update"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document()))
    return path


def test_a_write_as_planned_is_let_through(file):
    planned.read(file).check(REF, LIVE, FIELDS)


@pytest.mark.parametrize(
    ("live", "fields", "where"),
    [
        ({**LIVE, "spec": {}}, FIELDS, "the cluster"),
        (None, FIELDS, "the cluster"),
        (LIVE, None, "NetBox"),
        (LIVE, {**FIELDS, "name": "x"}, "NetBox"),
    ],
)
def test_a_write_of_what_moved_is_refused_by_name(file, live, fields, where):
    with pytest.raises(UnsafeChange, match=f"{REF} in {where}"):
        planned.read(file).check(REF, live, fields)


def test_a_cr_that_the_plan_does_not_know_is_not_written(file):
    with pytest.raises(UnsafeChange, match="VPC/default/other in the cluster"):
        planned.read(file).check(ObjectRef("VPC", "default", "other"), LIVE, None)


def test_what_a_hand_over_deleted_first_may_be_gone(file):
    content = json.loads(file.read_text())
    content["plan"]["deleted_first"] = [str(REF)]
    file.write_text(json.dumps(content))
    planned.read(file).check(REF, None, None)


def test_another_commit_is_refused(file):
    planned.read(file).check_commit("c" * 40)
    with pytest.raises(UnsafeChange, match="Git"):
        planned.read(file).check_commit("d" * 40)


def test_only_the_plans_own_fabric_is_held_to_it(file, monkeypatch):
    assert planned.from_environment("fabric-1") is None
    monkeypatch.setenv(planned.PLAN_VARIABLE, str(file))
    assert planned.from_environment("fabric-1") is not None
    assert planned.from_environment("fabric-2") is None


BAD = [
    ("", "no JSON"),
    ("[]", "is no plan; make one"),
    ('{"plan": null}', "is no plan; make one"),
    ('{"plan": {"crs": {}}}', "is no plan; make one"),
]


@pytest.mark.parametrize(("text", "says"), BAD)
def test_a_file_that_is_no_plan_is_refused(tmp_path, text, says):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says):
        plan.sync(None, "fabric-1", path)


def test_a_plan_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no\.json cannot be read: No such file"):
        plan.sync(None, "fabric-1", tmp_path / "no.json")


@pytest.mark.parametrize(
    ("key", "value", "says"), [("schema_version", 2, "schema_version 2"), ("fabric", "f2", "plan of f2")]
)
def test_a_plan_of_another_version_or_fabric_is_refused(file, key, value, says):
    file.write_text(json.dumps({**json.loads(file.read_text()), key: value}))
    with pytest.raises(ConfigError, match=says):
        plan.sync(None, "fabric-1", file)


def test_a_plan_decides_how_many_may_be_deleted():
    with pytest.raises(ConfigError, match="--allow-deletes is in the plan already"):
        plan.alone(allow_deletes=3)
