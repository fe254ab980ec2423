"""The laws of the difference, and of the overlay that makes drift visible where it is."""

from __future__ import annotations

import pytest
from hypothesis import given

from providers.core.diff import FieldChange, changes, overlay, patch
from providers.core.equality import MISSING, canonical, same
from providers.core.field_path import dotted
from tests.support.strategies import specs, values


@given(values)
def test_nothing_differs_from_itself(value):
    assert changes(value, value) == []


@given(specs, specs)
def test_patching_with_the_difference_gives_the_other_value(old, new):
    assert patch(old, changes(old, new)) == canonical(new)


@given(values, values)
def test_same_values_have_one_canonical_form(left, right):
    if same(left, right):
        assert canonical([left]) == canonical([right])


def test_empty_elements_of_a_list_are_equal_whatever_their_form():
    assert patch({"l": [None]}, changes({"l": [None]}, {"l": [[]]})) == canonical({"l": [{}]})


@given(specs, specs)
def test_no_change_means_same(old, new):
    assert (changes(old, new) == []) == same(old, new)


@given(specs, specs)
def test_an_untouched_server_shows_git_exactly(desired, recorded):
    assert overlay(desired, recorded, recorded) == desired


@given(specs, specs)
def test_on_a_plain_server_the_overlay_is_the_live_value(desired, live):
    assert same(overlay(desired, desired, live), live)


@given(specs, specs, specs)
def test_the_overlay_differs_from_git_when_the_server_moved(desired, recorded, live):
    """Drift is never hidden, unless the server moved to what Git says anyway."""
    shown = overlay(desired, recorded, live)
    if same(desired, recorded) and not same(recorded, live):
        assert not same(shown, desired)


@pytest.mark.parametrize(
    ("desired", "recorded", "live", "shown"),
    [
        pytest.param({"vlan": 1}, {"vlan": 1}, {"vlan": 2}, {"vlan": 2}, id="a changed value shows"),
        pytest.param(
            {"vlan": 1}, {"vlan": 1, "gw": "x"}, {"vlan": 1, "gw": "x"}, {"vlan": 1}, id="a default is silent"
        ),
        pytest.param(
            {"vlan": 1},
            {"vlan": 1, "gw": "x"},
            {"vlan": 1, "gw": "y"},
            {"vlan": 1, "gw": "y"},
            id="a changed default shows",
        ),
        pytest.param({"vlan": 1}, {"vlan": 1}, {}, {}, id="a removed value is gone"),
        pytest.param(
            {"vlan": 1}, {"vlan": 1}, {"vlan": 1, "new": {"a": 1}}, {"vlan": 1, "new": {"a": 1}}, id="an addition shows"
        ),
        pytest.param(
            {"s": {"vlan": 1}},
            {"s": {"vlan": 1, "gw": "x"}},
            {"s": {"vlan": 2, "gw": "x"}},
            {"s": {"vlan": 2}},
            id="only the changed place is replaced, not the default beside it",
        ),
        pytest.param({"l": [1, 2]}, {"l": [1, 2]}, {"l": [1, 3]}, {"l": [1, 3]}, id="an element of a list"),
        pytest.param({"l": [2, 1]}, {"l": [1, 2]}, {"l": [1, 2]}, {"l": [2, 1]}, id="a sorted list is silent"),
        pytest.param({"dhcp": {}}, {}, {}, {"dhcp": {}}, id="empty equals absent"),
        pytest.param({"on": False}, {"on": False}, {}, {}, id="false is not absent"),
        pytest.param(
            {}, {"d": {"mtu": 9036}}, {"d": {"mtu": 1500}}, {"d": {"mtu": 1500}}, id="inside a filled-in mapping"
        ),
        pytest.param(
            {}, {"d": {"mtu": 1, "x": 2}}, {"d": {"mtu": 1}}, {}, id="a filled-in value removed again is not Git's"
        ),
    ],
)
def test_overlay(desired, recorded, live, shown):
    assert overlay(desired, recorded, live) == shown


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("spec", "subnets", "default", "vlan"), "spec.subnets.default.vlan"),
        (("links", 0, "port"), "links[0].port"),
        (("labels", "a.b/c"), 'labels["a.b/c"]'),
    ],
)
def test_paths_read_as_pulumi_prints_them(path, text):
    assert dotted(path) == text


@pytest.mark.parametrize(("left", "right"), [(1, True), (0, False), ("1", 1), ("", None), (False, None)])
def test_values_that_look_alike_are_not_the_same(left, right):
    assert not same({"x": left}, {"x": right})


def test_a_number_that_came_through_pulumi_is_the_same():
    assert same({"vlan": 1001.0}, {"vlan": 1001})


def test_an_absent_side_is_named():
    assert changes({}, {"a": 1}) == [FieldChange(("a",), MISSING, 1)]
