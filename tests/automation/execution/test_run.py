"""What each engine run of a sync is given; the runs themselves are not made here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automation.engine import run as engine
from automation.engine.problems import Problem
from automation.engine.state import urns
from automation.execution import run
from tests.support.contexts import FABRIC, context, left, ref, synced

A, B, C = ref("VPC/a"), ref("VPC/b"), ref("VPC/c")


def urn(one):
    return urns.of(FABRIC, one)


@pytest.fixture
def runs(monkeypatch):
    """The engine runs as (verb, what is written, targets); `ends` says how each of them ends, well if it is empty."""
    made, ends = [], []

    def fake(_context, touched, _journal, verb, _program, targets, _excludes=()):
        made.append((verb, set(touched), set(targets or ())))
        return ends.pop(0) if ends else engine.EngineRun()

    monkeypatch.setattr(run, "_run", fake)
    return made, ends


def remembered(*facts, **depends):
    """A context whose state has further dependencies, by name."""
    found = context(facts)
    more = {ref(f"VPC/{name}"): tuple(ref(f"VPC/{parent}") for parent in parents) for name, parents in depends.items()}
    return replace(found, recorded=replace(found.recorded, depends={**found.recorded.depends, **more}))


def test_a_delete_is_one_run(runs):
    made, _ = runs
    run.delete(context([synced(A), left(B)]), [B], None)
    assert made == [(engine.DESTROY, {B}, {urn(B), "urn:result"})]


def test_a_bystander_that_once_followed_gives_that_up_before_the_delete(runs):
    made, _ = runs
    run.delete(remembered(synced(A), left(B), a=["b"]), [B], None)
    assert made == [(engine.UP, set(), {urn(A)}), (engine.DESTROY, {B}, {urn(B), "urn:result"})]


def test_nothing_is_deleted_where_that_fails(runs):
    made, ends = runs
    ends.append(engine.EngineRun(problems=(Problem("", "no", "error"),)))
    done = run.delete(remembered(synced(A), left(B), a=["b"]), [B], None)
    assert [verb for verb, *_ in made] == [engine.UP]
    assert [problem.text for problem in done.run.errors] == ["no"]


def test_what_follows_it_and_is_not_in_git_goes_along(runs):
    made, _ = runs
    run.delete(remembered(synced(A), left(B), left(C), c=["b"]), [B], None)
    assert made == [(engine.DESTROY, {B, C}, {urn(B), urn(C), "urn:result"})]
