"""JSON scalars and small values as YAML text, so that Kubernetes' parser and stricter ones read the same value. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from gitops.scalars import resolve_plain

# Characters that need an escape in double quotes besides those that JSON escapes.
# Plain text on purpose narrow: what is not sure to be read as text by every parser goes into quotes.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")

_PLAIN = re.compile(r"[A-Za-z0-9_/.](?:[A-Za-z0-9_/.+@%=~$^()<>;!*&|\-]|:(?=[A-Za-z0-9_/.])| (?=[A-Za-z0-9_/.(]))*")
_PLAIN_OUTSIDE_BRACKETS = re.compile(
    r"[A-Za-z0-9_/.](?:[A-Za-z0-9_/.+@%=~$^()<>;!*&|\-,'?]|:(?=[A-Za-z0-9_/.])| (?=[A-Za-z0-9_/.(&=<>+*-]))*"
)
_STRING = "tag:yaml.org,2002:str"
_RESOLVER: Any = yaml.resolver.Resolver()


def scalar(value: Any, style: str = "", *, flow: bool = False) -> str:
    """One line of YAML for a JSON scalar or an empty collection; text keeps the quotes of `style` where it can.

    Inside brackets (`flow`) more characters need quotes.
    """
    if isinstance(value, str):
        return _text(value, style, flow=flow)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if not value:
        return "{}" if isinstance(value, dict) else "[]"
    raise TypeError(f"not a scalar: {type(value).__name__}")


def flow(value: Any) -> str:
    """Any JSON value on one line, in brackets."""
    if isinstance(value, dict) and value:
        return "{" + ", ".join(f"{key(name)}: {flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list) and value:
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value, flow=True)


def key(name: str) -> str:
    """The key of a mapping; quoted where it would not be read as this text."""
    return name if is_plain(name, flow=True) else quoted(name)


def quoted(text: str) -> str:
    """The text in double quotes, on one line."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def is_plain(text: str, *, flow: bool = False) -> bool:
    """Whether text needs no quotes: by Kubernetes' rules, and by those of a full YAML 1.1 parser."""
    pattern = _PLAIN if flow else _PLAIN_OUTSIDE_BRACKETS
    if not pattern.fullmatch(text) or text.startswith(("---", "...")):
        return False
    try:
        if not isinstance(resolve_plain(text), str):
            return False
    except ValueError:
        return False
    return bool(_RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == _STRING)


def _text(text: str, style: str, *, flow: bool) -> str:
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if style != '"' and is_plain(text, flow=flow):
        return text
    return quoted(text)


def block_scalar(text: str) -> tuple[str, list[str]] | None:
    """The header ("|" or "|-") and the lines of a text that reads well as a block; None where quotes are safer."""
    if "\n" not in text.rstrip("\n") and not text.endswith("\n"):
        return None
    body = text.removesuffix("\n")
    if not body or body.endswith("\n") or body[0] in " \t\n#" or body.startswith(("---", "...")):
        return None
    if any(not char.isprintable() and char not in "\n\t" for char in body) or _UNPRINTABLE.search(body):
        return None
    lines = body.split("\n")
    if any(line != line.rstrip() or line.startswith("\t") for line in lines):
        return None
    return ("|" if text.endswith("\n") else "|-"), lines
