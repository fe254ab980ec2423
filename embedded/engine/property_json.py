"""Property values as they stand in a state file: JSON in which a signature key marks what JSON cannot say.

Secrets are `{SIGNATURE: SECRET, "ciphertext": …}` around the JSON text of the value inside; unknowns are a fixed
text; numbers that JSON lacks are their bits in hexadecimal. Assets, archives and byte strings stay the marked objects
that they are in the file. The signatures are those of engine-contract §2.4 and §5.2.
"""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Any

from embedded.engine.errors import StateError
from embedded.engine.values import UNKNOWN, ResourceRef, Secret, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, no password
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
BYTE_STRING = "803fd3297a5875dc03ca845dda5d2a98"
FLOAT = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_KEPT = (ASSET, ARCHIVE, BYTE_STRING)
_HTML = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""The CLI escapes these inside secrets; the same plaintext is what keeps a ciphertext from changing."""
_NEVER_MARKED = frozenset({int, bool, type(None)})
_PLAIN = _NEVER_MARKED | {str}
_EXPONENT_FROM = 1e21  # Go writes larger floats with an exponent


def dumps(value: Any) -> str:
    """Compact JSON as the CLI writes it: UTF-8, no HTML escapes, keys in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encode(value: Any, seal: Callable[[str, str], Mapping[str, str]], place: str = "") -> Any:
    """A property value as JSON. `seal(plaintext JSON, place)` gives the fields that stand for a secret's content.

    `place` names where the value stands (`URN|outputs.key`), so that the same secret in the same place keeps its
    ciphertext. A secret inside a secret loses its own mark. Raises TypeError for anything that is no property value.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    # The two branches that states consist of come first, and plain items are not passed down: a state has 100,000s.
    if kind is dict:
        return {
            key: item if type(item := value[key]) in _PLAIN else encode(item, seal, place and f"{place}.{key}")
            for key in sorted(value)
        }
    if kind is list:
        return [
            item if type(item) in _PLAIN else encode(item, seal, place and f"{place}[{index}]")
            for index, item in enumerate(value)
        ]
    return _encode_marked(value, seal, place)


def _encode_marked(value: Any, seal: Callable[[str, str], Mapping[str, str]], place: str) -> Any:
    match value:
        case float():
            return _encode_float(value)
        case Secret(inner):
            text = dumps(encode(inner, _no_seal)).translate(_HTML)
            return {SIGNATURE: SECRET, **seal(text, place)} if seal is not _no_seal else encode(inner, _no_seal)
        case Unknown():
            return UNKNOWN_TEXT
        case ResourceRef(urn, identifier, version):
            known = "" if isinstance(identifier, Unknown) else identifier
            with_id = {} if known is None else {"id": known}
            return {SIGNATURE: RESOURCE, **with_id, "packageVersion": version, "urn": urn}
        case int() | str():  # a subclass, such as an enumeration
            return value
        case dict():
            return encode(dict(value), seal, place)
        case list() | tuple():
            return encode(list(value), seal, place)
        case _:
            raise TypeError(f"{type(value).__name__} is no property value")


def _no_seal(_text: str, _place: str) -> Mapping[str, str]:
    raise AssertionError("a secret inside a secret is not sealed again")


def _encode_float(value: float) -> Any:
    if not math.isfinite(value):
        return {SIGNATURE: FLOAT, "value": struct.pack(">d", value).hex()}
    return int(value) if value.is_integer() and abs(value) < _EXPONENT_FROM else value


def decode(value: Any, unseal: Callable[[str, str], str], place: str = "") -> Any:
    """The property value that `encode` wrote. `unseal(ciphertext, place)` gives the plaintext JSON of a secret.

    What has no marks inside is returned itself, not copied: most of a state. Raises StateError for a malformed or
    unknown mark.
    """
    kind = type(value)
    if kind is str:
        return UNKNOWN if value == UNKNOWN_TEXT else value
    if kind is dict:
        if SIGNATURE in value:
            return _decode_marked(value, unseal, place)
        changed = {}
        for key, item in value.items():
            if _is_itself(item):
                continue
            decoded = decode(item, unseal, place and f"{place}.{key}")
            if decoded is not item:
                changed[key] = decoded
        return {**value, **changed} if changed else value
    if kind is list:
        if all(map(_is_itself, value)):
            return value
        return [
            item if _is_itself(item) else decode(item, unseal, place and f"{place}[{index}]")
            for index, item in enumerate(value)
        ]
    if kind is float:
        return int(value) if value.is_integer() and abs(value) < _EXPONENT_FROM else value
    return value


def _is_itself(value: Any) -> bool:
    """Whether a value of the file is the property value, without a look inside."""
    kind = type(value)
    return kind in _NEVER_MARKED or (kind is str and value != UNKNOWN_TEXT)


def _decode_marked(value: dict[str, Any], unseal: Callable[[str, str], str], place: str) -> Any:
    signature = value[SIGNATURE]
    if signature in _KEPT:
        return value
    try:
        if signature == SECRET:
            return Secret(decode(json.loads(_secret_text(value, unseal, place)), unseal))
        if signature == RESOURCE:
            return ResourceRef(value["urn"], _reference_id(value.get("id")), value.get("packageVersion", ""))
        if signature == FLOAT:
            return struct.unpack(">d", bytes.fromhex(value["value"]))[0]
    except (KeyError, TypeError, ValueError, struct.error):
        raise StateError(f"a marked value at {place or 'the top'} is malformed") from None
    raise StateError(f"a value at {place or 'the top'} has the unknown signature {signature!r}")


def _secret_text(value: dict[str, Any], unseal: Callable[[str, str], str], place: str) -> str:
    """The plaintext JSON of a marked secret: given in clear (an export with --show-secrets), or sealed."""
    if ("ciphertext" in value) == ("plaintext" in value):
        raise KeyError("ciphertext")
    if "plaintext" in value:
        return str(value["plaintext"])
    return unseal(value["ciphertext"], place)


def _reference_id(value: Any) -> Any:
    """The id of a resource reference. An old defect of the CLI stored it as an object with the key V."""
    if isinstance(value, dict):
        inner = value.get("V")
        return "" if isinstance(inner, dict) else inner
    return value
