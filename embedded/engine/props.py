"""Property values on the wire: protobuf Structs to the values of `values` and back (engine-contract §2.4).

Secrets, unknowns, resource references and output values travel as marked objects. The wire has only doubles;
integral ones become ints here, because files and diffs would churn otherwise. Assets and archives stay marked
objects: this engine stores them as they came and refuses to hand them to a provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.struct_pb2 import Struct, Value  # type: ignore[attr-defined]  # generated at import; no stubs

from embedded.engine.property_json import ARCHIVE, ASSET, RESOURCE, SECRET, SIGNATURE, UNKNOWN_TEXT
from embedded.engine.values import UNKNOWN, ResourceRef, Secret, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

_EXACT = 2.0**53
"""Above this a double no longer names one integer, so it stays a float."""


def number(value: float) -> int | float:
    """An integral double as an int, any other as it is."""
    return int(value) if value.is_integer() and -_EXACT <= value <= _EXACT else value


def from_struct(struct: Struct) -> dict[str, Any]:
    """The properties of a Struct; one that is itself a marked object is never a property bag."""
    return {key: from_value(value) for key, value in struct.fields.items()}


def from_value(value: Value) -> Any:
    """One value of the wire; an unset kind reads as null, as protobuf says."""
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            return UNKNOWN if text == UNKNOWN_TEXT else text
        case "number_value":
            return number(value.number_value)
        case "bool_value":
            return value.bool_value
        case "struct_value":
            fields = value.struct_value.fields
            plain = {key: from_value(item) for key, item in fields.items()}
            return _marked(plain) if SIGNATURE in plain else plain
        case "list_value":
            return [from_value(item) for item in value.list_value.values]
        case _:
            return None


def _marked(plain: dict[str, Any]) -> Any:
    match plain[SIGNATURE]:
        case str() as mark if mark == SECRET:
            inner = plain.get("value")
            return inner if isinstance(inner, Secret) else Secret(inner)
        case str() as mark if mark == RESOURCE:
            return ResourceRef(str(plain.get("urn", "")), plain.get("id"), str(plain.get("packageVersion", "")))
        case str() as mark if mark == OUTPUT_VALUE:
            inner = plain.get("value", UNKNOWN)
            return Secret(inner) if plain.get("secret") and not isinstance(inner, Secret) else inner
        case _:
            return plain


def to_struct(properties: Mapping[str, Any]) -> Struct:
    """Properties as a Struct, with secrets, unknowns and references marked."""
    struct = Struct()
    fields = struct.fields
    for key, value in properties.items():
        fill_value(fields[key], value)
    return struct


def fill_value(target: Value, value: Any) -> None:
    """Set one wire value.

    Raises TypeError for a value that no property can hold.
    """
    match value:
        case str():
            target.string_value = value
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = value
        case None:
            target.null_value = 0
        case dict():
            _fill_object(target, value)
        case list() | tuple():
            _fill_list(target, value)
        case Unknown():
            target.string_value = UNKNOWN_TEXT
        case Secret(inner):
            _fill_object(target, {SIGNATURE: SECRET, "value": inner})
        case ResourceRef():
            _fill_object(target, _reference(value))
        case _:
            raise TypeError(f"a property cannot hold a {type(value).__name__}")


def _fill_object(target: Value, value: Mapping[str, Any]) -> None:
    target.struct_value.SetInParent()
    fields = target.struct_value.fields
    for key, item in value.items():
        fill_value(fields[key], item)


def _fill_list(target: Value, items: list[Any] | tuple[Any, ...]) -> None:
    target.list_value.SetInParent()
    values = target.list_value.values
    for item in items:
        fill_value(values.add(), item)


def _reference(reference: ResourceRef) -> dict[str, Any]:
    plain: dict[str, Any] = {SIGNATURE: RESOURCE, "urn": reference.urn}
    if reference.id is not None:
        plain["id"] = reference.id
    if reference.package_version:
        plain["packageVersion"] = reference.package_version
    return plain


def is_asset(value: Any) -> bool:
    """Whether a value is an asset or archive, which stay marked objects."""
    return isinstance(value, dict) and value.get(SIGNATURE) in (ASSET, ARCHIVE)
