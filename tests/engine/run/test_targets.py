"""--target, --exclude and --replace: what a run touches, and what it leaves as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from embedded.engine.request import Request
from embedded.engine.state import Resource
from embedded.engine.targets import Selection, UrnSet, missing
from tests.engine.run.harness import thing_urn
from tests.engine.run.scenes import group_urn, scene

URN = "urn:pulumi:dev::proj::a:b:C$d:e:F::name"


@pytest.mark.parametrize(
    ("pattern", "urn", "found"),
    [
        (URN, URN, True),
        (URN, URN + "s", False),
        ("**", URN, True),
        ("**::name", URN, True),
        ("*", URN, False),
        ("urn:pulumi:dev::proj::*::name", URN, False),
        ("urn:pulumi:*::*::a:*:C$d:e:*::name", URN, True),
        ("urn:pulumi:dev::proj::**$d:e:F::*", URN, True),
        ("**::n.me", URN, False),
        ("**::a::*", "urn:pulumi:dev::proj::d:e:F::a::b", True),
    ],
)
def test_a_star_stays_in_its_segment_and_two_stars_do_not(pattern, urn, found):
    assert (urn in UrnSet([pattern])) is found


@pytest.mark.parametrize(
    ("patterns", "hints"),
    [
        (["urn:x"], ["Target 'urn:x' could not be found in the stack. Did you forget to escape $ in your shell?"]),
        (["urn:p$x"], ["Target 'urn:p$x' could not be found in the stack."]),
        (["**x"], []),
        ([URN], []),
        (["urn:x$1", "urn:x$2", "urn:x$1"], ["Target 'urn:x$1'", "Target 'urn:x$2'"]),
    ],
)
def test_only_urns_that_were_written_out_have_to_exist(patterns, hints):
    found = missing(UrnSet(patterns), [URN])
    assert len(found) == len(hints)
    assert all(line.startswith(hint) for line, hint in zip(found, hints, strict=True))


def entry(name, *needs, parent=""):
    return Resource(name, "t", True, parent=parent, dependencies=list(needs))


CHAIN = [entry("a"), entry("b", "a"), entry("c", "b"), entry("d", parent="a"), entry("x")]


@pytest.mark.parametrize(
    ("options", "read", "deleted"),
    [
        ({}, "abcdx", "abcdx"),
        ({"targets": ("b",)}, "b", "bc"),
        ({"targets": ("b",), "target_dependents": True}, "bc", "bc"),
        ({"targets": ("a",), "target_dependents": True}, "abcd", "abcd"),
        ({"excludes": ("b",)}, "acdx", "cdx"),
        ({"excludes": ("b",), "exclude_dependents": True}, "adx", "dx"),
        ({"excludes": ("x",)}, "abcd", "abcd"),
    ],
)
def test_which_entries_are_read_and_which_may_be_deleted(options, read, deleted):
    selection = Selection(Request(kind="up", stack="dev", **options))
    assert "".join(entry.urn for entry in selection.to_read(CHAIN)) == read
    assert "".join(sorted(selection.to_delete(CHAIN))) == deleted


@dataclass(frozen=True)
class Case:
    """After `before` has been brought up, `kind` runs with `options` on the program `after`."""

    before: tuple[str, ...]
    after: tuple[str, ...] | None
    kind: str = "up"
    options: dict[str, Any] = field(default_factory=dict)
    calls: tuple[str, ...] = ()
    """`operation name`, in any order; sizes differ between before and after, so everything would be updated."""
    code: int = 0
    error: str = ""
    keeps: str = ""
    """Names of things whose entry has to be what it was."""


def t(*names, **more):
    return {"targets": tuple(thing_urn(name) for name in names), **more}


def x(*names, **more):
    return {"excludes": tuple(thing_urn(name) for name in names), **more}


CASES = {
    "a target alone is updated": Case(("a", "b"), ("a", "b"), options=t("a"), calls=("update a",), keeps="b"),
    "a glob is a target": Case(("a", "b"), ("a", "b"), options={"targets": ("**::b",)}, calls=("update b",), keeps="a"),
    "dependents of a target, when asked for": Case(
        ("a", "b<a", "c<b", "d"),
        ("a", "b<a", "c<b", "d"),
        options=t("a", target_dependents=True),
        calls=("update a", "update b", "update c"),
        keeps="d",
    ),
    "dependents of a target, when not": Case(
        ("a", "b<a"), ("a", "b<a"), options=t("a"), calls=("update a",), keeps="b"
    ),
    "a child counts as a dependent": Case(
        ("[g]", "a^g", "b"),
        ("[g]", "a^g", "b"),
        options={"targets": (group_urn("g"),), "target_dependents": True},
        calls=("update a",),
        keeps="b",
    ),
    "what is new and no target is not made": Case(("a",), ("a", "n"), options=t("a"), calls=("update a",)),
    "neither is what needs it": Case(("a",), ("a", "n", "m<n"), options=t("a"), calls=("update a",)),
    "a target that needs a thing that is not made": Case(
        ("a",),
        ("a", "n", "m<n"),
        options=t("m"),
        code=1,
        error=f"Resource '{thing_urn('m')}' depends on '{thing_urn('n')}' which was was not specified in --target list.",
        keeps="a",
    ),
    "a target in a component that is not made": Case(
        (),
        ("[g]", "a^g"),
        options={"targets": ("**::a",)},
        code=1,
        error=f"depends on '{group_urn('g')}' which was was not specified in --target list.",
    ),
    "what left the program and is no target stays": Case(
        ("a", "gone"), ("a",), options=t("a"), calls=("update a",), keeps="gone"
    ),
    "what left the program and is a target goes": Case(
        ("a", "gone"), ("a",), options=t("gone"), calls=("delete gone",), keeps="a"
    ),
    "what left, with a dependent that left too": Case(
        ("a", "b<a", "c"),
        ("c",),
        options=t("a"),
        code=1,
        error=f"Resource '{thing_urn('b')}' will be destroyed but was not specified in --target list.",
        keeps="abc",
    ),
    "the same, with dependents asked for": Case(
        ("a", "b<a", "c"),
        ("c",),
        options=t("a", target_dependents=True),
        calls=("delete a", "delete b"),
        keeps="c",
    ),
    "what left stays while a thing that is left alone needs it": Case(("a", "b<a"), ("b",), options=t("a"), keeps="ab"),
    "a chain that left and is no target stays": Case(
        ("a", "b<a", "c<b", "d"), ("d",), options=t("d"), calls=("update d",), keeps="abc"
    ),
    "an untargeted thing that no longer depends on a target": Case(
        ("a", "b<a"), ("b", "a"), options=t("a"), calls=("update a",), keeps="b"
    ),
    "a target that nobody knows": Case(
        ("a",),
        ("a",),
        options=t("nobody"),
        code=1,
        error=f"Target '{thing_urn('nobody')}' could not be found in the stack. Did you forget to escape $",
        keeps="a",
    ),
    "an excluded thing is left alone": Case(("a", "b"), ("a", "b"), options=x("a"), calls=("update b",), keeps="a"),
    "its dependents are not": Case(("a", "b<a"), ("a", "b<a"), options=x("a"), calls=("update b",), keeps="a"),
    "unless that is asked for": Case(
        ("a", "b<a", "c"), ("a", "b<a", "c"), options=x("a", exclude_dependents=True), calls=("update c",), keeps="ab"
    ),
    "what left the program and is excluded stays": Case(
        ("a", "gone"), ("a",), options=x("gone"), calls=("update a",), keeps="gone"
    ),
    "and so does what it needs": Case(
        ("root", "gone<root"), ("z",), options=x("gone"), calls=("create z",), keeps="root gone"
    ),
    "what needs an excluded thing that does not exist": Case(
        (), ("a", "b<a"), options=x("a"), code=1, error=f"Resource '{thing_urn('b')}' depends on '{thing_urn('a')}'"
    ),
    "the same, with dependents excluded": Case(
        (), ("a", "b<a", "c"), options=x("a", exclude_dependents=True), calls=("create c",)
    ),
    "destroy of a leaf": Case(("a", "b<a"), None, "destroy", t("b"), calls=("delete b",), keeps="a"),
    "destroy of what others need": Case(
        ("a", "b<a"), None, "destroy", t("a"), code=1, error="will be destroyed but was not specified", keeps="ab"
    ),
    "destroy with dependents": Case(
        ("a", "b<a", "c"), None, "destroy", t("a", target_dependents=True), calls=("delete a", "delete b"), keeps="c"
    ),
    "destroy of everything by a glob": Case(
        ("a", "b<a"), None, "destroy", {"targets": ("**",)}, calls=("delete a", "delete b")
    ),
    "destroy without an excluded thing, what it needs stays": Case(
        ("a", "b<a", "c<b"), None, "destroy", x("b"), calls=("delete c",), keeps="ab"
    ),
    "destroy without an excluded thing and its dependents": Case(
        ("a", "b<a", "c<b", "d"), None, "destroy", x("b", exclude_dependents=True), calls=("delete d",), keeps="abc"
    ),
    "destroy of what nobody knows": Case(
        ("a",), None, "destroy", t("n"), code=1, error="could not be found", keeps="a"
    ),
    "refresh of a target": Case(("a", "b"), None, "refresh", t("a"), calls=("read a",)),
    "refresh of a target and its dependents": Case(
        ("a", "b<a", "c"), None, "refresh", t("a", target_dependents=True), calls=("read a", "read b")
    ),
    "refresh without an excluded thing": Case(("a", "b"), None, "refresh", x("a"), calls=("read b",)),
    "refresh without an excluded thing and its dependents": Case(
        ("a", "b<a", "c"), None, "refresh", x("a", exclude_dependents=True), calls=("read c",)
    ),
    "refresh of what nobody knows": Case(("a",), None, "refresh", t("n"), code=1, error="could not be found"),
    "up with refresh reads targets only": Case(
        ("a", "b"), ("a", "b"), options=t("a", refresh=True, run_program=False), calls=("read a", "update a"), keeps="b"
    ),
    "up with refresh by the program reads targets only": Case(
        ("a", "b"), ("a", "b"), options=t("a", refresh=True), calls=("read a", "update a"), keeps="b"
    ),
    "replace of one, created first": Case(
        ("a", "b"),
        ("a", "b"),
        options={"replaces": (thing_urn("a"),)},
        calls=("create a", "delete a", "update b"),
    ),
    "target and replace": Case(
        ("a", "b"),
        ("a", "b"),
        options=t("a", replaces=(thing_urn("a"),)),
        calls=("create a", "delete a"),
        keeps="b",
    ),
    "replace of what nobody knows": Case(
        ("a",), ("a", "n"), options={"replaces": (thing_urn("n"),)}, code=1, error="could not be found", keeps="a"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_partial_run_does(engine, case):
    engine.run("up", scene(*case.before, size=1))
    kept = {name: engine.entry(name) for name in (case.keeps.split() if " " in case.keeps else _names(case))}
    done = len(engine.server.calls())
    program = None if case.after is None else scene(*case.after, size=2)
    more = {"run_program": False} if program is None else {}
    result = engine.run(case.kind, program, **{**more, **case.options})
    calls = {f"{call} {name}" for call, name in engine.server.calls()[done:] if call not in ("check", "adopt")}
    assert (result.code, calls) == (case.code, set(case.calls)), result.text
    assert [line for line in result.errors() if case.error in line] or not case.error
    assert {name: engine.entry(name) for name in kept} == kept


def _names(case):
    return [case.keeps] if case.keeps in case.before else list(case.keeps)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.kind == "up"])
def test_a_preview_proposes_what_the_partial_run_does(engine, name):
    case = CASES[name]
    engine.run("up", scene(*case.before, size=1))
    planned = engine.run("preview", scene(*case.after, size=2), **case.options)
    done = engine.run("up", scene(*case.after, size=2), **case.options)
    assert planned.code == done.code
    if not case.code:
        assert planned.changes == done.changes


def test_what_is_left_out_counts_as_unchanged(engine):
    engine.run("up", scene("a", "gone", size=1))
    result = engine.run("up", scene("a", "new", size=2), **t("a"))
    assert result.changes == {"same": 3, "update": 1}
    assert result.ops(sames=True)["new"] == "same"
    assert "new" not in engine.names()


def test_a_preview_names_everything_that_is_missing_from_the_targets(engine):
    result = engine.run("preview", scene("n", "m", "x<n", "y<m", "z<n"), **t("x", "y", "z"))
    assert result.code == 1
    assert {line.split("'")[3] for line in result.errors()[:2]} == {thing_urn("n"), thing_urn("m")}
    assert result.errors()[-1] == "preview failed"


def test_a_component_is_replaced_on_request_with_no_call(engine):
    engine.run("up", scene("[g]", "a^g", size=1))
    result = engine.run("up", scene("[g]", "a^g", size=1), replaces=(group_urn("g"),))
    assert result.changes == {"replace": 1, "same": 2}
    assert engine.server.calls("delete", "update") == []
    assert engine.run("up", scene("[g]", "a^g", size=1)).changes == {"same": 3}
