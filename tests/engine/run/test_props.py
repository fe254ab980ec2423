"""Property values over the wire, and to and from providers."""

from __future__ import annotations

import enum

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import Unknown as SdkUnknown

from embedded.engine import props
from embedded.engine.errors import NotSupported
from embedded.engine.property_json import ASSET, SECRET, SIGNATURE, UNKNOWN_TEXT
from embedded.engine.provider_values import from_provider, to_provider
from embedded.engine.values import UNKNOWN, ResourceRef, Secret

KEYS = st.text(max_size=5).filter(lambda key: key != SIGNATURE)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False).map(props.number)
    | st.text(max_size=5).filter(lambda text: text != UNKNOWN_TEXT)
    | st.just(UNKNOWN)
    | st.builds(ResourceRef, st.text(min_size=1), st.none() | st.text(max_size=3), st.text(max_size=3))
)
PLAIN = st.recursive(LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=3), max_leaves=8)
VALUES = st.recursive(
    LEAVES | PLAIN.map(Secret),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_goes_over_the_wire_comes_back(properties):
    assert props.from_struct(props.to_struct(properties)) == properties


@given(st.integers(-(2**53), 2**53))
def test_an_integral_number_is_an_int(value):
    found = props.from_struct(props.to_struct({"n": float(value)}))["n"]
    assert type(found) is int


def test_a_number_too_large_to_name_one_integer_stays_a_float():
    assert type(props.number(2.0**60)) is float


def test_an_output_value_is_its_value_or_unknown():
    struct = Struct()
    struct.update({"known": {SIGNATURE: props.OUTPUT_VALUE, "value": 1, "secret": True}})
    struct.update({"open": {SIGNATURE: props.OUTPUT_VALUE}})
    assert props.from_struct(struct) == {"known": Secret(1), "open": UNKNOWN}


def test_a_secret_in_a_secret_is_one_secret():
    struct = Struct()
    struct.update({"s": {SIGNATURE: SECRET, "value": {SIGNATURE: SECRET, "value": "x"}}})
    assert props.from_struct(struct) == {"s": Secret("x")}


def test_what_no_property_can_hold_is_refused():
    with pytest.raises(TypeError, match="a property cannot hold a set"):
        props.to_struct({"a": {1, 2}})


def test_a_provider_sees_floats_and_clear_secrets_and_no_nulls():
    given_values = {
        "n": 1,
        "b": True,
        "s": Secret({"pw": "x", "none": None}),
        "l": [None, 2],
        "r": ResourceRef("u", "i"),
    }
    found = to_provider(given_values, keep_unknowns=True)
    assert found == {"n": 1.0, "b": True, "s": {"pw": "x"}, "l": [None, 2.0], "r": "i"}
    assert type(found["n"]) is float
    assert found["b"] is True


def test_unknowns_are_kept_for_check_and_diff_and_left_out_elsewhere():
    kept = to_provider({"a": UNKNOWN, "b": {"c": UNKNOWN}}, keep_unknowns=True)
    assert isinstance(kept["a"], SdkUnknown)
    assert isinstance(kept["b"]["c"], SdkUnknown)
    assert to_provider({"a": UNKNOWN, "b": {"c": UNKNOWN}}, keep_unknowns=False) == {"b": {}}


def test_an_asset_is_refused_by_name():
    with pytest.raises(NotSupported, match="an asset or archive"):
        to_provider({"a": {SIGNATURE: ASSET, "text": "x"}}, keep_unknowns=True)


class Colour(enum.StrEnum):
    RED = "red"


def test_what_a_provider_returns_becomes_plain_values():
    found = from_provider(
        {"n": 2.0, "t": (1, "x"), "none": None, "o": {"none": None}, "e": Colour.RED, "u": SdkUnknown()}
    )
    assert found == {"n": 2, "t": [1, "x"], "o": {"none": None}, "e": "red", "u": UNKNOWN}
    assert type(found["e"]) is str


def test_a_provider_that_returns_no_property_value_is_told():
    with pytest.raises(TypeError, match="property names are strings"):
        from_provider({"a": {1: 2}})
