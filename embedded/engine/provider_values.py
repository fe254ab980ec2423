"""Property values as a Python dynamic provider sees them, and back.

The stock provider host puts gRPC and the SDK's own (de)serialisation between engine and provider. This module has the
same effect in one step (engine-contract §2.4, §3): secrets in clear, every number a float, nulls gone from objects,
resource references as their id. Values that are not plain on the way back (enums, outputs) go through the SDK.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pulumi.output import Unknown as SdkUnknown
from pulumi.runtime import rpc

from embedded.engine import props
from embedded.engine.errors import NotSupported
from embedded.engine.property_json import SIGNATURE, UNKNOWN_TEXT
from embedded.engine.values import UNKNOWN, ResourceRef, Secret, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

_ABSENT = object()


def to_provider(properties: Mapping[str, Any], *, keep_unknowns: bool) -> dict[str, Any]:
    """Properties as a provider gets them; unknowns are SDK Unknowns, or left out.

    Raises NotSupported for assets and archives.
    """
    return _object(properties, keep_unknowns)


def _object(value: Mapping[str, Any], keep: bool) -> dict[str, Any]:
    found = {}
    for key, item in value.items():
        given = _give(item, keep)
        if given is not None and given is not _ABSENT:
            found[key] = given
    return found


def _give(value: Any, keep: bool) -> Any:
    match value:
        case str() | bool() | None:
            return value
        case int() | float():
            return float(value)
        case dict():
            if props.is_asset(value):
                raise NotSupported("an asset or archive as a property of a dynamic resource")
            return _object(value, keep)
        case list():
            return [None if item is _ABSENT else item for item in (_give(item, keep) for item in value)]
        case Secret(inner):
            return _give(inner, keep)
        case Unknown():
            return SdkUnknown() if keep else _ABSENT  # type: ignore[no-untyped-call]
        case ResourceRef():
            return _give(value.urn if value.id is None else value.id, keep)
        case _:
            raise TypeError(f"a property cannot hold a {type(value).__name__}")


def from_provider(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What a provider returned as property values; top-level nulls do not count.

    Raises whatever the SDK raises for a value that no property can hold.
    """
    found = {}
    for key, item in properties.items():
        taken = _take(item)
        if taken is not None:
            found[_key(key)] = taken
    return found


def _take(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return UNKNOWN if value == UNKNOWN_TEXT else value
    if kind is bool or value is None:
        return value
    if kind is int or kind is float:
        return props.number(float(value))
    if kind is dict:
        if SIGNATURE in value:
            return _through_sdk(value)
        return {_key(key): _take(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [_take(item) for item in value]
    if isinstance(value, SdkUnknown):
        return UNKNOWN
    return _through_sdk(value)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the key {key!r} of an object is a {type(key).__name__}; property names are strings")
    return key


def _through_sdk(value: Any) -> Any:
    async def serialize() -> Any:
        return await rpc.serialize_property(value, [], None)

    plain = asyncio.run(serialize())
    return props.from_struct(props.to_struct({"value": plain})).get("value")
