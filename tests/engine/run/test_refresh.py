"""What servers hold is read into the state: by `refresh`, and before an up or preview that refreshes."""

from __future__ import annotations

import pulumi
import pytest

from tests.engine.run.harness import thing_urn
from tests.engine.run.thing import Thing


def program():
    a = Thing("a", size=1, spec={"vlan": 1001})
    Thing("b", size=1, opts=pulumi.ResourceOptions(depends_on=[a]))
    pulumi.export("size", a.size if hasattr(a, "size") else None)


def drift(engine, name, **changes):
    engine.server.put(name, {**engine.server.objects()[name], **changes})


@pytest.fixture
def stack(engine):
    assert engine.run("up", program).code == 0
    return engine


@pytest.mark.parametrize("run_program", [True, False])
def test_a_refresh_finds_drift_and_puts_it_into_the_state(stack, run_program):
    drift(stack, "a", spec={"vlan": 1999})
    result = stack.run("refresh", program if run_program else None, run_program=run_program)
    assert result.code == 0
    assert result.changes == {"same": 2, "update": 1}
    assert stack.entry("a").inputs["spec"] == {"vlan": 1999}
    assert stack.entry("a").outputs["spec"] == {"vlan": 1999}
    assert stack.server.calls("update") == []


@pytest.mark.parametrize("run_program", [True, False])
def test_a_previewed_refresh_shows_it_and_saves_nothing(stack, run_program):
    drift(stack, "a", spec={"vlan": 1999})
    before = stack.snapshot
    result = stack.run(
        "refresh", program if run_program else None, run_program=run_program, preview_only=True, diff=True
    )
    assert result.changes == {"same": 2, "update": 1}
    assert "      ~ spec.vlan: 1001 => 1999" in result.lines
    assert stack.snapshot == before


def test_a_refresh_finds_what_is_gone_and_prunes_references(stack):
    stack.server.remove("a")
    result = stack.run("refresh", run_program=False)
    assert result.changes == {"same": 2, "delete": 1}
    assert stack.names() == {"proj-dev", "b"}
    assert stack.entry("b").dependencies == []


def test_a_refresh_that_cannot_read_one_reads_the_rest(stack):
    drift(stack, "b", size=5)
    stack.server.order(read_a="not allowed")
    result = stack.run("refresh", run_program=False)
    assert result.code == 1
    assert result.errors()[0] == "not allowed"
    assert stack.entry("b").inputs["size"] == 5
    assert stack.entry("a").inputs["size"] == 1


def test_a_refresh_creates_nothing_that_the_program_newly_names(stack):
    def more():
        program()
        Thing("new")

    result = stack.run("refresh", more)
    assert result.code == 0
    assert stack.server.calls("create") == [("create", "a"), ("create", "b")]
    assert "new" not in stack.names()


@pytest.mark.parametrize("run_program", [True, False])
def test_a_preview_that_refreshes_shows_drift_where_it_is(stack, run_program):
    drift(stack, "a", spec={"vlan": 1999})
    before = stack.snapshot
    result = stack.run("preview", program, refresh=True, run_program=run_program, diff=True)
    assert result.changes == {"same": 2, "update": 1}
    assert result.detail("a") == {"spec.vlan": "update"}
    assert "      ~ spec.vlan: 1999 => 1001" in result.lines
    assert stack.snapshot == before


@pytest.mark.parametrize("run_program", [True, False])
def test_an_up_that_refreshes_repairs_drift_and_then_is_silent(stack, run_program):
    drift(stack, "a", spec={"vlan": 1999})
    stack.server.remove("b")
    result = stack.run("up", program, refresh=True, run_program=run_program)
    assert result.changes == {"same": 1, "update": 1, "create": 1}
    assert stack.server.objects()["a"]["spec"] == {"vlan": 1001}
    assert "b" in stack.server.objects()
    again = stack.run("up", program, refresh=True, run_program=run_program)
    assert again.changes == {"same": 3}


def test_without_a_refresh_drift_is_not_seen(stack):
    drift(stack, "a", spec={"vlan": 1999})
    assert stack.run("preview", program).changes == {"same": 3}


def test_the_project_can_ask_for_a_refresh_and_the_flag_overrides_it(stack):
    drift(stack, "a", spec={"vlan": 1999})
    stack.refresh = True
    assert stack.run("preview", program).changes == {"same": 2, "update": 1}
    assert stack.run("preview", program, refresh=False).changes == {"same": 3}


def test_what_changed_outside_and_back_persists_what_was_read(stack):
    """A server value that only outputs hold is kept by an up that changes nothing."""
    drift(stack, "a", uid="uid-new")
    assert stack.run("up", program, refresh=True).changes == {"same": 3}
    assert stack.entry("a").outputs["uid"] == "uid-new"


@pytest.mark.parametrize("run_program", [True, False])
def test_what_left_the_program_and_the_server_is_only_forgotten(stack, run_program):
    stack.server.remove("b")
    result = stack.run("up", lambda: Thing("a", size=1, spec={"vlan": 1001}), refresh=True, run_program=run_program)
    assert result.code == 0
    assert stack.server.calls("delete") == []
    assert stack.names() == {"proj-dev", "a"}


@pytest.mark.parametrize("run_program", [True, False])
def test_a_destroy_that_refreshes_does_not_delete_what_is_gone(stack, run_program):
    stack.server.remove("b")
    result = stack.run("destroy", program if run_program else None, refresh=True, run_program=run_program)
    assert result.code == 0
    assert stack.server.calls("delete") == [("delete", "a")]
    assert stack.snapshot.resources == []


def test_a_read_that_fails_ends_an_up_before_anything_changes(stack):
    drift(stack, "b", size=5)
    stack.server.order(read_a="not allowed")
    result = stack.run("up", program, refresh=True)
    assert result.code == 1
    assert "not allowed" in result.errors()
    assert stack.server.calls("update", "delete") == []


ROTATED = [
    # operation, whether the program runs -> the token that reaches the server
    ("refresh", True, "new"),
    ("refresh", False, "old"),
    ("destroy", True, "new"),
    ("destroy", False, "old"),
]


@pytest.mark.parametrize(("kind", "run_program", "token"), ROTATED)
def test_the_program_brings_todays_config_and_the_state_its_own(engine, kind, run_program, token):
    engine.config["proj:token"] = "old"
    engine.run("up", program)
    engine.config["proj:token"] = "new"
    call = {"refresh": "read", "destroy": "delete"}[kind]
    result = engine.run(kind, program if run_program else None, run_program=run_program)
    assert result.code == 0
    assert engine.server.tokens(call) == {token}


def test_an_up_that_runs_the_program_reads_with_todays_config(engine):
    engine.config["proj:token"] = "old"
    engine.run("up", program)
    engine.config["proj:token"] = "new"
    assert engine.run("up", program, refresh=True, run_program=True).code == 0
    assert engine.server.tokens("read") == {"new"}


def test_a_program_that_fails_stops_a_destroy_before_any_delete(stack):
    def wrong():
        raise pulumi.RunError("not like this")

    result = stack.run("destroy", wrong)
    assert result.code == 1
    assert stack.server.calls("delete") == []
    assert thing_urn("a") in {entry.urn for entry in stack.snapshot.resources}


def test_new_resources_are_unknown_to_a_destroy_that_runs_the_program(stack):
    seen = []

    def more():
        program()
        new = Thing("new")
        new.uid.apply(seen.append)

    assert stack.run("destroy", more).code == 0
    assert seen == []
    assert ("create", "new") not in stack.server.calls()
    assert stack.server.objects() == {}
