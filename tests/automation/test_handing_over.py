"""A hand-over never deletes more than what is in its way, and never says that it put back what it did not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from automation import handing_over, running
from automation.engine.state import Recorded
from automation.results import DESTROY, SYNC, Counts, OperationResult
from program import guard
from program.desired import DesiredState
from providers.core.handover import Plan, Taking
from providers.core.identity import ObjectRef
from providers.errors import UnsafeChange

A, B = ObjectRef("VPC", "default", "a"), ObjectRef("VPC", "default", "b")
PLAN = Plan(detour=frozenset({A}), because=(Taking(B, A, "subnet 10.0.1.0/24"),))
OUTPUTS = {"cluster": {"kind": "VPC", "namespace": "default", "name": "a", "spec": {}}}
DESIRED = DesiredState({B: SimpleNamespace(spec={})}, {B: ()})


@pytest.fixture
def facts(monkeypatch):
    """What Git, the state and the cluster say, and the engine runs that were asked for."""
    known = SimpleNamespace(state=Recorded({A: OUTPUTS}, {A: "urn-a"}), runs=[], answers=[])

    def run(workspace, fabric, verb, progress=None, environment=None, *, targets=None, excludes=()):
        known.runs.append((verb, targets))
        return known.answers.pop(0)

    settings = SimpleNamespace(git=None, cluster=None)
    monkeypatch.setattr(handing_over, "run", run)
    monkeypatch.setattr(handing_over.state, "read", lambda workspace, fabric: known.state)
    monkeypatch.setattr(handing_over.config, "parse", lambda *_: settings)
    monkeypatch.setattr(handing_over.load, "load_desired", lambda *_: SimpleNamespace(desired=DESIRED))
    monkeypatch.setattr(handing_over.guard, "managed_objects", lambda *_: {A: {}})
    monkeypatch.setattr(handing_over, "Cluster", lambda settings: None)
    monkeypatch.setattr(handing_over.handover, "plan", lambda *_: PLAN)
    return known


def result(verb, *errors, **counts):
    return OperationResult(verb, "f", Counts(**counts), errors=errors)


WORKSPACE = SimpleNamespace(config=lambda fabric: {})


def test_what_is_in_the_way_and_not_in_the_state_is_refused_before_anything_is_deleted(facts):
    facts.state = Recorded({}, {})
    with pytest.raises(UnsafeChange, match="VPC/default/a") as error:
        handing_over.sync(WORKSPACE, "f", None, None)
    assert guard.HAND_OVER in str(error.value)
    assert facts.runs == []


def test_a_first_half_that_deleted_nothing_puts_nothing_back_and_says_nothing_of_it(facts):
    facts.answers = [result(DESTROY, "NetBox does not answer")]
    told = handing_over.sync(WORKSPACE, "f", None, None)
    assert facts.runs == [(DESTROY, ["urn-a"])]
    assert (told.verb, told.errors) == (SYNC, ("NetBox does not answer",))


@pytest.mark.parametrize("verb", [DESTROY, SYNC])
def test_a_run_of_no_targets_is_never_one_of_the_whole_stack(verb):
    with pytest.raises(ValueError, match="whole stack"):
        running.run(WORKSPACE, "f", verb, targets=())
