"""--continue-on-error: what does not need a failed resource goes on, and the run still fails."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pytest

from tests.engine.run.scenes import scene
from tests.engine.run.thing import Thing


@dataclass(frozen=True)
class Case:
    """After `before` (size 1) has been brought up, `after` (size 2) is, while the server refuses `faults`."""

    before: tuple[str, ...]
    after: tuple[str, ...] | None
    faults: tuple[str, ...]
    calls: tuple[str, ...]
    """`operation name`, refused calls included, in any order."""
    names: str
    """The things in the state afterwards."""


CASES = {
    "create": Case((), ("a", "b", "c<a", "d<c", "e<b"), ("create_a",), ("create a", "create b", "create e"), "be"),
    "create of a parent": Case((), ("a", "b^a", "c"), ("create_a",), ("create a", "create c"), "c"),
    "create, and a component around a dependent": Case(
        (), ("a", "[g]^a", "b^g", "c"), ("create_a",), ("create a", "create c"), "c"
    ),
    "update": Case(("a", "b", "c<a"), ("a", "b", "c<a"), ("update_a",), ("update a", "update b"), "abc"),
    "two failures": Case(
        ("a", "b", "c"), ("a", "b", "c"), ("update_a", "update_b"), ("update a", "update b", "update c"), "abc"
    ),
    "delete": Case(("a", "b<a", "c", "d"), ("d",), ("delete_b",), ("update d", "delete b", "delete c"), "abd"),
    "update, and what it needed left the program": Case(
        ("a", "b<a", "c"), ("b",), ("update_b",), ("update b", "delete c"), "ab"
    ),
    "destroy": Case(("a", "b<a", "c<b", "d"), None, ("delete_b",), ("delete d", "delete c", "delete b"), "ab"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_does_not_need_the_failed_goes_on(engine, case):
    engine.run("up", scene(*case.before, size=1))
    done = len(engine.server.calls())
    engine.server.order(**dict.fromkeys(case.faults, "refused"))
    if case.after is None:
        result = engine.run("destroy", run_program=False, continue_on_error=True)
    else:
        result = engine.run("up", scene(*case.after, size=2), continue_on_error=True)
    calls = {f"{call} {name}" for call, name in engine.server.calls()[done:] if call not in ("check", "adopt")}
    assert (result.code, calls) == (1, set(case.calls)), result.text
    assert {name for name in engine.names() if len(name) == 1 and name != "g"} == set(case.names)
    assert len(result.of("resOpFailedEvent")) == len(case.faults)
    assert result.errors().count("refused") == len(case.faults)
    assert result.errors()[-1].endswith(" failed")


def test_a_replace_whose_delete_fails_is_not_begun(engine):
    def program(kind):
        a = Thing("a", kind=kind)
        Thing("b", size=kind)
        Thing("c", pulumi.ResourceOptions(depends_on=[a]), size=kind)

    engine.run("up", lambda: program(1))
    engine.server.order(delete_a="refused")
    result = engine.run("up", lambda: program(2), continue_on_error=True)
    assert result.code == 1
    assert {name: engine.entry(name).inputs.get("size") for name in "bc"} == {"b": 2, "c": 1}
    assert (engine.entry("a").inputs["kind"], engine.entry("a").pending_replacement) == (1, False)


def test_the_next_run_makes_up_for_it(engine):
    engine.server.order(create_a="refused")
    engine.run("up", scene("a", "b<a", "c"), continue_on_error=True)
    engine.server.order()
    assert engine.run("up", scene("a", "b<a", "c"), continue_on_error=True).changes == {"create": 2, "same": 2}


def test_outputs_of_what_failed_are_unknown_and_the_rest_are_exported(engine):
    def program():
        pulumi.export("a", Thing("a").uid)
        pulumi.export("b", Thing("b").id)

    engine.server.order(create_a="refused")
    engine.run("up", program, continue_on_error=True)
    stack = engine.entry("proj-dev")
    assert stack.outputs["b"] == "id-b"
    assert repr(stack.outputs["a"]) == "UNKNOWN"


def test_an_input_that_is_refused_ends_the_run_all_the_same(engine):
    def program():
        a = Thing("a", size=-1)
        Thing("b", pulumi.ResourceOptions(depends_on=[a]))

    result = engine.run("up", program, continue_on_error=True)
    assert result.code == 1
    assert engine.server.calls("create") == []
