"""`hhsync status`: the states of all CRs, filtered, in text and JSON; it never contradicts the drift report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from automation.agents import Convergence, convergence
from automation.operations import status as module
from automation.operations.status import StatusReport, status_text, statuses_of
from providers.core.drift.classify import classify, current_state
from providers.core.drift.convergence import Agent
from providers.core.drift.facts import Facts, Unread
from providers.core.drift.report import report_of
from providers.core.drift.states import State
from providers.core.identity import ObjectRef
from providers.core.manifest import Origin
from providers.errors import ConfigError, ServerFailure
from tests.support import one_cr
from tests.support.contexts import context, synced

if TYPE_CHECKING:
    from automation.context import RunContext

DRAFT, OTHER, VPC = (ObjectRef("VPC", "default", name) for name in ("draft", "other", "vpc-1"))


@pytest.mark.parametrize("not_converged", ["", "leaf-01 lags"])
@pytest.mark.parametrize("row", one_cr.TABLE.values(), ids=one_cr.TABLE)
def test_status_and_drift_agree(row, not_converged):
    facts = Facts(one_cr.REF, *row[:4], not_converged=not_converged)
    state, _ = current_state(facts)
    assert classify(facts).state is state


def test_a_lagging_switch_makes_pending_what_is_as_it_was_applied_and_nothing_else():
    def state(*row):
        return current_state(Facts(one_cr.REF, *row, not_converged="leaf-01 lags"))

    desired, outputs, record = one_cr.DESIRED, one_cr.OUTPUTS, one_cr.RECORD
    assert state(desired, outputs, one_cr.LIVE, record) == (State.PENDING, "leaf-01 lags")
    assert state(desired, outputs, one_cr.EDITED, record)[0] is State.DRIFTED
    assert state(desired, None, None, None)[0] is State.COMMITTED


def test_what_lags_is_in_the_drift_report_with_the_reason():
    facts = Facts(one_cr.REF, one_cr.DESIRED, one_cr.OUTPUTS, one_cr.LIVE, one_cr.RECORD, not_converged="leaf-01 lags")
    report = report_of("f", [classify(facts)])
    assert (report.exit_code, [(one.state, one.reason) for one in report.details]) == (
        2,
        [(State.PENDING, "leaf-01 lags")],
    )


def read(*, unread=None) -> RunContext:
    """A fabric of one synced CR, one Orphan, and one Draft."""
    one, orphan = synced(VPC), Facts(OTHER, live=unread or {"metadata": {"name": "other", "uid": "u"}})
    draft = Facts(DRAFT, live=unread, draft="raw/", origin=Origin("f/raw/a.yaml", 3, 0))
    found = context([one, orphan, draft], notes=("a note",), seconds=0.5)
    loaded = replace(found.loaded, last_folder_commit="d" * 40)
    recorded = replace(found.recorded, result={**found.recorded.result, "last_applied_commit": "a" * 40})
    own = {**found.own, "last_applied_commit": "a" * 40}
    return replace(found, loaded=loaded, recorded=recorded, own=own)


def told(found) -> list[tuple[str, str, str]]:
    return [(one.ref.name, one.state.value, one.reason) for one in statuses_of(found)]


def test_a_draft_counts_only_where_no_server_has_the_cr():
    assert told(read()) == [
        ("draft", "Draft", "only in raw/"),
        ("other", "Orphaned", "not in Git; in the cluster; unmanaged: left alone"),
        ("vpc-1", "Synced", ""),
    ]


def test_a_draft_of_a_kind_that_could_not_be_read_is_unknown():
    assert told(read(unread=Unread("no answer")))[:2] == [
        ("draft", "Unknown", "no answer"),
        ("other", "Unknown", "no answer"),
    ]


def test_drafts_are_no_drift():
    assert {one.ref.name for one in read().report().details} == {"other"}


def status(monkeypatch, **options) -> StatusReport:
    monkeypatch.setattr(module.context, "read", lambda *_, **__: read())
    return module.status(None, "f", **options)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["draft", "other", "vpc-1"]),
        ({"kinds": ["vpc"]}, ["draft", "other", "vpc-1"]),
        ({"kinds": ["Switch"]}, []),
        ({"states": ["draft", "SYNCED"]}, ["draft", "vpc-1"]),
        ({"kinds": ["VPC"], "states": ["Orphaned"]}, ["other"]),
    ],
)
def test_filters_choose_what_is_listed_and_not_what_is_counted(monkeypatch, options, names):
    report = status(monkeypatch, **options)
    assert [one.ref.name for one in report.crs] == names
    assert dict(report.counts) == {State.DRAFT: 1, State.ORPHANED: 1, State.SYNCED: 1}


@pytest.mark.parametrize(("options", "words"), [({"kinds": ["VPCs"]}, "VPCAttachment"), ({"states": ["x"]}, "Drifted")])
def test_what_cannot_be_chosen_is_refused_with_what_can(monkeypatch, options, words):
    with pytest.raises(ConfigError, match=words):
        status(monkeypatch, **options)


def test_the_text_has_a_line_for_each_cr_and_one_of_counts(monkeypatch):
    assert status_text(status(monkeypatch)).splitlines() == [
        "Draft      VPC/default/draft  only in raw/  [f/raw/a.yaml:3]",
        "Orphaned   VPC/default/other  not in Git; in the cluster; unmanaged: left alone",
        "Synced     VPC/default/vpc-1  [f/vpc-1.yaml:1]",
        "note: a note",
        "f: 3 CRs: 1 Draft, 1 Orphaned, 1 Synced; commit cccccccccccc",
    ]


def test_the_json_has_every_state_and_the_commits(monkeypatch):
    data = status(monkeypatch, states=["Draft"]).to_json()
    assert (data["total"], data["exit_code"], data["ok"]) == (3, 0, True)
    assert data["counts"] == {
        "Draft": 1, "Orphaned": 1, "Committed": 0, "Pending": 0, "Drifted": 0, "Synced": 1, "Unknown": 0,
    }  # fmt: skip
    assert data["crs"] == [
        {
            "ref": "VPC/default/draft", "state": "Draft", "reason": "only in raw/", "managed": False,
            "origin": {"path": "f/raw/a.yaml", "line": 3, "document": 0},
        }
    ]  # fmt: skip
    assert (data["last_folder_commit"], data["last_applied_commit"]) == ("d" * 40, "a" * 40)


def agents(*rounds: dict[str, tuple[int, int]] | None):
    """Answers of LISTs of Agents, the last one for ever; {switch: (generation, applied)}."""
    left = list(rounds)

    def answer():
        now = left.pop(0) if len(left) > 1 else left[0]
        return None if now is None else {name: Agent(name, *numbers) for name, numbers in now.items()}

    return answer


@pytest.mark.parametrize(
    ("rounds", "slept", "behind"),
    [
        ([None], 0, []),
        ([{"l1": (3, 3)}], 0, []),
        ([{"l1": (3, 2), "l2": (1, 1)}, {"l1": (3, 3), "l2": (1, 1)}], 1, []),
        ([{"l1": (3, 2), "l2": (1, 1)}], 6, ["l1"]),
    ],
)
def test_a_switch_lags_when_it_still_does_after_a_moment(rounds, slept, behind):
    pauses: list[float] = []
    found = convergence(agents(*rounds), clock=lambda: sum(pauses), sleep=pauses.append)
    assert (len(pauses), sorted(found.agents)) == (slept, behind)


def test_agents_that_cannot_be_read_are_a_note():
    def refused():
        raise ServerFailure("no", target="cluster", server="https://x")

    assert "whether the switches run what was applied is not known: no" in convergence(refused).note


def test_the_crs_that_concern_a_lagging_switch_are_told_which():
    connection, attachment, vpc, server = (
        ObjectRef(kind, "default", "a") for kind in ("Connection", "VPCAttachment", "VPC", "Server")
    )
    specs = {
        connection: {"unbundled": {"link": {"server": {"port": "a/p"}, "switch": {"port": "l1/E1/1"}}}},
        attachment: {"subnet": "a/default", "connection": "a"},
        vpc: {"subnets": {}},
        server: {},
    }
    reasons = Convergence({"l1": Agent("l1", 3, 2)}).reasons(specs, specs)
    assert reasons == dict.fromkeys((connection, attachment, vpc), "not taken up yet by l1 (runs generation 2 of 3)")
