"""Naming, comparing and resetting along property paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine import paths
from embedded.engine.values import UNKNOWN, Secret

STEPS = st.lists(st.one_of(st.text(min_size=1, max_size=6), st.integers(0, 9)), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (("a",), "a"),
        (("a", "b"), "a.b"),
        (("l", 1), "l[1]"),
        (("l", 1, "x"), "l[1].x"),
        (("labels", "a.b/c"), 'labels["a.b/c"]'),
        (("x", 'q"t'), 'x["q\\"t"]'),
    ],
)
def test_a_path_is_written_as_people_write_it(path, written):
    assert paths.text(path) == written


@given(STEPS.filter(lambda steps: isinstance(steps[0], str) and "*" not in steps))
def test_a_written_path_reads_back(steps):
    assert paths.parse(paths.text(tuple(steps))) == tuple(steps)


@pytest.mark.parametrize("written", ["", "a[", "a..b", "[x]", 'a["b'])
def test_a_path_that_cannot_be_read_is_none(written):
    assert paths.parse(written) is None


EQUAL = [
    (1, 1.0, True),
    (1, True, False),
    (0, False, False),
    ("a", Secret("a"), True),
    (Secret("a"), Secret("b"), False),
    ({"a": [1]}, {"a": [1.0]}, True),
    ({"a": 1}, {"a": 1, "b": None}, False),
    ([], {}, False),
    (None, {}, False),
    (UNKNOWN, UNKNOWN, False),
]


@pytest.mark.parametrize(("old", "new", "same"), EQUAL)
def test_equal_is_about_property_values(old, new, same):
    assert paths.equal(old, new) is same


def test_identical_sees_where_secrets_are():
    assert paths.equal({"a": {"b": "x"}}, {"a": {"b": Secret("x")}})
    assert not paths.identical({"a": {"b": "x"}}, {"a": {"b": Secret("x")}})


DIFFS = [
    ({}, {"a": {"b": 1}}, {"a": "add"}),
    ({"a": {"b": 1}}, {}, {"a": "delete"}),
    ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "d": 4}}, {"a.b": "update", "a.c": "delete", "a.d": "add"}),
    ({"l": [1, 2]}, {"l": [1, 3, 4]}, {"l[1]": "update", "l[2]": "add"}),
    ({"l": [{"x": 1}]}, {"l": [{"x": 2}]}, {"l[0].x": "update"}),
    ({"a": {"b": 1}}, {"a": [1]}, {"a": "update"}),
    ({"a": "x"}, {"a": Secret("x")}, {}),
    ({"a": Secret({"b": 1})}, {"a": {"b": 2}}, {"a.b": "update"}),
    ({"a": 1}, {"a": UNKNOWN}, {"a": "update"}),
    ({"vlan": 1001.0}, {"vlan": 1001}, {}),
]


@pytest.mark.parametrize(("old", "new", "found"), DIFFS)
def test_a_difference_is_named_where_it_is(old, new, found):
    assert paths.diff(old, new) == found


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


@given(OBJECTS, OBJECTS)
def test_no_difference_means_equal_and_the_other_way_round(old, new):
    assert (paths.diff(old, new) == {}) is paths.equal(old, new)


@given(OBJECTS, OBJECTS)
def test_swapping_the_sides_swaps_additions_and_deletions(old, new):
    swapped = {"add": "delete", "delete": "add", "update": "update"}
    assert paths.diff(new, old) == {path: swapped[kind] for path, kind in paths.diff(old, new).items()}


RESETS = [
    ({"a": 1}, {"a": 2}, "a", {"a": 1}),
    ({}, {"a": 2, "b": 3}, "a", {"b": 3}),
    ({"a": {"x": 1}}, {"a": {"x": 2, "y": 3}}, "a.x", {"a": {"x": 1, "y": 3}}),
    ({"l": [1, 2]}, {"l": [3, 4]}, "l[1]", {"l": [3, 2]}),
    ({"l": [{"x": 1}, {"x": 2}]}, {"l": [{"x": 3}, {"x": 4}]}, "l[*].x", {"l": [{"x": 1}, {"x": 2}]}),
    ({"a": {"x": 1, "y": 2}}, {"a": {"x": 3}}, "a.*", {"a": {"x": 1, "y": 2}}),
    ({"a": Secret({"x": 1})}, {"a": Secret({"x": 2})}, "a.x", {"a": Secret({"x": 1})}),
    ({"a": 1}, {"a": 2}, "b.c", {"a": 2}),
    ({"a": {"x": 1}}, {"a": "text"}, "a.x", None),
]


@pytest.mark.parametrize(("old", "new", "path", "result"), RESETS)
def test_an_ignored_path_gets_its_old_value(old, new, path, result):
    steps = paths.parse(path)
    assert steps is not None
    assert paths.reset(old, new, steps) == result


def test_resetting_leaves_its_arguments_alone():
    old, new = {"a": {"x": 1}}, {"a": {"x": 2}}
    paths.reset(old, new, ("a", "x"))
    assert (old, new) == ({"a": {"x": 1}}, {"a": {"x": 2}})


def test_looking_up_inside_a_secret_stays_secret():
    assert paths.lookup_marked({"a": Secret({"b": "pw"})}, ("a", "b")) == Secret("pw")
    assert paths.lookup_marked({"a": 1}, ("a", "b")) is None
