"""Replaces: a new object for the same URN, deleted first or created first, with what has to go along."""

from __future__ import annotations

import pulumi
import pytest

from embedded.engine.replacing import dependents
from embedded.engine.state import Resource, Snapshot
from embedded.engine.values import UNKNOWN, Secret
from tests.engine.run.harness import thing_urn
from tests.engine.run.thing import Thing

OPTIONS = pulumi.ResourceOptions


def family(kind, *, first=None, child=None):
    """`a` is replaced when its kind changes; `c` goes along by option; `b` only has to be updated; `e` only waits."""

    def program():
        a = Thing("a", kind=kind, opts=OPTIONS(delete_before_replace=first))
        Thing("b", other=a.uid)
        c = Thing("c", opts=OPTIONS(depends_on=[a], replace_with=[a], **(child or {})))
        Thing("d", opts=OPTIONS(depends_on=[c], replace_with=[c]))
        Thing("e", opts=OPTIONS(depends_on=[a]))

    return program


def live(engine):
    return {entry.urn.split("::")[-1]: entry for entry in engine.snapshot.resources if not entry.delete}


def test_what_goes_along_is_deleted_first_and_created_again_last(engine):
    engine.run("up", family("x"))
    uids = {name: held["uid"] for name, held in engine.server.objects().items()}
    done = len(engine.server.calls("create", "update", "delete"))
    planned = engine.run("preview", family("y"))
    result = engine.run("up", family("y"))
    assert planned.changes == {"same": 2, "replace": 3, "update": 1}
    assert result.changes == planned.changes
    calls = engine.server.calls("create", "update", "delete")[done:]
    assert calls[:4] == [("delete", "d"), ("delete", "c"), ("delete", "a"), ("create", "a")]
    assert set(calls[4:]) == {("create", "c"), ("create", "d"), ("update", "b")}
    assert calls.index(("create", "c")) < calls.index(("create", "d"))
    now = {name: held["uid"] for name, held in engine.server.objects().items()}
    assert {name for name in now if now[name] != uids[name]} == {"a", "c", "d"}
    assert not [entry for entry in engine.snapshot.resources if entry.pending_replacement or entry.delete]
    assert engine.run("up", family("y")).changes == {"same": 6}


def test_a_preview_of_a_replace_touches_nothing(engine):
    engine.run("up", family("x"))
    before, calls = engine.snapshot, engine.server.calls("create", "update", "delete")
    result = engine.run("preview", family("y"))
    assert result.code == 0
    assert " +- pulumi-python:dynamic/test:Thing a replace [diff: ~kind]" in result.lines
    assert (engine.snapshot, engine.server.calls("create", "update", "delete")) == (before, calls)


def test_created_first_the_old_object_goes_in_the_delete_phase(engine):
    engine.run("up", family("x", first=False))
    done = len(engine.server.calls("create", "delete"))
    result = engine.run("up", family("y", first=False))
    assert result.code == 0
    calls = engine.server.calls("create", "delete")[done:]
    assert calls[0] == ("create", "a")
    assert calls[-3:] == [("delete", "d"), ("delete", "c"), ("delete", "a")]
    assert not [entry for entry in engine.snapshot.resources if entry.delete]


def test_a_delete_that_fails_is_made_up_for_in_the_next_run(engine):
    engine.run("up", lambda: Thing("a", kind="x", opts=OPTIONS(delete_before_replace=False)))
    engine.server.order(delete_a="busy")
    assert engine.run("up", lambda: Thing("a", kind="y", opts=OPTIONS(delete_before_replace=False))).code == 1
    assert [entry.inputs["kind"] for entry in engine.snapshot.resources if entry.delete] == ["x"]
    engine.server.order()
    result = engine.run("up", lambda: Thing("a", kind="y", opts=OPTIONS(delete_before_replace=False)))
    assert result.changes == {"same": 2}
    assert engine.server.calls("delete")[-1] == ("delete", "a")
    assert not [entry for entry in engine.snapshot.resources if entry.delete]


def test_a_replace_that_is_cut_in_two_is_finished_without_deleting_again(engine):
    engine.run("up", family("x"))
    engine.server.order(create_a="no space")
    assert engine.run("up", family("y")).code == 1
    cut = {name for name, entry in live(engine).items() if entry.pending_replacement}
    assert cut == {"a", "c", "d"}
    deletes = engine.server.calls("delete")
    engine.server.order()
    result = engine.run("up", family("y"), refresh=True)
    assert result.changes == {"same": 2, "replace": 3, "update": 1}
    assert engine.server.calls("delete") == deletes
    assert set(engine.server.objects()) == {"a", "b", "c", "d", "e"}


def test_what_a_cut_replace_left_is_only_forgotten_when_the_program_drops_it(engine):
    engine.run("up", family("x"))
    engine.server.order(create_a="no space")
    engine.run("up", family("y"))
    engine.server.order()
    deletes = engine.server.calls("delete")
    assert engine.run("up", lambda: None).code == 0
    assert set(engine.server.calls("delete")[len(deletes) :]) == {("delete", "b"), ("delete", "e")}
    assert set(live(engine)) == {"proj-dev"}


@pytest.mark.parametrize("first", [True, False])
def test_a_protected_resource_is_not_replaced(engine, first):
    def program(kind):
        return lambda: Thing("a", kind=kind, opts=OPTIONS(protect=True, delete_before_replace=first))

    engine.run("up", program("x"))
    result = engine.run("up", program("y"))
    assert result.code == 1
    assert f'unable to replace resource "{thing_urn("a")}"' in result.errors()[0]
    assert engine.server.calls("delete") == []


def test_a_protected_dependent_stops_a_replace_before_any_delete(engine):
    engine.run("up", family("x", child={"protect": True}))
    result = engine.run("up", family("y", child={"protect": True}))
    assert result.code == 1
    assert (
        f'unable to replace resource "{thing_urn("c")}" as part of replacing "{thing_urn("a")}"' in result.errors()[0]
    )
    assert engine.server.calls("delete") == []


def test_a_changed_property_can_be_made_to_replace(engine):
    def program(size):
        return lambda: Thing("a", size=size, opts=OPTIONS(replace_on_changes=["size"], delete_before_replace=True))

    engine.run("up", program(1))
    result = engine.run("preview", program(2))
    assert result.changes == {"same": 1, "replace": 1}
    assert {item["diffKind"] for item in _details(result, "a")} == {"update-replace"}
    engine.run("up", program(2))
    assert engine.server.calls("delete") == [("delete", "a")]


def _details(result, name):
    for event in result.of("resOutputsEvent"):
        meta = event["metadata"]
        if meta["urn"].endswith(f"::{name}") and meta["op"] == "replace":
            yield from meta["detailedDiff"].values()


def test_a_tainted_resource_is_replaced(engine):
    engine.run("up", lambda: Thing("a"))
    entries = list(engine.snapshot.resources)
    next(entry for entry in entries if entry.urn == thing_urn("a")).extra["taint"] = True
    engine.snapshot = Snapshot(entries)
    assert engine.run("up", lambda: Thing("a")).changes == {"same": 1, "replace": 1}
    assert "taint" not in engine.entry("a").extra


def entry(urn, **fields):
    return Resource(urn=urn, type="pulumi-python:dynamic:Resource", custom=fields.pop("custom", True), **fields)


def test_who_goes_along_with_a_replaced_resource():
    asked = []

    def asks(one, inputs):
        asked.append((one.urn, inputs))
        return one.urn.startswith("yes")

    state = [
        entry("root"),
        entry("with", replace_with=["root"]),
        entry("gone-with", deleted_with="with"),
        entry("yes", inputs={"a": 1, "b": 2}, property_dependencies={"a": ["gone-with"], "b": []}),
        entry("no", inputs={"a": 1}, property_dependencies={"a": ["root"]}),
        entry("yes-registered", inputs={"a": 1}, property_dependencies={"a": ["root"]}),
        entry("after-no", inputs={"a": 1}, property_dependencies={"a": ["no"]}),
        entry("waits", dependencies=["root"]),
        entry("component", custom=False, replace_with=["root"]),
        entry("read", external=True, replace_with=["root"]),
    ]
    going = dependents(state, "root", lambda urn: urn == "yes-registered", asks)
    assert [one.urn for one in going] == ["with", "gone-with", "yes"]
    assert asked == [("yes", {"a": UNKNOWN, "b": 2}), ("no", {"a": UNKNOWN})]


def test_a_trigger_that_changes_replaces_and_a_secret_one_stays_secret(engine):
    def program(value):
        return lambda: Thing("a", OPTIONS(replacement_trigger=pulumi.Output.secret(value), delete_before_replace=True))

    engine.run("up", program("v1"))
    assert engine.entry("a").extra["replacementTrigger"] == Secret("v1")
    assert engine.run("up", program("v1")).changes == {"same": 2}
    assert engine.run("preview", program("v2")).changes == {"same": 1, "replace": 1}
    result = engine.run("up", program("v2"))
    assert result.changes == {"same": 1, "replace": 1}
    assert engine.server.calls("delete") == [("delete", "a")]
    assert "v2" not in str(result.events)
