"""Waiting for the switches: who is followed, when it ends, and who is named when it does not."""

from __future__ import annotations

import pytest

from automation.operations import wait as health
from automation.progress import silent
from automation.results import NO_AGENTS
from providers.core.drift.convergence import Agent
from providers.core.identity import ObjectRef


class Fabric:
    """Agents over time: name → a list of (generation, applied), one for each second; the last one stays."""

    def __init__(self, **scenario):
        self.scenario, self.now, self.looks = scenario, 0.0, 0

    def agents(self):
        self.looks += 1
        at = int(self.now)
        return {name: Agent(name, *steps[min(at, len(steps) - 1)]) for name, steps in self.scenario.items()}

    def sleep(self, seconds):
        self.now += seconds

    def wait(self, *switches, before=None, deadline=60.0):
        known = self.agents() if before is None else before
        return health.wait(
            self.agents, switches, known, silent(), deadline=deadline, clock=lambda: self.now, sleep=self.sleep
        )


BEFORE = {"a": Agent("a", 1, 1), "b": Agent("b", 1, 1)}


def test_it_ends_when_every_switch_runs_its_new_generation():
    found = Fabric(a=[(2, 1), (2, 2)], b=[(1, 1), (2, 1), (2, 1), (2, 2)]).wait("a", "b", before=BEFORE)
    assert (found.watched, found.not_converged, found.seconds) == (("a", "b"), (), 3.0)
    assert found.text == "all 2 switches concerned run it (3 s)"


def test_a_change_that_moves_no_agent_is_given_its_time():
    found = Fabric(a=[(1, 1)]).wait("a", before=BEFORE)
    assert (found.not_converged, found.seconds) == ((), health.SETTLE)


def test_the_deadline_names_the_switches_that_lag():
    found = Fabric(a=[(2, 1)], b=[(2, 2)]).wait("a", "b", before=BEFORE, deadline=10)
    assert found.text == "1 of 2 switches run it after 10 s; behind: a (runs generation 1 of 2)"
    assert found.to_json()["not_converged"] == [{"switch": "a", "generation": 2, "applied": 1}]


def test_a_switch_that_was_behind_before_is_followed_too():
    found = Fabric(a=[(2, 1), (2, 1), (2, 2)]).wait(before={"a": Agent("a", 2, 1)})
    assert (found.watched, found.not_converged, found.seconds) == (("a",), (), 2.0)


def test_nothing_concerned_is_not_waited_for():
    fabric = Fabric(a=[(1, 1)])
    assert fabric.wait(before=BEFORE).text == "no switch is concerned"
    assert fabric.looks == 1


def test_without_agents_it_says_so():
    found = health.wait(lambda: None, ["a"], {}, silent())
    assert found.text == NO_AGENTS
    assert found.to_json()["known"] is False


@pytest.mark.parametrize("gone", ["before", "after"])
def test_a_deleted_cr_concerns_the_switches_that_had_it(gone):
    attachment = ObjectRef("VPCAttachment", "default", "x")
    connection = ObjectRef("Connection", "default", "c")
    link = {"unbundled": {"link": {"switch": {"port": "leaf-1/E1/1"}, "server": {"port": "s/e1"}}}}
    whole = {connection: link, attachment: {"subnet": "a/default", "connection": "c"}}
    rest = {connection: link}
    sides = (rest, whole) if gone == "before" else (whole, rest)
    assert health.touched([attachment], *sides) == {"leaf-1"}
