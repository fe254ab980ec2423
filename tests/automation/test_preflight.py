"""What a preview says of each change that cannot be made at once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from automation import preflight
from automation.results import HandOver, ResourceChange
from program.desired import DesiredState
from providers.core.diff import FieldChange
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from providers.errors import Forbidden, Rejected, Unreachable

VPC, OTHER, ATTACHMENT = (
    ObjectRef.parse(text) for text in ("VPC/default/a", "VPC/default/o", "VPCAttachment/default/x")
)
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
        ref: Manifest(ref, {}, Origin("f/x.yaml", 1, 0), Attribution("c" * 40, "A", ""))
        for ref in (VPC, OTHER, ATTACHMENT)
    }
    desired = DesiredState(manifests, {VPC: (), OTHER: (), ATTACHMENT: (VPC,)})

    class Cluster:
        answers = {}  # noqa: RUF012

        def __init__(self, settings):
            pass

        def get(self, ref):
            return None

        def create(self, manifest, dry_run):
            assert dry_run
            name = f"{manifest['kind']}/default/{manifest['metadata']['name']}"
            asked.append(name)
            if name in self.answers:
                raise self.answers[name]

    monkeypatch.setattr(preflight, "Cluster", Cluster)
    monkeypatch.setattr(preflight.config, "parse", lambda *_: SimpleNamespace(git=None, cluster=None))
    monkeypatch.setattr(preflight.load, "load_desired", lambda *_: SimpleNamespace(desired=desired))

    def run(changes, answers=None, hand_over=None):
        Cluster.answers = {str(ref): error for ref, error in (answers or {}).items()}
        preview = SimpleNamespace(changes=tuple(changes), hand_over=hand_over)
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


def test_what_the_hand_over_frees_may_be_refused_before_it(told):
    verdicts, _ = told([change(OTHER, "create")], {OTHER: said(Rejected)}, HandOver((str(VPC),)))
    assert verdicts.blocked == {str(OTHER): "blocked by what the hand-over deletes first"}
