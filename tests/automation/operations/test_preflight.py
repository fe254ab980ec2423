"""What a preview says of each change that cannot be made at once."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from automation.operations import preflight
from providers.core.drift.adoption import Adoption
from providers.errors import Forbidden, Rejected, Unreachable
from tests.support.contexts import committed, context, left, live, ref, synced

VPC, OTHER, GONE, ATTACHMENT = (ref(text) for text in ("VPC/a", "VPC/o", "VPC/gone", "VPCAttachment/x"))
TAKES = {"subnets": {"s": {"subnet": "10.0.1.0/24"}}}
CHILD = {"subnet": "a/default", "connection": "c"}
SPECS = {VPC: {}, OTHER: TAKES, ATTACHMENT: CHILD}


def changing(one):
    """A managed CR that Git changes in the cluster."""
    return replace(synced(one, {**SPECS[one], "mode": "l2"}), desired=committed(one, SPECS[one]).desired)


def said(error, text="no"):
    return error(text, target="cluster", server="https://k")


def ask(facts, answers=None):
    """The verdicts on these CRs, and which of them the server was asked about."""
    asked = []

    class Cluster:
        server = "https://k"

        def replace(self, manifest, live, *, dry_run):
            self.create(manifest, dry_run=dry_run)

        def create(self, manifest, *, dry_run):
            assert dry_run
            one = ref(f"{manifest['kind']}/{manifest['metadata']['name']}")
            asked.append(one)
            if one in (answers or {}):
                raise answers[one]

    session = SimpleNamespace(fabric="f", cluster=Cluster())
    return preflight.ask(context(facts, session=session)), asked


def new(*refs):
    return [committed(one, SPECS[one]) for one in refs]


def test_a_child_of_what_is_created_waits_and_is_not_asked_about():
    verdicts, asked = ask(new(VPC, ATTACHMENT))
    assert verdicts.blocked == {ATTACHMENT: f"blocked by {VPC}, created in this sync"}
    assert asked == [VPC]


def test_what_the_server_refuses_is_told_with_its_words():
    verdicts, _ = ask(new(VPC), {VPC: said(Rejected, "vlan is required")})
    assert verdicts.refused == {VPC: "refused by the server: vlan is required"}
    assert verdicts.errors == [f"{VPC}: refused by the server: vlan is required"]


def test_a_refused_child_of_what_changes_waits_for_it():
    verdicts, _ = ask([changing(VPC), changing(ATTACHMENT)], {ATTACHMENT: said(Rejected)})
    assert (verdicts.blocked, verdicts.refused) == ({ATTACHMENT: f"blocked by {VPC}, changed in this sync"}, {})


def test_changes_of_the_record_alone_are_no_question_to_the_cluster():
    whole = synced(VPC)
    record = replace(whole, record={**whole.record, "name": "renamed by hand"})
    assert ask([record, left(GONE)])[1] == []


@pytest.mark.parametrize("error", [Forbidden, Unreachable])
def test_what_could_not_be_asked_is_said_and_is_no_refusal(error):
    verdicts, _ = ask(new(VPC), {VPC: said(error, "why")})
    assert (verdicts.blocked, verdicts.refused) == ({}, {})
    assert "not tried on the cluster" in verdicts.note
    assert "why" in verdicts.note


def test_what_takes_something_of_a_cr_that_goes_waits_for_its_deletion_and_is_not_asked_about():
    verdicts, asked = ask([*new(OTHER), left(GONE, TAKES)], {OTHER: said(Rejected)})
    assert verdicts.blocked == {OTHER: f"blocked by {GONE}, deleted first in this sync"}
    assert asked == []


def test_what_takes_something_of_a_cr_that_stays_waits_for_its_change():
    gives = replace(synced(VPC, TAKES), desired=committed(VPC).desired)
    verdicts, asked = ask([*new(OTHER), gives], {OTHER: said(Rejected)})
    assert verdicts.blocked == {OTHER: f"blocked by {VPC}, changed in this sync"}
    assert asked == [VPC]


def test_what_a_cr_of_another_fabric_holds_is_refused():
    other = replace(left(GONE, TAKES), outputs=None, record=None, live=live(GONE, TAKES, label="another"))
    verdicts, _ = ask([*new(OTHER), other], {OTHER: said(Rejected, "overlaps")})
    assert verdicts.refused == {OTHER: "refused by the server: overlaps"}


def test_another_refusal_in_a_commit_with_a_reassignment_stays_a_refusal():
    verdicts, _ = ask([*new(OTHER, VPC), left(GONE, TAKES)], {VPC: said(Rejected, "vlan is required")})
    assert verdicts.refused == {VPC: "refused by the server: vlan is required"}


def test_a_parent_that_is_adopted_as_it_is_excuses_no_refusal():
    adopted = replace(committed(VPC), live=live(VPC, label=None), adoption=Adoption(VPC))
    verdicts, _ = ask([adopted, *new(ATTACHMENT)], {ATTACHMENT: said(Rejected)})
    assert list(verdicts.refused) == [ATTACHMENT]
