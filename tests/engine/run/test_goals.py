"""Requests become goals; URNs and texts on the way."""

from __future__ import annotations

import pytest
from pulumi.runtime.proto import alias_pb2, resource_pb2, source_pb2

from embedded.engine import urns
from embedded.engine.aliases import candidates
from embedded.engine.errors import EngineError, NotSupported
from embedded.engine.goals import GoalReader, seconds, source_text
from embedded.engine.program_text import user_frames
from embedded.engine.steps import Goal

STACK = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
GROUP = "urn:pulumi:dev::proj::my:mod:Group::g"
TYPE = "pulumi-python:dynamic/m:Thing"


def request(**fields):
    return resource_pb2.RegisterResourceRequest(type=TYPE, name="n", custom=True, parent=STACK, **fields)


def read(message, *parents):
    goals = {STACK: Goal(STACK, urns.STACK_TYPE, "proj-dev", False), **{goal.urn: goal for goal in parents}}
    return GoalReader("dev", "proj", "/p").read(message, goals)


URNS = [
    ("", TYPE, f"urn:pulumi:dev::proj::{TYPE}::n"),
    (STACK, TYPE, f"urn:pulumi:dev::proj::{TYPE}::n"),
    (GROUP, TYPE, f"urn:pulumi:dev::proj::my:mod:Group${TYPE}::n"),
    ("urn:pulumi:dev::proj::a:b:C$my:mod:Group::x::y", TYPE, f"urn:pulumi:dev::proj::a:b:C$my:mod:Group${TYPE}::n"),
]  # fmt: skip


@pytest.mark.parametrize(("parent", "type_", "urn"), URNS)
def test_a_urn_holds_the_types_of_the_parents(parent, type_, urn):
    assert urns.build("dev", "proj", parent, type_, "n") == urn
    assert urns.type_of(urn) == type_


def test_a_name_may_hold_anything():
    urn = urns.build("dev", "proj", "", TYPE, "VPC/default/a::b$c")
    assert urns.name_of(urn) == "VPC/default/a::b$c"


def test_options_not_given_are_inherited_from_the_parent():
    parent = Goal(GROUP, "my:mod:Group", "g", False, protect=True, retain_on_delete=True, deleted_with="x")
    inherited = read(_child(), parent)
    assert (inherited.protect, inherited.retain_on_delete, inherited.deleted_with) == (True, True, "x")
    own = read(_child(protect=False, retainOnDelete=False, deletedWith="y"), parent)
    assert (own.protect, own.retain_on_delete, own.deleted_with) == (False, False, "y")


def _child(**fields):
    return resource_pb2.RegisterResourceRequest(type=TYPE, name="n", custom=True, parent=GROUP, **fields)


def test_a_parent_that_was_not_registered_is_an_error():
    with pytest.raises(EngineError, match="has not been registered in this run"):
        read(_child())


@pytest.mark.parametrize(
    ("given", "defined", "result"),
    [(True, True, True), (True, False, True), (False, True, False), (False, False, None)],
)
def test_deleting_before_a_replace_counts_only_when_said(given, defined, result):
    assert read(request(deleteBeforeReplace=given, deleteBeforeReplaceDefined=defined)).delete_before_replace is result


def test_an_alias_leaves_out_what_did_not_change():
    spec = alias_pb2.Alias.Spec
    aliases = [
        alias_pb2.Alias(urn="urn:given"),
        alias_pb2.Alias(spec=spec(name="old")),
        alias_pb2.Alias(spec=spec(type="old:mod:Type", noParent=True)),
        alias_pb2.Alias(spec=spec(parentUrn=GROUP)),
    ]
    assert candidates(read(request(aliases=aliases)), {}) == (
        "urn:given",
        f"urn:pulumi:dev::proj::{TYPE}::old",
        "urn:pulumi:dev::proj::old:mod:Type::n",
        f"urn:pulumi:dev::proj::my:mod:Group${TYPE}::n",
    )


@pytest.mark.parametrize(("text", "value"), [("90s", 90), ("1h30m", 5400), ("500ms", 0.5), ("1.5m", 90)])
def test_a_duration_is_seconds(text, value):
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["soon", "5", "1h x"])
def test_a_duration_that_cannot_be_read_says_so(text):
    with pytest.raises(EngineError, match="cannot be read; write for example 90s"):
        read(request(customTimeouts={"create": text}))


def test_a_source_position_is_relative_to_the_project():
    position = source_pb2.SourcePosition(uri="file:///p/program/a%20b.py", line=7)
    assert source_text(position, "/p") == "project:///program/a b.py#7"
    assert source_text(position, "/p/other") == "project:///../program/a b.py#7"
    assert source_text(source_pb2.SourcePosition(), "/p") == ""


REFUSED = [
    ({"remote": True}, "the remote component type"),
    ({"packageRef": "x"}, "a parameterized package"),
]


@pytest.mark.parametrize(("fields", "named"), REFUSED)
def test_what_the_engine_lacks_is_refused_by_name(fields, named):
    with pytest.raises(NotSupported, match=f"{named}.*is not supported by the embedded engine"):
        read(request(**fields))


def test_hooks_are_named_as_in_the_state():
    assert read(request(hooks={})).hooks == {}
    hooks = {"before_create": ["a", "b"], "on_error": ["c"]}
    assert read(request(hooks=hooks)).hooks == {"BeforeCreate": ("a", "b"), "OnError": ("c",)}


TRACE = """python inline source runtime error: boom
Traceback (most recent call last):
  File "/venv/lib/python3.12/site-packages/pulumi/automation/_server.py", line 93, in run
    loop.run_until_complete(run_in_stack(self.program))
    ~~~~~~~^^^^
  File "/usr/lib/python3.12/asyncio/base_events.py", line 1, in run
    x
  File "/home/me/program/__main__.py", line 3, in <module>
    raise ValueError("boom")
ValueError: boom
"""


def test_a_traceback_is_cut_to_the_programs_own_frames():
    assert (
        user_frames(TRACE)
        == """python inline source runtime error: boom
Traceback (most recent call last):
  File "/home/me/program/__main__.py", line 3, in <module>
    raise ValueError("boom")
ValueError: boom
"""
    )


def test_a_traceback_without_own_frames_stays_whole():
    only = TRACE.replace("/home/me/program/", "/venv/lib/python3.12/site-packages/pulumi/")
    assert user_frames(only) == only
    assert user_frames("no traceback") == "no traceback"
