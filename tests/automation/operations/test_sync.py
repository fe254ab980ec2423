"""What a sync does with what was read: refuse, start no engine, or carry out, roll back, and say so."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from automation.engine.info import EngineInfo
from automation.engine.run import EngineRun
from automation.engine.state import urns
from automation.execution import run as execution
from automation.execution.providers import Journal, Outcome
from automation.execution.run import Done
from automation.operations import sync
from providers.core.planning.plan import scope
from tests.support.contexts import FABRIC, committed, context, left, live, outputs, ref, synced

if TYPE_CHECKING:
    from providers.core.drift.facts import Facts

A, B, KEPT, X = (ref(text) for text in ("VPC/a", "VPC/b", "VPC/kept", "VPCAttachment/x"))
TAKEN = {"subnets": {"default": {"subnet": "10.0.1.0/24"}}}


class Engine:
    """In place of an engine run: what a plan says is done, but for the CRs that are `refused`; each run is written down."""

    def __init__(self, refused=()) -> None:
        self.refused = set(refused)
        self.runs: list[tuple[str, list[str]]] = []

    def carry_out(self, read, _progress):
        wanted = {one: read.facts[one].desired for one in read.plan.touched if read.facts[one].desired is not None}
        gone = [one for one in read.plan.touched if one not in wanted]
        return self._done("up", read, gone, wanted)

    def delete(self, read, refs, _progress):
        return self._done("destroy", read, refs, {})

    def _done(self, verb, read, gone, wanted):
        journal, ops = Journal(0), {}
        for one in [*wanted, *gone]:
            if one in self.refused and one in wanted:
                journal.note(one, Outcome(error="refused by the server"))
                continue
            made = outputs(one, wanted[one]["cluster"]["spec"]) if one in wanted else None
            read.session.live[one] = live(one, wanted[one]["cluster"]["spec"]) if made else None
            journal.note(one, Outcome(made, cluster=True, netbox=True))
            ops[urns.of(FABRIC, one)] = "delete" if made is None else "update" if one in read.recorded.crs else "create"
        self.runs.append((verb, sorted(one.name for one in journal.outcomes)))
        return Done(EngineRun(ops, frozenset(urns.of(FABRIC, one) for one in journal.errors)), journal)


@pytest.fixture
def carried(monkeypatch):
    """The result of a sync of these facts, and the runs that it took."""
    monkeypatch.setattr(sync.publishing, "publish_after", lambda _context: None)
    monkeypatch.setattr(sync.publishing, "record_failure", lambda *_a, **_k: None)

    def run(*facts: Facts, refused=(), **changes):
        engine = Engine(refused)
        monkeypatch.setattr(execution, "carry_out", engine.carry_out)
        monkeypatch.setattr(execution, "delete", engine.delete)
        session = SimpleNamespace(fabric=FABRIC, live={one.ref: one.live for one in facts}, records={})
        space = SimpleNamespace(
            engine=SimpleNamespace(info=EngineInfo("pulumi", "1")), backend="s3://x", backend_folder=None
        )
        read = context([*facts, synced(KEPT)], session=session, workspace=space, **changes)
        return sync.of(read)[0], engine.runs

    return run


def test_a_fabric_in_sync_starts_no_engine(carried):
    result, runs = carried(synced(A))
    assert (runs, result.counts.unchanged, result.engine.name, result.exit_code) == ([], 2, "none", 0)


def test_what_the_servers_took_is_counted(carried):
    result, runs = carried(committed(A), left(B))
    assert runs == [("up", ["a", "b"])]
    assert (result.counts.created, result.counts.deleted, result.counts.unchanged, result.errors) == (1, 1, 1, ())


def test_what_a_server_refuses_is_an_error_with_its_name(carried):
    result, _ = carried(committed(A), refused=[A])
    assert (result.errors, result.failed, result.exit_code) == ((f"{A}: refused by the server",), (str(A),), 1)
    assert [one.ref for one in result.not_done] == [str(A)]


def test_what_the_engine_leaves_out_without_a_word_is_an_error(carried, monkeypatch):
    monkeypatch.setattr(Engine, "_done", lambda *_: Done(EngineRun(), Journal(0)))
    result, _ = carried(committed(A))
    assert result.errors == (f"planned, and not done by the engine, which did not say why: {A}",)


def test_what_the_engine_does_besides_the_plan_is_an_error():
    read = context([committed(A), synced(KEPT)])
    done = Done(EngineRun({urns.of(FABRIC, A): "create", urns.of(FABRIC, KEPT): "delete"}), Journal(0))
    assert done.mismatches(read.plan, FABRIC, read.recorded.crs) == [f"{KEPT}: not planned, and the engine did delete"]


def test_a_reassignment_deletes_first_and_writes_then(carried):
    result, runs = carried(left(A, TAKEN), committed(B, TAKEN))
    assert runs == [("destroy", ["a"]), ("up", ["b"])]
    assert (result.reassignment.first, result.reassignment.rolled_back, result.errors) == ((str(A),), (), ())


def test_a_refused_reassignment_is_rolled_back(carried):
    result, runs = carried(left(A, TAKEN), committed(B, TAKEN), refused=[B])
    assert runs == [("destroy", ["a"]), ("up", ["b"]), ("up", ["a"])]
    assert result.reassignment.rolled_back == (str(A),)
    assert result.counts.deleted == 0
    assert "rolled back" in result.errors[0]


def test_what_cannot_be_rolled_back_is_named(carried):
    result, _ = carried(left(A, TAKEN), committed(B, TAKEN), refused=[A, B])
    assert result.reassignment.rolled_back == ()
    assert any("deleted and not made again" in one and str(A) in one for one in result.errors)


def test_of_two_reassignments_the_one_that_was_not_refused_stays(carried):
    other, new_owner = ref("VPC/c"), ref("VPC/d")
    more = {"subnets": {"default": {"subnet": "10.0.2.0/24"}}}
    result, _ = carried(left(A, TAKEN), committed(B, TAKEN), left(other, more), committed(new_owner, more), refused=[B])
    assert result.reassignment.rolled_back == (str(A),)
    assert (result.counts.created, result.counts.deleted) == (1, 1)


def test_only_what_is_touched_its_parents_and_its_dependents_are_registered():
    moved = replace(synced(A), desired=committed(A, {"mode": "l3"}).desired)
    read = context([moved, synced(KEPT), synced(X, {"subnet": "a/default", "connection": "c"})])
    desired = read.loaded.desired.manifests.keys()
    assert scope(read.plan.touched, desired, read.plan.before, read.recorded.depends) == ({A, X}, {A})
