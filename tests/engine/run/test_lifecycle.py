"""Create, same, update and delete, each with its preview; outputs, components, options, secrets."""

from __future__ import annotations

import json

import pulumi
import pytest

from embedded.engine.errors import NoChangesExpected
from embedded.engine.values import Secret
from tests.engine.run.harness import PROVIDER_URN, STACK_URN, thing_urn
from tests.engine.run.thing import Thing


def things(**sizes):
    def program():
        for name, size in sizes.items():
            Thing(name, size=size)

    return program


class Group(pulumi.ComponentResource):
    def __init__(self, name, *members, opts=None, child_opts=None):
        super().__init__("test:index:Group", name, None, opts)
        for member in members:
            Thing(member, size=1, opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), child_opts))
        self.register_outputs({"members": list(members)})


def test_an_empty_program_has_only_the_stack_and_then_nothing_to_do(engine):
    assert engine.run("up", lambda: None).changes == {"create": 1}
    assert [entry.urn for entry in engine.snapshot.resources] == [STACK_URN]
    assert engine.run("up", lambda: None).changes == {"same": 1}


def test_a_resource_is_created_kept_updated_and_deleted(engine):
    for program, preview, objects in [
        (things(a=1), {"create": 2}, {"a": 1}),
        (things(a=1), {"same": 2}, {"a": 1}),
        (things(a=2), {"same": 1, "update": 1}, {"a": 2}),
        (things(), {"same": 1, "delete": 1}, {}),
    ]:
        planned = engine.run("preview", program)
        done = engine.run("up", program)
        assert (planned.code, done.code) == (0, 0)
        assert planned.changes == preview
        assert done.changes == preview
        assert {name: held["size"] for name, held in engine.server.objects().items()} == objects
    assert engine.names() == {"proj-dev"}


def test_a_preview_calls_nothing_that_changes_and_saves_nothing(engine):
    engine.run("up", things(a=1, b=1))
    calls, saves, before = len(engine.server.calls("create", "update", "delete")), engine.saves, engine.snapshot
    engine.run("preview", things(a=2, c=1))
    assert len(engine.server.calls("create", "update", "delete")) == calls
    assert (engine.saves, engine.snapshot) == (saves, before)


def test_an_update_names_the_property_and_hides_the_provider(engine):
    engine.run("up", lambda: Thing("a", spec={"vlan": 1001, "gone": 1}))
    result = engine.run("preview", lambda: Thing("a", spec={"vlan": 1999, "new": [1]}), diff=True)
    assert result.detail("a") == {"spec.vlan": "update", "spec.gone": "delete", "spec.new": "add"}
    assert "      ~ spec.vlan: 1001 => 1999" in result.lines
    assert "      - spec.gone: 1" in result.lines
    assert "      + spec.new: [1]" in result.lines
    assert "__provider" not in result.text


def test_outputs_flow_between_resources_and_are_unknown_in_a_preview(engine):
    def program():
        a = Thing("a", size=1)
        Thing("b", other=a.uid)
        pulumi.export("uid", a.uid)

    planned = engine.run("preview", program)
    assert "[unknown]" in planned.text
    engine.run("up", program)
    uid = engine.server.objects()["a"]["uid"]
    assert engine.server.objects()["b"]["other"] == uid
    assert engine.entry("proj-dev").outputs == {"uid": uid}
    assert engine.entry("b").dependencies == [thing_urn("a")]
    assert engine.entry("b").property_dependencies["other"] == [thing_urn("a")]


def test_an_update_preview_shows_dependents_what_may_change(engine):
    def program(size):
        def run():
            a = Thing("a", size=size)
            Thing("b", other=a.uid)

        return run

    engine.run("up", program(1))
    assert engine.run("preview", program(2)).ops() == {"a": "update", "b": "update"}
    assert engine.run("up", program(2)).ops() == {"a": "update"}


def test_deletes_go_in_reverse_order_of_dependencies(engine):
    def program():
        a = Thing("a")
        b = Thing("b", opts=pulumi.ResourceOptions(depends_on=[a]))
        Thing("c", opts=pulumi.ResourceOptions(depends_on=[b]))

    engine.run("up", program)
    assert engine.run("destroy", program).changes == {"delete": 4}
    assert engine.server.calls("delete") == [("delete", "c"), ("delete", "b"), ("delete", "a")]
    assert engine.snapshot.resources == []


def test_a_destroy_without_the_program_works_from_the_state(engine):
    engine.run("up", things(a=1, b=1))
    result = engine.run("destroy", run_program=False)
    assert (result.code, result.changes) == (0, {"delete": 3})
    assert engine.server.objects() == {}


def test_a_previewed_destroy_deletes_nothing(engine):
    engine.run("up", things(a=1))
    result = engine.run("destroy", things(a=1), preview_only=True)
    assert result.changes == {"delete": 2}
    assert list(engine.server.objects()) == ["a"]


def test_a_component_holds_children_and_outputs(engine):
    engine.run("up", lambda: Group("g", "x", "y"))
    child = engine.entry("x")
    assert child.parent == engine.entry("g").urn
    assert child.urn == thing_urn("x", "test:index:Group$")
    assert engine.entry("g").outputs == {"members": ["x", "y"]}
    result = engine.run("up", lambda: Group("g", "x"))
    assert result.changes == {"same": 3, "delete": 1}
    assert engine.entry("g").outputs == {"members": ["x"]}


def test_the_default_provider_is_in_the_state_but_not_counted(engine):
    engine.run("up", things(a=1))
    provider = engine.entry("default")
    assert provider.urn == PROVIDER_URN
    assert engine.entry("a").provider == f"{PROVIDER_URN}::{provider.id}"
    engine.config["proj:more"] = "x"
    assert engine.run("up", things(a=1)).changes == {"same": 2}
    assert engine.entry("default").id == provider.id
    assert engine.entry("default").inputs["proj:more"] == "x"


def test_stamps_tell_when_something_was_made_and_changed(engine):
    engine.run("up", things(a=1))
    first = engine.entry("a")
    engine.run("up", things(a=1))
    assert (engine.entry("a").created, engine.entry("a").modified) == (first.created, first.modified)
    engine.run("up", things(a=2))
    assert engine.entry("a").created == first.created
    assert engine.entry("a").modified > first.modified


def test_numbers_in_the_state_are_integers_where_they_are_integral(engine):
    engine.run("up", lambda: Thing("a", spec={"vlan": 1001, "share": 0.5}))
    assert json.dumps(engine.entry("a").inputs["spec"], sort_keys=True) == '{"share": 0.5, "vlan": 1001}'
    assert type(engine.entry("a").outputs["spec"]["vlan"]) is int


def test_secrets_are_never_in_clear_in_events_or_display(engine):
    engine.config["proj:token"] = "hush-hush"
    engine.secret_keys = frozenset({"proj:token"})

    def program():
        Thing("a", password=pulumi.Output.secret("hush-hush"), spec={"deep": pulumi.Output.secret("hush-hush")})
        pulumi.export("word", pulumi.Output.secret("hush-hush"))

    for kind in ("preview", "up", "up"):
        result = engine.run(kind, program, diff=True)
        assert result.code == 0
        assert "hush-hush" not in json.dumps(result.events)
        assert "hush-hush" not in result.text
    assert engine.entry("a").outputs["password"] == Secret("hush-hush")
    assert engine.entry("a").outputs["spec"] == {"deep": Secret("hush-hush")}
    assert engine.entry("default").inputs["proj:token"] == Secret("hush-hush")
    assert engine.server.objects()["a"]["password"] == "hush-hush"


def test_additional_secret_outputs_are_secret(engine):
    engine.run("up", lambda: Thing("a", opts=pulumi.ResourceOptions(additional_secret_outputs=["uid"])))
    assert isinstance(engine.entry("a").outputs["uid"], Secret)


def test_ignored_changes_are_ignored(engine):
    opts = pulumi.ResourceOptions(ignore_changes=["size"])
    engine.run("up", lambda: Thing("a", size=1, opts=opts))
    assert engine.run("up", lambda: Thing("a", size=2, opts=opts)).changes == {"same": 2}
    assert engine.entry("a").inputs["size"] == 1


def test_options_that_belong_to_a_resource_are_kept(engine):
    def program():
        a = Thing("a")
        options = pulumi.ResourceOptions(
            protect=True,
            retain_on_delete=True,
            deleted_with=a,
            custom_timeouts=pulumi.CustomTimeouts(create="1m30s"),
            replace_on_changes=["kind"],
        )
        Thing("b", opts=options)

    engine.run("up", program)
    entry = engine.entry("b")
    assert (entry.protect, entry.retain_on_delete, entry.deleted_with) == (True, True, thing_urn("a"))
    assert entry.extra == {"customTimeouts": {"create": 90.0}, "replaceOnChanges": ["kind"]}


def test_children_inherit_protection(engine):
    opts = pulumi.ResourceOptions(protect=True)
    engine.run("up", lambda: Group("g", "x", opts=opts))
    assert engine.entry("x").protect
    engine.run("up", lambda: Group("g", "x", opts=opts, child_opts=pulumi.ResourceOptions(protect=False)))
    assert not engine.entry("x").protect


def test_what_is_retained_or_goes_with_another_is_not_deleted_on_the_server(engine):
    def program():
        a = Thing("a")
        Thing("kept", opts=pulumi.ResourceOptions(retain_on_delete=True))
        Thing("carried", opts=pulumi.ResourceOptions(deleted_with=a))

    engine.run("up", program)
    assert engine.run("up", lambda: None).changes == {"same": 1, "delete": 3}
    assert engine.server.calls("delete") == [("delete", "a")]
    assert engine.names() == {"proj-dev"}


def test_a_protected_resource_stays_and_everything_it_needs(engine):
    def program():
        base = Thing("base")
        Thing("guarded", opts=pulumi.ResourceOptions(protect=True, depends_on=[base]))
        Thing("free")

    engine.run("up", program)
    planned = engine.run("preview", lambda: None)
    assert planned.code == 1
    assert any(error.startswith(('error: Preview failed: resource "', 'Preview failed: resource "'))
               for error in planned.errors())  # fmt: skip
    result = engine.run("up", lambda: None)
    assert result.code == 1
    assert [error for error in result.errors() if f'resource "{thing_urn("guarded")}" cannot be deleted' in error]
    assert set(engine.server.objects()) == {"base", "guarded"}
    assert engine.names() == {"proj-dev", "base", "guarded"}


def test_a_destroy_can_leave_protected_resources_alone(engine):
    def program():
        Thing("guarded", opts=pulumi.ResourceOptions(protect=True))
        Thing("free")

    engine.run("up", program)
    result = engine.run("destroy", program, exclude_protected=True)
    assert result.code == 0
    assert set(engine.server.objects()) == {"guarded"}


def test_changes_that_nobody_expected_end_with_their_own_error(engine):
    with pytest.raises(NoChangesExpected, match="no changes were expected for update"):
        engine.run("up", things(a=1), expect_no_changes=True)
    assert engine.run("up", things(a=1), expect_no_changes=True).code == 0


def test_events_tell_the_whole_story_in_order(engine):
    result = engine.run("up", things(a=1))
    assert [event["sequence"] for event in result.events] == list(range(len(result.events)))
    keys = [next(key for key in event if key not in ("sequence", "timestamp")) for event in result.events]
    assert keys[0] == "preludeEvent"
    assert keys[-2:] == ["summaryEvent", "cancelEvent"]
    assert keys.count("resourcePreEvent") == 3
    stack = [event["metadata"] for event in result.of("resOutputsEvent")][-1]
    assert (stack["urn"], stack["op"]) == (STACK_URN, "create")


def test_history_is_recorded_for_what_changes_things_only(engine):
    assert engine.run("preview", things(a=1)).history == []
    [entry] = engine.run("up", things(a=1)).history
    assert (entry["result"], entry["changes"]) == ("succeeded", {"create": 2})


def test_a_preview_as_json_is_one_document(engine):
    engine.run("up", things(a=1, b=1))
    result = engine.run("preview", things(a=2, b=1), json=True)
    document = json.loads(result.text)
    assert [(step["op"], step["urn"]) for step in document["steps"]] == [
        ("same", STACK_URN),
        ("update", thing_urn("a")),
    ]
    assert document["steps"][1]["detailedDiff"] == {"size": {"diffKind": "update", "inputDiff": True}}
    assert document["changeSummary"] == {"same": 2, "update": 1}
