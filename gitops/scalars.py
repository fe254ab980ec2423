"""What a YAML scalar means to Kubernetes: the rules of sigs.k8s.io/yaml v1.6 (YAML 1.1 as go-yaml v2 reads it), then JSON.

Values are what the API server sees after the detour over JSON: an integral float is an integer, an integer beyond 64 bits
is a float. Pure; knows no documents. Verified against the Go library, see tests/gitops/test_scalars.py.
"""

from __future__ import annotations

import base64
import math
import re
from decimal import Decimal

type Scalar = str | int | float | bool | None

TAG = "tag:yaml.org,2002:"

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NOT_FINITE = frozenset(
    sign + word
    for sign, words in (
        ("", (".nan", ".NaN", ".NAN")),
        ("", (".inf", ".Inf", ".INF")),
        ("+", (".inf", ".Inf", ".INF")),
        ("-", (".inf", ".Inf", ".INF")),
    )
    for word in words
)
_NUMERIC_START = frozenset("+-.0123456789")
_INTEGER = re.compile(
    r"(?P<sign>[+-]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO](?P<oct>[0-7]+)"
    r"|0(?P<old>[0-7]*)|(?P<dec>[1-9][0-9]*))"
)

# go-yaml's own second try at base 2 lets a sign stand behind the prefix.
_BASES = {"hex": 16, "bin": 2, "oct": 8, "old": 8, "dec": 10}

_ODD_BINARY = re.compile(r"0b([+-][01]+)")

# Behind a leading dot Go's own float syntax holds, with single underscores between digits.
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")

_DOT_FLOAT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_INT64 = 2**63


def resolve_plain(text: str) -> Scalar:
    """The value of a plain (unquoted, untagged) scalar.

    Raises:
        ValueError: the value has no JSON form (infinity, not a number).
    """
    if not text or text[0] not in _NUMERIC_START:
        return _WORDS.get(text, text)
    if text in _NOT_FINITE:
        raise ValueError(f"{text} has no JSON form; quote it if text is meant")
    if text[0] == ".":
        return _float(text.replace("_", ""), otherwise=text) if _DOT_FLOAT.fullmatch(text) else text
    return _number(text)


def resolve_tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag; an unknown tag leaves the text as it is, as Kubernetes does.

    Raises:
        ValueError: the text is no value of that tag, or the tag has no JSON form.
    """
    if not tag.startswith(TAG) or tag == f"{TAG}str":
        return text
    short = tag.removeprefix(TAG)
    if short == "binary":
        return _binary(text)
    if short == "timestamp":
        raise ValueError("!!timestamp has no JSON form; write it as quoted text")
    if short not in {"int", "float", "bool", "null"}:
        return text
    value = resolve_plain(text)
    if not _is_of(short, value, text):
        raise ValueError(f'"{text}" is no value of !!{short}')
    if short == "float" and isinstance(value, int | float):
        return _as_float(value, text)
    return value


def key_text(value: Scalar, text: str = "") -> str:
    """The JSON text of a mapping key that was written as `text`: 1001 is "1001", yes is "true".

    Raises:
        ValueError: null cannot be a key; a float is refused too, because its text would change (1.10 becomes 1.1, 1e8
            becomes 1e+08).
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and (not text or _integer(text.replace("_", "")) is not None):
        return str(value)
    if isinstance(value, int):
        raise ValueError(f"{text} cannot be a key; quote it")
    raise ValueError(f"{'null' if value is None else value} cannot be a key; quote it")


def _is_of(short: str, value: Scalar, text: str) -> bool:
    if short == "null":
        return value is None
    if short == "bool":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return short == "float" or _integer(text.replace("_", "")) is not None


def _as_float(value: float, text: str) -> Scalar:
    """A number as !!float: an integer loses the digits that a float has not; one of 64 bits without a sign is none."""
    integer = _integer(text.replace("_", ""))
    if integer is None:
        return value
    if integer >= _INT64:
        raise ValueError(f'"{text}" is no value of !!float')
    return _float(repr(float(integer)), otherwise=text)


def _binary(text: str) -> str:
    """Base64 as Go reads it; what is no text has no JSON form."""
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True).decode()
    except ValueError:
        raise ValueError("!!binary holds no text, or is no base64; write it as quoted text") from None


def _number(text: str) -> Scalar:
    plain = text.replace("_", "")
    integer = _integer(plain)
    if integer is not None:
        return integer if integer < _INT64 else float(integer)
    return _float(plain, otherwise=text) if _FLOAT.fullmatch(plain) else text


def _integer(plain: str) -> int | None:
    match = _INTEGER.fullmatch(plain)
    if match is None:
        odd = _ODD_BINARY.fullmatch(plain)
        return int(odd[1], 2) if odd else None
    base = match.lastgroup or "dec"
    value = int(match[base] or "0", _BASES[base])
    if match["sign"]:
        value = -value if match["sign"] == "-" else value
        return value if -_INT64 <= value < _INT64 else None
    return value if value < 2 * _INT64 else None


def _float(plain: str, otherwise: str) -> Scalar:
    value = float(plain)
    if math.isinf(value):  # out of range: Go's parser refuses it, and it stays text
        return otherwise
    if not value.is_integer():
        return value
    integer = int(Decimal(repr(value)))  # JSON carries the shortest digits, not the exact binary value
    return integer if -_INT64 <= integer < _INT64 else value
