"""State files: every version is read, nothing is lost on the way through, secrets stay sealed (engine-contract §5.2)."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine import checkpoint, property_json
from embedded.engine.errors import IntegrityError, StateError
from embedded.engine.state import PendingOperation, Resource, Snapshot
from embedded.engine.values import UNKNOWN, ResourceRef, Secret
from tests.engine.files.laws import law

SIGNATURE = property_json.SIGNATURE


def seal(text: str, _place: str) -> dict[str, str]:
    return {"ciphertext": f"sealed:{text}"}


def unseal(ciphertext: str, _place: str) -> str:
    return ciphertext.removeprefix("sealed:")


def through(snapshot: Snapshot) -> Snapshot:
    return checkpoint.load(checkpoint.parse(checkpoint.dump(snapshot, "organization/p/s", seal)), unseal)


TEXTS = st.sampled_from(["", "a", "b", "k.x[0]", "<é>", '"', "\\", "\u2028", "\x00", "😀", "1"])
NAMES = TEXTS.filter(bool)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | TEXTS
    | st.just(UNKNOWN)
    | st.builds(ResourceRef, TEXTS, st.none() | TEXTS, TEXTS)
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2)


INNER = st.recursive(LEAVES, nested, max_leaves=3)
BAGS = st.dictionaries(TEXTS, st.recursive(INNER | INNER.map(Secret), nested, max_leaves=3), max_size=2)
URNS = st.sampled_from([[], ["u"], ["u", "v"]])
FLAGS = st.booleans()
RESOURCES = st.builds(
    Resource,
    urn=NAMES,
    type=NAMES,
    custom=FLAGS,
    id=TEXTS,
    inputs=BAGS,
    outputs=BAGS,
    parent=TEXTS,
    dependencies=URNS,
    property_dependencies=st.sampled_from([{}, {"k": []}, {"k": ["u"], "l": []}]),
    provider=TEXTS,
    protect=FLAGS,
    external=FLAGS,
    delete=FLAGS,
    retain_on_delete=FLAGS,
    deleted_with=TEXTS,
    replace_with=URNS,
    pending_replacement=FLAGS,
    init_errors=URNS,
    additional_secret_outputs=URNS,
    aliases=URNS,
    created=TEXTS,
    modified=TEXTS,
    source_position=TEXTS,
    extra=st.sampled_from(
        [
            {},
            {"customTimeouts": {"create": 60}, "taint": True},
            {"replacementTrigger": Secret([1]), "someday": {"a": [1, None]}},
            {"stackTrace": [{"sourcePosition": "p"}], "resourceHooks": {"BeforeCreate": ["h"]}},
        ]
    ),
)


@law
@given(st.lists(RESOURCES, max_size=3), st.lists(RESOURCES, max_size=1))
def test_a_state_comes_back_as_it_went(resources: list[Resource], unfinished: list[Resource]) -> None:
    snapshot = Snapshot(
        resources=resources,
        pending_operations=[PendingOperation("creating", resource) for resource in unfinished],
        secrets_provider={"type": "passphrase", "state": {"salt": "v1:s"}},
        metadata={"integrity_error": {"version": "x"}},
        extra={"someday": [1]},
    )
    back = through(snapshot)
    back.time, back.features = snapshot.time, snapshot.features
    assert back == snapshot


@law
@given(st.lists(RESOURCES, max_size=3))
def test_no_secret_stands_in_clear(resources: list[Resource]) -> None:
    for resource in resources:
        resource.inputs = {"k": Secret({"deep": ["t0p secret", Secret("t0p secret")]})}
        resource.outputs, resource.extra = {}, {}
    data = checkpoint.dump(Snapshot(resources), "s", lambda _text, _place: {"ciphertext": "sealed"})
    assert b"t0p" not in data


def test_numbers_that_json_lacks_survive() -> None:
    values = {"n": math.nan, "i": math.inf, "m": -math.inf}
    back = through(Snapshot([Resource("u", "t", custom=True, inputs=values)])).resources[0].inputs
    assert math.isnan(back["n"])
    assert (back["i"], back["m"]) == (math.inf, -math.inf)


def test_integral_doubles_have_no_fraction_in_the_file() -> None:
    data = checkpoint.dump(
        Snapshot([Resource("u", "t", custom=True, inputs={"a": 1.0, "b": 1e20, "c": 1.5})]), "s", seal
    )
    assert b'"inputs":{"a":1,"b":100000000000000000000,"c":1.5}' in data


def test_the_file_is_compact_and_unescaped_and_in_the_order_of_the_cli() -> None:
    resource = Resource("u", "t", custom=True, id="i", outputs={"z": "<é>", "a": 1}, parent="p", provider="v::1")
    data = checkpoint.dump(Snapshot([resource]), "organization/p/s", seal).decode()
    assert (
        '{"urn":"u","custom":true,"id":"i","type":"t","outputs":{"a":1,"z":"<é>"},"parent":"p","provider":"v::1"}'
        in data
    )
    assert data.startswith('{"version":3,"checkpoint":{"stack":"organization/p/s","latest":{"manifest":{"time":"')


def test_the_magic_is_the_digest_of_the_version() -> None:
    latest = json.loads(checkpoint.dump(Snapshot(), "s", seal))["checkpoint"]["latest"]
    assert latest["manifest"]["version"] == "v3.272.0"
    assert latest["manifest"]["magic"] == hashlib.sha256(b"v3.272.0").hexdigest()


def test_a_wrong_magic_is_refused() -> None:
    document = json.loads(checkpoint.dump(Snapshot(), "s", seal))
    document["checkpoint"]["latest"]["manifest"]["magic"] = "0" * 64
    with pytest.raises(IntegrityError, match="magic"):
        checkpoint.load(checkpoint.parse(json.dumps(document).encode()), unseal)


FEATURES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"replace_with": ["u"]}, ["replaceWith"]),
    ({"extra": {"resourceHooks": {"BeforeCreate": ["h"]}}}, ["hooks"]),
    ({"extra": {"taint": True, "refreshBeforeUpdate": True}}, ["refreshBeforeUpdate", "taint"]),
    ({"extra": {"taint": False}}, []),
    ({"extra": {"viewOf": "u"}}, ["views"]),
    ({"extra": {"extensionRef": "e"}}, ["extensionParameterization"]),
]


@pytest.mark.parametrize(("fields", "features"), FEATURES, ids=[str(row[1]) for row in FEATURES])
def test_features_raise_the_version(fields: dict[str, Any], features: list[str]) -> None:
    document = json.loads(checkpoint.dump(Snapshot([Resource("u", "t", custom=True, **fields)]), "s", seal))
    assert (document["version"], document.get("features", [])) == (4 if features else 3, features)


def test_a_declared_byte_string_feature_stays() -> None:
    snapshot = Snapshot(features=("byteString", "taint"))
    assert checkpoint.deployment_of(snapshot, seal)[:2] == (4, ["byteString"])


OLD = {"urn": "u", "custom": True, "type": "t", "inputs": {"a": 1}, "defaults": {"b": 2}, "dependencies": ["d"]}


@pytest.mark.parametrize(
    "document",
    [
        {"latest": {"resources": [OLD]}},
        {"version": 1, "checkpoint": {"latest": {"resources": [OLD]}}},
        {"version": 2, "checkpoint": {"latest": {"resources": [{k: v for k, v in OLD.items() if k != "defaults"}]}}},
    ],
    ids=["unversioned", "1", "2"],
)
def test_old_versions_are_brought_up(document: dict[str, Any]) -> None:
    (resource,) = checkpoint.load(checkpoint.parse(json.dumps(document).encode()), unseal).resources
    assert resource.property_dependencies == {"a": ["d"]}
    assert "defaults" not in resource.extra


def test_a_stack_without_any_state_is_read() -> None:
    document = checkpoint.parse(b'{"version":3,"checkpoint":{"stack":"organization/p/s"}}')
    assert checkpoint.load(document, unseal) == Snapshot()


BAD: list[tuple[bytes, str]] = [
    (b"{", "no valid JSON"),
    (b"[]", "no JSON object"),
    (b'{"version":5,"checkpoint":{}}', "version 5"),
    (b'{"version":4,"features":["taint","dance"],"checkpoint":{}}', "dance"),
    (b'{"version":4,"features":[],"checkpoint":{"latest":{"snippets":[{"uuid":"1"}]}}}', "snippets"),
]


@pytest.mark.parametrize(("data", "reason"), BAD, ids=[row[1] for row in BAD])
def test_a_state_that_cannot_be_understood_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(StateError, match=reason):
        checkpoint.parse(data)


BAD_VALUES: list[tuple[Any, str]] = [
    ({SIGNATURE: "what"}, "unknown signature"),
    ({SIGNATURE: property_json.SECRET}, "malformed"),
    ({SIGNATURE: property_json.SECRET, "plaintext": "1", "ciphertext": "1"}, "malformed"),
    ({SIGNATURE: property_json.SECRET, "plaintext": "{"}, "malformed"),
    ({SIGNATURE: property_json.RESOURCE}, "malformed"),
    ({SIGNATURE: property_json.FLOAT, "value": "xyz"}, "malformed"),
]


@pytest.mark.parametrize(("value", "reason"), BAD_VALUES)
def test_a_malformed_value_is_refused_with_its_place(value: Any, reason: str) -> None:
    entry = {"urn": "u", "type": "t", "inputs": {"a": [value]}}
    with pytest.raises(StateError, match=reason) as caught:
        checkpoint.decode_resource(entry, unseal)
    assert "u|inputs.a[0]" in str(caught.value)


def test_assets_pass_through_word_for_word() -> None:
    asset = {SIGNATURE: property_json.ASSET, "hash": "h", "text": "t"}
    back = through(Snapshot([Resource("u", "t", custom=True, inputs={"a": asset})]))
    assert back.resources[0].inputs["a"] == asset


def test_a_secret_inside_a_secret_is_sealed_once() -> None:
    encoded = property_json.encode(Secret({"a": Secret(1)}), seal)
    assert encoded == {SIGNATURE: property_json.SECRET, "ciphertext": 'sealed:{"a":1}'}


def test_kinds_of_text_list_and_mapping_count_as_such() -> None:
    import enum

    class Word(enum.StrEnum):
        A = "a"

    class Table(dict[str, int]):
        pass

    assert property_json.dumps(property_json.encode({"w": Word.A, "t": Table(x=1), "l": (1, Word.A)}, seal)) == (
        '{"l":[1,"a"],"t":{"x":1},"w":"a"}'
    )
    with pytest.raises(TypeError):
        property_json.encode({"x": object()}, seal)
