"""The decision core as tables."""

from __future__ import annotations

import pytest

from embedded.engine.secrecy import mark_secrets
from embedded.engine.state import Resource
from embedded.engine.steps import DiffAnswer, Goal, Op, decide, ignored, preview_outputs
from embedded.engine.values import UNKNOWN, Secret

URN = "urn:pulumi:dev::proj::pulumi-python:dynamic:Resource::r"


def old(**fields):
    return Resource(urn=URN, type="pulumi-python:dynamic:Resource", custom=True, id="i", **fields)


def goal(**fields):
    return Goal(urn=URN, type="pulumi-python:dynamic:Resource", name="r", custom=True, **fields)


INPUTS = {"a": 1, "o": {"x": 1, "y": 2}}
ASK_ENGINE = DiffAnswer(None)

CASES = [
    # old entry, goal options, checked inputs, the provider's answer -> operation, differing paths, keys of a replace
    ("new", None, {}, INPUTS, None, Op.CREATE, None, ()),
    ("equal", old(inputs=INPUTS), {}, INPUTS, ASK_ENGINE, Op.SAME, None, ()),
    ("float", old(inputs=INPUTS), {}, {"a": 1.0, "o": {"x": 1, "y": 2.0}}, ASK_ENGINE, Op.SAME, None, ()),
    ("secret", old(inputs=INPUTS), {}, {**INPUTS, "a": Secret(1)}, ASK_ENGINE, Op.SAME, None, ()),
    ("changed", old(inputs=INPUTS), {}, {**INPUTS, "a": 2}, ASK_ENGINE, Op.UPDATE, {"a": "update"}, ()),
    ("nested", old(inputs=INPUTS), {}, {"a": 1, "o": {"x": 1}}, ASK_ENGINE, Op.UPDATE, {"o.y": "delete"}, ()),
    ("unknown", old(inputs=INPUTS), {}, {**INPUTS, "a": UNKNOWN}, ASK_ENGINE, Op.UPDATE, {"a": "update"}, ()),
    ("provider says no", old(inputs=INPUTS), {}, {"a": 9}, DiffAnswer(False), Op.SAME, None, ()),
    ("no wins over replaces", old(inputs=INPUTS), {}, {"a": 9}, DiffAnswer(False, ("a",)), Op.SAME, None, ()),
    ("provider says yes", old(inputs=INPUTS), {}, INPUTS, DiffAnswer(True), Op.UPDATE, None, ()),
    ("provider replaces", old(inputs=INPUTS), {}, INPUTS, DiffAnswer(True, ("a",)), Op.REPLACE, None, ("a",)),
    ("asked and replaces", old(inputs={"a": 1}), {}, {"a": 2}, DiffAnswer(None, ("a",)), Op.REPLACE, {"a": "update"}, ("a",)),
    ("equal ignores replaces", old(inputs={"a": 1}), {}, {"a": 1}, DiffAnswer(None, ("a",)), Op.SAME, None, ()),
    ("replaceOnChanges", old(inputs={"a": 1}), {"replace_on_changes": ("a",)}, {"a": 2}, ASK_ENGINE, Op.REPLACE,
     {"a": "update"}, ("a",)),
    ("replaceOnChanges elsewhere", old(inputs={"a": 1}), {"replace_on_changes": ("b",)}, {"a": 2}, ASK_ENGINE, Op.UPDATE,
     {"a": "update"}, ()),
    ("replaceOnChanges any", old(inputs={"l": [1]}), {"replace_on_changes": ("*",)}, {"l": [2]}, ASK_ENGINE, Op.REPLACE,
     {"l[0]": "update"}, ("l[0]",)),
    ("init errors", old(inputs=INPUTS, init_errors=["half"]), {}, INPUTS, ASK_ENGINE, Op.UPDATE, None, ()),
    ("init errors, no diff", old(inputs=INPUTS, init_errors=["half"]), {}, INPUTS, DiffAnswer(False), Op.UPDATE, None, ()),
    ("half replaced", old(inputs=INPUTS, pending_replacement=True), {}, INPUTS, None, Op.REPLACE, None, ()),
    ("tainted", old(inputs=INPUTS, extra={"taint": True}), {}, INPUTS, None, Op.REPLACE, None, ("id",)),
    ("trigger changed", old(inputs=INPUTS, extra={"replacementTrigger": 1}), {"replacement_trigger": 2}, INPUTS,
     DiffAnswer(False), Op.REPLACE, None, ()),
    ("trigger equal", old(inputs=INPUTS, extra={"replacementTrigger": Secret(1)}), {"replacement_trigger": 1.0}, INPUTS,
     DiffAnswer(False), Op.SAME, None, ()),
    ("trigger new", old(inputs=INPUTS), {"replacement_trigger": 1}, INPUTS, DiffAnswer(False), Op.SAME, None, ()),
    ("trigger unknown", old(inputs=INPUTS), {"replacement_trigger": UNKNOWN}, INPUTS, DiffAnswer(False), Op.REPLACE,
     None, ()),
    ("only read so far", old(inputs=INPUTS, external=True), {}, INPUTS, None, Op.REPLACE, None, ()),
    ("the pickle counts", old(inputs={"__provider": "x"}), {}, {"__provider": "y"}, ASK_ENGINE, Op.UPDATE,
     {"__provider": "update"}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "options", "inputs", "answer", "op", "detailed", "keys"), CASES)
def test_the_step_follows_from_entry_goal_and_answer(name, before, options, inputs, answer, op, detailed, keys):
    decision = decide(before, goal(**options), inputs, answer)
    assert (decision.op, decision.detailed, decision.replace_keys) == (op, detailed, keys)


ALONG = [
    ({"replace_with": ("x",)}, frozenset({"x"}), Op.REPLACE, ("replaceWith",)),
    ({"deleted_with": "x"}, frozenset({"x"}), Op.REPLACE, ("deletedWith",)),
    ({"replace_with": ("x",)}, frozenset({"y"}), Op.SAME, ()),
]


@pytest.mark.parametrize(("options", "replaced", "op", "keys"), ALONG)
def test_a_resource_goes_along_with_those_it_names(options, replaced, op, keys):
    decision = decide(old(inputs=INPUTS), goal(**options), INPUTS, ASK_ENGINE, replaced)
    assert (decision.op, decision.replace_keys) == (op, keys)


def test_the_differing_keys_are_the_top_level_ones():
    assert decide(old(inputs=INPUTS), goal(), {"a": 2, "o": {}, "n": 1}, ASK_ENGINE).diffs == ("a", "n", "o")


@pytest.mark.parametrize(
    ("option", "provider", "result"),
    [(None, True, True), (None, False, False), (True, False, True), (False, True, False)],
)
def test_the_option_overrides_the_provider_on_deleting_first(option, provider, result):
    answer = DiffAnswer(True, ("a",), provider)
    decision = decide(old(inputs=INPUTS), goal(delete_before_replace=option), INPUTS, answer)
    assert decision.delete_before_replace is result


def test_a_component_is_compared_by_its_inputs():
    component = Resource(urn=URN, type="my:Comp", custom=False)
    wanted = Goal(urn=URN, type="my:Comp", name="r", custom=False)
    assert decide(component, wanted, {}, None).op is Op.SAME
    assert decide(component, wanted, {"a": 1}, None).op is Op.UPDATE


def test_ignored_paths_keep_their_old_values_and_wrong_ones_do_nothing():
    before = old(inputs={"a": 1, "o": {"x": 1}})
    assert ignored({"a": 2, "o": {"x": 2, "y": 3}}, before, ("a", "o.x", "nowhere.z", "[")) == {
        "a": 1,
        "o": {"x": 1, "y": 3},
    }
    assert ignored({"a": 2}, None, ("a",)) == {"a": 2}


def test_a_preview_assumes_old_outputs_when_nothing_changes_and_new_inputs_otherwise():
    before = old(inputs={"a": 1}, outputs={"a": 1, "uid": "u"})
    same = decide(before, goal(), {"a": 1}, ASK_ENGINE)
    update = decide(before, goal(), {"a": 2}, ASK_ENGINE)
    assert preview_outputs(same, before, {"a": 1}) == {"a": 1, "uid": "u"}
    assert preview_outputs(update, before, {"a": 2}) == {"a": 2}


MARKS = [
    ({"pw": "x"}, {"pw": Secret("x")}, {"pw": Secret("x")}),
    ({"o": {"pw": "x", "n": 1}}, {"o": {"pw": Secret("x")}}, {"o": {"pw": Secret("x"), "n": 1}}),
    ({"l": ["x"]}, {"l": [Secret("x")]}, {"l": Secret(["x"])}),
    ({"other": "x"}, {"pw": Secret("x")}, {"other": "x"}),
]


@pytest.mark.parametrize(("result", "request_", "marked"), MARKS)
def test_secrets_are_marked_again_by_name(result, request_, marked):
    assert mark_secrets(result, request_) == marked


def test_additional_secret_outputs_are_marked_too():
    assert mark_secrets({"a": 1, "b": 2}, {}, ("b", "c")) == {"a": 1, "b": Secret(2)}
