"""What exists already: read without being taken over, other stacks' outputs, and imports."""

from __future__ import annotations

import pulumi
import pytest
from pulumi import ResourceOptions

from embedded.engine.errors import EngineError
from embedded.engine.values import Secret
from tests.engine.run.harness import STACK_URN, thing_urn
from tests.engine.run.scenes import Group
from tests.engine.run.thing import Thing


def got(name="a", id_=None, **props):
    return Thing(name, ResourceOptions(id=id_ or f"id-{name}"), **props)


def flags(engine, name):
    return [
        (entry.id, entry.external, entry.delete)
        for entry in engine.snapshot.resources
        if entry.urn.split("::")[-1] == name
    ]


@pytest.fixture
def held(engine):
    """A server that holds `a` already."""
    engine.server.put("a", {"name": "a", "size": 5, "uid": "uid-a"})
    return engine


@pytest.mark.parametrize("kind", ["preview", "up"])
def test_reading_takes_nothing_over(held, kind):
    seen = {}

    def program():
        thing = got()
        pulumi.export("uid", thing.uid)
        thing.uid.apply(lambda uid: seen.update(uid=uid))

    result = held.run(kind, program)
    assert (result.code, result.changes, seen) == (0, {"create": 1}, {"uid": "uid-a"})
    assert result.ops()["a"] == "read"
    assert held.server.calls("create", "update", "delete") == []


def test_what_was_read_is_kept_as_external_and_forgotten_with_the_program(held):
    held.run("up", got)
    assert flags(held, "a") == [("id-a", True, False)]
    assert held.run("up", got).changes == {"same": 1}
    held.server.put("a", {"name": "a", "size": 6, "uid": "uid-a"})
    assert held.run("up", got).changes == {"same": 1, "read": 1}
    result = held.run("up", lambda: None)
    assert (result.ops(), held.names()) == ({"a": "discard", "default": "delete"}, {"proj-dev"})
    assert set(held.server.objects()) == {"a"}


@pytest.mark.parametrize(("kind", "prefix"), [("preview", "Preview failed: "), ("up", "")])
def test_reading_what_is_not_there_fails_by_its_id(engine, kind, prefix):
    result = engine.run(kind, got)
    assert (result.code, result.errors()[0]) == (1, f"{prefix}resource 'id-a' does not exist")
    assert "a" not in engine.names()


TURNS = {
    "read, then made: the read one is let go": (
        lambda: got(size=5),
        lambda: Thing("a", size=5),
        {"same": 1, "replace": 1},
        [("id-a", False, False)],
        {"a"},
    ),
    "made, then read by the same id: it is let go": (
        lambda: Thing("a", size=5),
        lambda: got(size=5),
        {"same": 1},
        [("id-a", True, False)],
        {"a"},
    ),
    "made, then another one read: the made one is deleted": (
        lambda: Thing("a", size=5),
        lambda: Thing("a", ResourceOptions(id="id-other"), size=5),
        {"same": 1, "replace": 1},
        [("id-other", True, False)],
        set(),
    ),
    "a component, then a custom resource of the same URN": (
        lambda: pulumi.ComponentResource("pulumi-python:dynamic/test:Thing", "a", None, None),
        lambda: Thing("a", size=5),
        {"same": 1, "replace": 1},
        [("id-a", False, False)],
        {"a"},
    ),
    "a custom resource, then a component of the same URN": (
        lambda: Thing("a", size=5),
        lambda: pulumi.ComponentResource("pulumi-python:dynamic/test:Thing", "a", None, None),
        {"same": 1, "replace": 1},
        [("", False, False)],
        set(),
    ),
}


@pytest.mark.parametrize(("before", "after", "changes", "kept", "objects"), TURNS.values(), ids=TURNS)
def test_a_resource_may_change_hands(held, before, after, changes, kept, objects):
    held.run("up", before)
    planned = held.run("preview", after)
    result = held.run("up", after)
    assert (result.code, result.changes, planned.changes) == (0, changes, changes), result.text
    assert flags(held, "a") == kept
    assert set(held.server.objects()) == objects
    assert held.run("up", after).changes in ({"same": 2}, {"same": 1})


# --- imports ----------------------------------------------------------------------------------------------------------


def imported(size=5, **opts):
    return lambda: Thing("a", ResourceOptions(import_="id-a", **opts), size=size)


def test_an_import_that_fits_changes_nothing_on_the_server(held):
    planned = held.run("preview", imported())
    result = held.run("up", imported())
    assert planned.changes == result.changes == {"create": 1, "import": 1}
    assert held.server.calls("create", "update", "delete") == []
    entry = held.entry("a")
    assert (entry.id, entry.external, entry.outputs["uid"]) == ("id-a", False, "uid-a")
    assert entry.extra["importID"] == "id-a"
    assert held.run("up", imported()).changes == {"same": 2}
    assert held.run("up", lambda: Thing("a", size=5)).changes == {"same": 2}


def test_an_import_that_differs_is_updated_in_the_same_run(held):
    result = held.run("up", imported(size=7))
    assert result.changes == {"create": 1, "import": 1, "update": 1}
    assert held.server.objects()["a"]["size"] == 7
    assert held.entry("a").outputs["uid"] == "uid-a"


def test_an_import_of_what_is_not_there_fails(engine):
    result = engine.run("up", imported())
    assert (result.code, result.errors()[0]) == (1, "resource 'id-a' does not exist")
    assert "a" not in engine.names()


def test_what_is_imported_in_the_place_of_another_has_that_deleted(held):
    held.server.put("b", {"name": "b", "size": 5, "uid": "uid-b"})
    held.run("up", imported())
    result = held.run("up", lambda: Thing("a", ResourceOptions(import_="id-b"), size=5))
    assert result.changes == {"same": 1, "replace": 1}
    assert flags(held, "a") == [("id-b", False, False)]


def test_what_is_still_named_by_its_id_is_not_replaced(held):
    held.run("up", imported())
    program = lambda: Thing("a", ResourceOptions(import_="id-a"), size=5, kind="other")  # noqa: E731
    assert "may not be replaced" in held.run("preview", program).text
    result = held.run("up", program)
    assert (result.code, "may not be replaced" in result.errors()[0]) == (1, True)
    assert held.server.calls("delete") == []


# --- other stacks -----------------------------------------------------------------------------------------------------

OTHER = {"vpc": "v-1", "nested": {"key": Secret("hush")}, "token": Secret("hush"), "list": [1, 2]}


def other(name):
    if name != "organization/net/prod":
        raise EngineError(f'unknown stack "{name}"')
    return OTHER


def test_a_stack_reference_reads_outputs_and_keeps_secrets_secret(engine):
    engine.outputs_of = other
    seen = {}

    def program():
        net = pulumi.StackReference("net", "organization/net/prod")
        pulumi.export("vpc", net.get_output("vpc"))
        pulumi.export("token", net.get_output("token"))
        pulumi.export("nothing", net.get_output("nothing"))
        net.require_output("list").apply(lambda value: seen.update(list=value))

    for kind in ("preview", "up", "up"):
        result = engine.run(kind, program)
        assert result.code == 0, result.text
        assert seen == {"list": [1.0, 2.0]}
    stack = engine.entry("proj-dev")
    assert (stack.outputs["vpc"], stack.outputs["token"]) == ("v-1", Secret("hush"))
    entry = engine.entry("net")
    assert entry.provider.startswith("urn:pulumi:dev::proj::pulumi:providers:pulumi::default::")
    assert entry.outputs["secretOutputNames"] == ["nested", "token"]
    assert (entry.external, entry.parent, entry.inputs) == (True, STACK_URN, {"name": "organization/net/prod"})
    assert "hush" not in str(result.events)
    assert engine.run("destroy", run_program=False).code == 0
    assert engine.names() == set()


@pytest.mark.parametrize("kind", ["refresh", "destroy"])
def test_runs_that_only_replay_read_other_stacks_too(engine, kind):
    engine.outputs_of = other

    def program():
        net = pulumi.StackReference("net", "organization/net/prod")
        Thing("a", vpc=net.get_output("vpc"))

    engine.run("up", program)
    assert engine.run(kind, program).code == 0


def test_a_stack_that_is_not_there_is_named(engine):
    engine.outputs_of = other
    result = engine.run("preview", lambda: pulumi.StackReference("organization/net/test"))
    assert (result.code, result.errors()[0]) == (1, 'Preview failed: unknown stack "organization/net/test"')


def test_what_was_read_inside_a_component_keeps_its_place(held):
    held.run("up", lambda: Thing("a", ResourceOptions(id="id-a", parent=Group("g"))))
    assert held.entry("a").urn == thing_urn("a", "test:index:Group$")
