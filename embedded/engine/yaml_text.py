"""YAML as the Pulumi CLI reads it, and text that it will read back as the same value.

The CLI's parser follows YAML 1.2 for scalars, PyYAML follows 1.1: `yes` is a text to the one and true to the other, a
MAC address may become a number. So the rules are stated here, for reading and for writing.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import yaml

from embedded.engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

_INT = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[1-9][0-9_]*|0)$")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"
)
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./@+=-]*(:[A-Za-z0-9_./@+=-]+)*$")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalar rules above; a key given twice is an error."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - a table that PyYAML reads from the class

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        self.flatten_mapping(node)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        "while reading a mapping", node.start_mark, f"key {key.value!r} is given twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _int(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "")
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return sign * int(digits, 8)
    return sign * int(digits, 0)


def _float(loader: _Loader, node: yaml.ScalarNode) -> float:
    text = str(loader.construct_scalar(node)).replace("_", "").lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:null", re.compile(r"(~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    ("tag:yaml.org,2002:int", _INT, list("-+0123456789")),
    ("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789.")),
    ("tag:yaml.org,2002:merge", re.compile(r"<<$"), ["<"]),
):
    _Loader.add_implicit_resolver(_tag, _pattern, _first)
_Loader.add_constructor("tag:yaml.org,2002:int", _int)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)


def load(text: str, where: str) -> Any:
    """The value of a YAML text with one document. Raises EngineError, naming `where` and the line."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _readable(error, where) from None


def compose(text: str, where: str) -> yaml.Node | None:
    """The node tree of a YAML text, for finding out where things stand in it. Raises EngineError as `load` does."""
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _readable(error, where) from None


def _readable(error: yaml.YAMLError, where: str) -> EngineError:
    mark = getattr(error, "problem_mark", None)
    place = f"{where}, line {mark.line + 1}" if mark else where
    return EngineError(f"could not read {place}: {getattr(error, 'problem', None) or 'no valid YAML'}")


def scalar(value: Any) -> str:
    """A scalar on one line that reads back as the same value: plain where that is safe, else in double quotes."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else (".inf" if value > 0 else "-.inf")
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def block(value: Any, indent: int) -> Iterator[str]:
    """The lines of a list or mapping in block style, each indented by `indent` spaces."""
    pad = " " * indent
    pairs = [(f"{scalar(key)}:", item) for key, item in value.items()] if isinstance(value, dict) else None
    for head, item in pairs if pairs is not None else [("-", item) for item in value]:
        if isinstance(item, dict | list) and item:
            if head == "-":
                first, *rest = block(item, indent + 2)
                yield f"{pad}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{pad}{head}"
                yield from block(item, indent + 2)
        else:
            text = "{}" if isinstance(item, dict) else "[]" if isinstance(item, list) else scalar(item)
            yield f"{pad}{head} {text}"
