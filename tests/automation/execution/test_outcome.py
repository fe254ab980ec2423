"""What a sync says that it did: counted from the servers' answers, and by CR, never by the words of a message."""

from __future__ import annotations

import pytest

from automation.engine.problems import Problem
from automation.engine.run import EngineRun
from automation.engine.state.urns import of
from automation.execution import outcome
from automation.execution.providers import Journal, Outcome
from automation.execution.run import Done
from automation.results import Counts
from providers.core.drift.classify import Action, Detail
from providers.core.drift.states import State
from providers.core.planning.plan import Plan, RecordStep
from tests.support.contexts import FABRIC, ref

VPC, TWIN, PEER = ref("VPC/vpc-1"), ref("VPC/vpc-10"), ref("VPCPeering/vpc-1--vpc-10")
CHILD, GONE, KEPT = ref("VPCAttachment/x"), ref("VPC/gone"), ref("Server/s")
ACTIONS = {
    VPC: Action.CREATE,
    TWIN: Action.UPDATE,
    CHILD: Action.CREATE,
    PEER: Action.CREATE,
    GONE: Action.DELETE,
    KEPT: Action.UNCHANGED,
}
BEFORE = {VPC: (), TWIN: (), KEPT: (), CHILD: (VPC,), PEER: (VPC, TWIN)}
WHY = "create VPC/default/vpc-1: refused by the server: vlan 5 is reserved"


def plan(actions=ACTIONS):
    details = [Detail(one, State.PENDING, None, managed=True, action=action) for one, action in sorted(actions.items())]
    return Plan(FABRIC, tuple(details), before=BEFORE)


NOT_DONE = [
    ("all was done", set(ACTIONS) - {KEPT}, {}, {}),
    (
        "what a refused CR was needed for waits for it",
        {TWIN, GONE},
        {VPC: WHY},
        {VPC: WHY, CHILD: f"waits for {VPC}", PEER: f"waits for {VPC}"},
    ),
    (
        "of two names that begin alike each has its own reason",
        {VPC, CHILD, GONE},
        {TWIN: "its own"},
        {TWIN: "its own", PEER: f"waits for {TWIN}"},
    ),
    ("a delete that was refused", {VPC, TWIN, CHILD, PEER}, {GONE: "held"}, {GONE: "held"}),
    (
        "a run that ended before",
        {VPC},
        {},
        dict.fromkeys((TWIN, CHILD, GONE), "not begun: the run ended before") | {PEER: f"waits for {TWIN}"},
    ),
]


@pytest.mark.parametrize(
    ("done", "failed", "expected"), [row[1:] for row in NOT_DONE], ids=[row[0] for row in NOT_DONE]
)
def test_what_was_not_done_and_why(done, failed, expected):
    found = outcome.not_done(plan(), done, failed)
    assert {one.ref: one.why for one in found} == {str(one): why for one, why in expected.items()}


def test_counts_are_of_what_was_done():
    assert outcome.counts(plan(), {VPC, GONE}, {TWIN}) == Counts(created=1, deleted=1, failed=1, unchanged=1)


def test_an_update_that_no_server_took_is_no_change_and_a_create_is():
    assert outcome.changed(plan(), {VPC, TWIN}, idle={VPC, TWIN}) == {VPC}


def done(errors, problems, ops=None):
    journal = Journal(1, outcomes={one: Outcome(error=text) for one, text in errors.items()})
    return Done(EngineRun(ops or {}, problems=tuple(problems)), journal)


ERRORS = [
    ("what a server said of a CR is told once", {VPC: WHY}, [Problem(of(FABRIC, VPC), WHY, "error")], [WHY]),
    ("a text that names no CR gets its name", {VPC: "refused"}, [], [f"{VPC}: refused"]),
    (
        "what the engine says of something else stays",
        {VPC: WHY},
        [Problem("urn:pulumi:f::hhsync::command:local:Command::after-sync-1", "after-sync-1: exit code 3", "error")],
        [WHY, "after-sync-1: exit code 3"],
    ),
    ("a word that tells no reason is left out", {VPC: WHY}, [Problem("", "update failed", "error")], [WHY]),
    ("unless nothing else tells one", {}, [Problem("", "update failed", "error")], ["update failed"]),
]


@pytest.mark.parametrize(
    ("errors", "problems", "expected"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS]
)
def test_errors_are_told_once_and_with_a_reason(errors, problems, expected):
    assert outcome.errors(done(errors, problems)) == expected


OPS = [
    ("as planned", {VPC: "create", TWIN: "update", GONE: "delete", KEPT: "same"}, []),
    ("a replace that was planned as an update", {TWIN: "create-replacement"}, [str(TWIN)]),
    ("what was not planned", {KEPT: "update"}, [str(KEPT)]),
    ("a delete in place of an update", {TWIN: "delete"}, [str(TWIN)]),
]


@pytest.mark.parametrize(("ops", "named"), [row[1:] for row in OPS], ids=[row[0] for row in OPS])
def test_what_the_engine_did_is_held_against_the_plan(ops, named):
    run = done({}, [], {of(FABRIC, one): op for one, op in ops.items()})
    found = run.mismatches(plan(), FABRIC, {TWIN, GONE, KEPT})
    assert [one.split(":")[0] for one in found] == named


def test_the_fabrics_record_is_told_apart_from_the_crs():
    steps = (RecordStep("identity", Action.UNCHANGED), RecordStep("result", Action.CREATE))
    (change,) = outcome.record_changes(Plan(FABRIC, record=steps))
    assert (change.ref, change.action) == ("f/result", "create")
