"""Renames: a resource that was called otherwise goes on as it was, and so does everything that refers to it."""

from __future__ import annotations

import pulumi
import pytest
from pulumi import Alias, ResourceOptions

from embedded.engine.aliases import candidates, renamed
from embedded.engine.journal import Journal
from embedded.engine.state import Resource, Snapshot
from embedded.engine.steps import Alias as Former
from embedded.engine.steps import Goal
from tests.engine.run.harness import PROVIDER_URN, STACK_URN, thing_urn
from tests.engine.run.scenes import Group, group_urn
from tests.engine.run.thing import Thing

BASE = "urn:pulumi:dev::proj::"


def goal(name="new", *aliases, type_="m:C", parent=""):
    prefix = parent.split("::")[2] + "$" if parent else ""
    return Goal(f"{BASE}{prefix}{type_}::{name}", type_, name, True, parent=parent, aliases=aliases)


FORMER = [
    (goal(), {}, ()),
    (goal("new", Former(urn="urn:x")), {}, ("urn:x",)),
    (goal("new", Former(name="old")), {}, (f"{BASE}m:C::old",)),
    (goal("new", Former(type="m:B")), {}, (f"{BASE}m:B::new",)),
    (goal("new", Former(stack="s1", project="p1")), {}, ("urn:pulumi:s1::p1::m:C::new",)),
    (goal("new", Former(name="new")), {}, ()),
    (goal("new", Former(), parent=f"{BASE}g:G::g"), {}, ()),
    (goal("new", Former(no_parent=True), parent=f"{BASE}g:G::g"), {}, (f"{BASE}m:C::new",)),
    (goal("new", Former(parent=f"{BASE}h:H::h"), parent=f"{BASE}g:G::g"), {}, (f"{BASE}h:H$m:C::new",)),
    (goal("c", parent=f"{BASE}g:G::g"), {f"{BASE}g:G::g": f"{BASE}g:F::f"}, (f"{BASE}g:F$m:C::c",)),
    (goal("g-c", parent=f"{BASE}g:G::g"), {f"{BASE}g:G::g": f"{BASE}g:G::f"}, (f"{BASE}g:G$m:C::f-c",)),
    (
        goal("c", Former(name="b"), parent=f"{BASE}g:G::g"),
        {f"{BASE}g:G::g": f"{BASE}f:F::f"},
        (f"{BASE}g:G$m:C::b", f"{BASE}f:F$m:C::c", f"{BASE}f:F$m:C::b"),
    ),
    (
        goal("new", Former(parent=f"{BASE}h:H::h")),
        {f"{BASE}h:H::h": f"{BASE}h:H::old"},
        (f"{BASE}h:H$m:C::new",),
    ),
]


@pytest.mark.parametrize(("goal_", "matched", "urns"), FORMER)
def test_which_urns_a_resource_may_have_had(goal_, matched, urns):
    assert candidates(goal_, matched) == urns


def test_every_reference_follows_a_rename():
    urn, new = f"{BASE}a:A::x", f"{BASE}a:B::y"
    entry = Resource(
        "urn:other",
        "t",
        True,
        parent=urn,
        dependencies=[urn, "z"],
        property_dependencies={"p": [urn]},
        deleted_with=urn,
        replace_with=[urn],
        provider=f"{urn}::id-1",
    )
    after = renamed(entry, urn, new)
    assert urn not in repr(after)
    assert (after.provider, after.dependencies) == (f"{new}::id-1", [new, "z"])
    assert renamed(entry, "urn:elsewhere", new) is entry
    assert renamed(Resource(urn, "a:A", True), urn, new).type == "a:B"


def test_an_entry_known_from_before_a_rename_may_still_be_handed_over():
    a, b = Resource(f"{BASE}t:T::a", "t:T", True), Resource(f"{BASE}t:T::b", "t:T", True, parent=f"{BASE}t:T::a")
    journal = Journal(Snapshot([a, b]))
    journal.rename(a.urn, f"{BASE}t:T::c")
    journal.write(Resource(b.urn, "t:T", True, parent=f"{BASE}t:T::c", id="1"), old=b)
    assert [(e.urn[-1], e.parent[-1:], e.id) for e in journal.snapshot().resources] == [("b", "c", "1"), ("c", "", "")]


def aliased(*aliases, **more):
    return ResourceOptions(aliases=list(aliases), **more)


def plain():
    g = Group("g")
    a = Thing("a", ResourceOptions(parent=g), size=1)
    Thing("b", ResourceOptions(depends_on=[a]), of=a.uid)
    Thing("t", size=1)


def by_name():
    g = Group("g")
    a = Thing("a2", aliased(Alias(name="a"), parent=g), size=1)
    Thing("b", ResourceOptions(depends_on=[a]), of=a.uid)
    Thing("t", size=1)


def by_urn():
    g = Group("g")
    a = Thing("a", ResourceOptions(parent=g), size=1)
    Thing("b", ResourceOptions(depends_on=[a]), of=a.uid)
    Thing("t2", aliased(thing_urn("t")), size=1)


def by_parent():
    g = Group("g")
    a = Thing("a", aliased(Alias(parent=g)), size=1)
    Thing("b", ResourceOptions(depends_on=[a]), of=a.uid)
    Thing("t", aliased(Alias(parent=pulumi.ROOT_STACK_RESOURCE), parent=g), size=1)


def by_the_parents_alias():
    g = Group("h", aliased(Alias(name="g")))
    a = Thing("a", ResourceOptions(parent=g), size=1)
    Thing("b", ResourceOptions(depends_on=[a]), of=a.uid)
    Thing("t", size=1)


# Things keep their property `name`, so that nothing but the URN changes.
RENAMES = {"name": by_name, "URN": by_urn, "parent": by_parent, "the parent's alias": by_the_parents_alias}


@pytest.mark.parametrize("program", RENAMES.values(), ids=RENAMES)
def test_a_renamed_resource_goes_on_as_it_was(engine, program, monkeypatch):
    monkeypatch.setattr(Thing, "__init__", _keeping_its_name)
    engine.run("up", plain)
    calls = engine.server.calls("create", "update", "delete")
    planned = engine.run("preview", program)
    result = engine.run("up", program)
    assert (result.code, planned.changes, result.changes) == (0, {"same": 5}, {"same": 5}), result.text
    assert engine.server.calls("create", "update", "delete") == calls
    assert engine.run("up", program).changes == {"same": 5}
    assert not [entry for entry in engine.snapshot.resources if entry.aliases]


def _keeping_its_name(self, name, opts=None, **props):
    pulumi.dynamic.Resource.__init__(self, _provider(), name, {"name": name[0], "uid": None, **props}, opts)


def _provider():
    from tests.engine.run.thing import ThingProvider

    return ThingProvider()


def test_a_rename_and_a_change_are_one_update(engine):
    engine.run("up", lambda: Thing("a", size=1))
    result = engine.run("up", lambda: Thing("b", aliased(Alias(name="a")), size=2))
    assert result.changes == {"same": 1, "update": 1}
    assert {entry.urn for entry in engine.snapshot.resources} == {STACK_URN, PROVIDER_URN, thing_urn("b")}


def test_an_alias_of_what_never_was_or_exists_already_does_nothing(engine):
    engine.run("up", lambda: Thing("a"))
    assert engine.run("up", lambda: Thing("a", aliased(Alias(name="z")))).changes == {"same": 2}

    def both():
        Thing("a")
        Thing("b", aliased(Alias(name="z")))

    engine.run("up", both)
    assert engine.run("up", lambda: Thing("b", aliased(Alias(name="a")))).changes == {"same": 2, "delete": 1}


DUPLICATES = {
    "two that were the same": (
        lambda: [Thing("b", aliased(Alias(name="a"))), Thing("c", aliased(Alias(name="a")))],
        f"Duplicate resource alias '{thing_urn('a')}' applied to resource with URN",
    ),
    "one that still is": (
        lambda: Thing("b", aliased(Alias(name="a"), depends_on=[Thing("a")])),
        f"Duplicate resource alias '{thing_urn('a')}' applied to resource with URN '{thing_urn('b')}' conflicting with "
        f"resource with URN '{thing_urn('a')}'",
    ),
    "the old name given to another": (
        lambda: Thing("a", ResourceOptions(depends_on=[Thing("b", aliased(Alias(name="a")))])),
        f"Duplicate resource URN '{thing_urn('a')}' conflicting with alias on resource with URN '{thing_urn('b')}'",
    ),
}


@pytest.mark.parametrize(("program", "message"), DUPLICATES.values(), ids=DUPLICATES)
def test_two_resources_cannot_go_on_from_one(engine, program, message):
    engine.run("up", lambda: Thing("a"))
    result = engine.run("up", program)
    assert result.code == 1
    assert any(message in error for error in result.errors()), result.errors()


def test_an_untargeted_rename_waits(engine):
    engine.run("up", lambda: [Thing("a", size=1), Thing("x", size=1)])
    program = lambda: [Thing("b", aliased(Alias(name="a")), size=2), Thing("x", size=2)]  # noqa: E731
    before = engine.entry("a")
    result = engine.run("up", program, targets=(thing_urn("x"),))
    assert (result.changes, engine.entry("a")) == ({"same": 2, "update": 1}, before)
    assert engine.run("up", program).changes == {"same": 2, "update": 1}
    assert engine.names() == {"proj-dev", "b", "x"}


@pytest.mark.parametrize("kind", ["refresh", "destroy"])
def test_the_other_runs_follow_a_rename_too(engine, kind):
    engine.run("up", lambda: Thing("a"))
    result = engine.run(kind, lambda: Thing("b", aliased(Alias(name="a"))))
    assert result.code == 0, result.text
    assert engine.names() == ({"proj-dev", "b"} if kind == "refresh" else set())


def test_a_renamed_component_keeps_its_children(engine):
    engine.run("up", lambda: Thing("a", ResourceOptions(parent=Group("g"))))
    engine.run("up", lambda: Thing("a", ResourceOptions(parent=Group("h", aliased(Alias(name="g"))))))
    assert engine.entry("a").parent == group_urn("h")
