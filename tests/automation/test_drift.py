"""What is joined for the report: whose objects are seen, and what could not be read."""

from __future__ import annotations

from types import SimpleNamespace

from automation.drift import drift, joined
from automation.engine import state
from program.desired import DesiredState
from program.load import Loaded
from providers.core import sections
from providers.core.drift import Unread
from providers.core.identity import FABRIC_LABEL, KINDS, ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from tests.automation.fake_engine import FakeCommand, workspace

VPC = ObjectRef("VPC", "default", "vpc-1")
OTHER = ObjectRef("VPC", "default", "vpc-2")
MANIFEST = Manifest(VPC, {"vlan": 1}, Origin("a.yaml", 1, 0), Attribution("a" * 40, "A <a@b>", "2026-01-01T00:00:00Z"))


def obj(ref: ObjectRef, fabric: str | None):
    labels = {} if fabric is None else {FABRIC_LABEL: fabric}
    return {"metadata": {"name": ref.name, "namespace": ref.namespace, "labels": labels, "uid": "u"}, "spec": {}}


def facts(manifests=(), outputs=None, live=None, records=None):
    loaded = SimpleNamespace(desired=SimpleNamespace(manifests={one.ref: one for one in manifests}))
    nothing = {kind: {} for kind in KINDS}
    return {
        one.ref: one
        for one in joined(
            "fabric-1", loaded, outputs or {}, {**nothing, **(live or {})}, {**nothing, **(records or {})}
        )
    }


def test_an_object_of_another_fabric_is_not_seen():
    assert facts(live={"VPC": {VPC: obj(VPC, "fabric-2")}}) == {}


def test_an_object_without_our_label_that_git_does_not_know_is_seen_as_unmanaged():
    (one,) = facts(live={"VPC": {OTHER: obj(OTHER, None)}}).values()
    assert (one.desired, one.outputs, one.live is None) == (None, None, False)


def test_everything_that_git_the_state_or_a_server_names_is_there():
    record = SimpleNamespace(fields={"ref": "x"})
    third = ObjectRef("Server", "default", "s")
    found = facts([MANIFEST], {OTHER: {"cluster": {}}}, records={"Server": {third: record}})
    assert sorted(found) == sorted([VPC, OTHER, third])
    assert found[third].record == {"ref": "x"}


def test_a_kind_that_could_not_be_read_is_unread_and_not_absent():
    found = facts([MANIFEST], live={"VPC": Unread("no answer")})
    assert found[VPC].live == Unread("no answer")


def test_the_origin_is_gits():
    assert facts([MANIFEST])[VPC].origin == Origin("a.yaml", 1, 0)


def resource(kind: str, outputs, **more):
    return {"urn": "u", "type": f"pulumi-python:dynamic/hedgehog:{kind}", "outputs": outputs, **more}


def test_recorded_are_the_outputs_of_crs_that_are_not_going(tmp_path):
    outputs = sections.inputs_for("fabric-1", MANIFEST)
    replaced = {"cluster": {"kind": "VPC", "namespace": "default", "name": "vpc-2"}}
    deployment = {
        "resources": [
            {"urn": "s", "type": "pulumi:pulumi:Stack", "outputs": {}},
            resource("VPC", sections.stored(outputs)),
            resource("VPC", replaced, delete=True),
            resource("FabricIdentity", {"fabric": "fabric-1"}),
            resource("FabricResult", {"fabric": "fabric-1", "record": {"status": "success"}}),
        ]
    }
    found = state.read(workspace(tmp_path, FakeCommand(deployment=deployment)), "fabric-1")
    assert (found.crs, found.urns, found.fabric) == ({VPC: outputs}, {VPC: "u"}, {"status": "success"})


def test_an_empty_state_records_nothing(tmp_path):
    assert state.read(workspace(tmp_path, FakeCommand(deployment={})), "fabric-1") == state.Recorded()


def test_the_report_is_made_without_an_engine_run(tmp_path, monkeypatch):
    config = {
        "hhsync:gitUrl": "https://git.example.com/f.git",
        "hhsync:netboxUrl": "http://127.0.0.1:1",
        "hhsync:netboxToken": "t" * 40,
        "hhsync:clusterUrl": "https://127.0.0.1:1",
        "hhsync:clusterToken": "t",
    }
    loaded = Loaded("u", "main", "f", "c", "c", 1, DesiredState({VPC: MANIFEST}, {}))
    monkeypatch.setattr("program.load.load_desired", lambda settings, cache, **_: loaded)
    fake = FakeCommand(config=config)
    found, _ = drift(workspace(tmp_path, fake), "fabric-1")
    assert found.exit_code == 1
    assert {args[0] for args, _ in fake.runs} == {"stack", "config"}
