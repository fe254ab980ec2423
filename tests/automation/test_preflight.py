"""What a preview says of each change that cannot be made at once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from automation import preflight
from automation.results import ResourceChange
from program.desired import DesiredState
from providers.core.diff import FieldChange
from providers.core.identity import FABRIC_LABEL, ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from providers.errors import Forbidden, Rejected, Unreachable

VPC, OTHER, ATTACHMENT = (
    ObjectRef.parse(text) for text in ("VPC/default/a", "VPC/default/o", "VPCAttachment/default/x")
)
TAKES = {"subnets": {"s": {"subnet": "10.0.1.0/24"}}}
SPEC = (FieldChange(("cluster", "spec", "mode"), 1, 2),)
RECORD = (FieldChange(("netbox", "name"), 1, 2),)


def change(ref, action, properties=()):
    return ResourceChange(str(ref), action, properties)


def said(error, text="no"):
    return error(text, target="cluster", server="https://k")


@pytest.fixture
def told(monkeypatch):
    asked = []
    manifests = {
        ref: Manifest(ref, TAKES if ref == OTHER else {}, Origin("f/x.yaml", 1, 0), Attribution("c" * 40, "A", ""))
        for ref in (VPC, OTHER, ATTACHMENT)
    }
    desired = DesiredState(manifests, {VPC: (), OTHER: (), ATTACHMENT: (VPC,)})

    class Cluster:
        answers, live = {}, {}

        def __init__(self, settings):
            pass

        def list(self, kind):
            return {ref: obj for ref, obj in self.live.items() if ref.kind == kind.name}

        def replace(self, manifest, live, dry_run):
            raise AssertionError("no object is there to be replaced")

        def create(self, manifest, dry_run):
            assert dry_run
            name = f"{manifest['kind']}/default/{manifest['metadata']['name']}"
            asked.append(name)
            if name in self.answers:
                raise self.answers[name]

    monkeypatch.setattr(preflight, "Cluster", Cluster)
    monkeypatch.setattr(preflight.config, "parse", lambda *_: SimpleNamespace(git=None, cluster=None))
    monkeypatch.setattr(preflight.load, "load_desired", lambda *_: SimpleNamespace(desired=desired))

    def run(changes, answers=None, live=None):
        Cluster.answers = {str(ref): error for ref, error in (answers or {}).items()}
        Cluster.live = live or {}
        preview = SimpleNamespace(changes=tuple(changes))
        return preflight.ask(SimpleNamespace(config=lambda fabric: {}), "f", preview), asked

    return run


def test_a_child_of_what_is_created_waits_and_is_not_asked_about(told):
    verdicts, asked = told([change(VPC, "create"), change(ATTACHMENT, "create")])
    assert verdicts.blocked == {str(ATTACHMENT): f"blocked by {VPC}, created in this sync"}
    assert asked == [str(VPC)]


def test_what_the_server_refuses_is_told_with_its_words(told):
    verdicts, _ = told([change(VPC, "create")], {VPC: said(Rejected, "vlan is required")})
    assert verdicts.refused == {str(VPC): "refused by the server: vlan is required"}


def test_a_refused_child_of_what_changes_waits_for_it(told):
    changes = [change(VPC, "update", SPEC), change(ATTACHMENT, "update", SPEC)]
    verdicts, _ = told(changes, {ATTACHMENT: said(Rejected)})
    assert (verdicts.blocked, verdicts.refused) == ({str(ATTACHMENT): f"blocked by {VPC}, changed in this sync"}, {})


def test_changes_of_the_record_alone_are_no_question_to_the_cluster(told):
    assert told([change(VPC, "update", RECORD), change(OTHER, "delete"), change(ATTACHMENT, "attribution")])[1] == []


@pytest.mark.parametrize("error", [Forbidden, Unreachable])
def test_what_could_not_be_asked_is_said_and_is_no_refusal(told, error):
    verdicts, _ = told([change(VPC, "create")], {VPC: said(error, "why")})
    assert (verdicts.blocked, verdicts.refused) == ({}, {})
    assert "not tried on the cluster" in verdicts.note
    assert "why" in verdicts.note


GONE = ObjectRef.parse("VPC/default/gone")


def held(*names, label="f"):
    """Objects on the server, each with the subnet that VPC/default/o takes in Git."""
    labels = {FABRIC_LABEL: label}
    return {
        ref: {"metadata": {"name": ref.name, "labels": labels}, "spec": {"subnets": {"s": {"subnet": "10.0.1.0/24"}}}}
        for ref in names
    }


def test_what_takes_something_of_a_cr_that_goes_waits_for_its_deletion_and_is_not_asked_about(told):
    verdicts, asked = told([change(OTHER, "create")], {OTHER: said(Rejected)}, held(GONE))
    assert verdicts.blocked == {str(OTHER): f"blocked by {GONE}, deleted first in this sync"}
    assert asked == []


def test_what_takes_something_of_a_cr_that_stays_waits_for_its_change(told):
    verdicts, asked = told([change(OTHER, "create")], {OTHER: said(Rejected)}, held(VPC))
    assert verdicts.blocked == {str(OTHER): f"blocked by {VPC}, changed in this sync"}
    assert asked == []


def test_what_a_cr_of_nobody_holds_is_refused(told):
    verdicts, _ = told([change(OTHER, "create")], {OTHER: said(Rejected, "overlaps")}, held(GONE, label="another"))
    assert verdicts.refused == {str(OTHER): "refused by the server: overlaps"}


def test_another_refusal_in_a_commit_with_a_hand_over_stays_a_refusal(told):
    changes = [change(OTHER, "create"), change(VPC, "create")]
    verdicts, _ = told(changes, {VPC: said(Rejected, "vlan is required")}, held(GONE))
    assert verdicts.refused == {str(VPC): "refused by the server: vlan is required"}


def test_a_parent_that_is_adopted_as_it_is_excuses_no_refusal(told):
    changes = [change(VPC, "adopt"), change(ATTACHMENT, "create")]
    verdicts, _ = told(changes, {ATTACHMENT: said(Rejected)})
    assert list(verdicts.refused) == [str(ATTACHMENT)]
