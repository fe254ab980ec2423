"""Whether a CR's content fits its CRD: openAPIV3Schema → compiled validator → findings that say what would be right.

Kubernetes' schema is no JSON Schema. Translated once: unknown fields are refused (as kubectl does by strict field
validation; the server would drop them in silence), int32 and int64 get their ranges, nullable and int-or-string their types,
x-kubernetes-preserve-unknown-fields stays open. Validation rules in CEL (x-kubernetes-validations) are left to the server.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from providers.core.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from providers.core.field_path import FieldPath


# What means the same in both languages and has no schemas inside.
_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}

_SAME = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "enum", "required"}) | {
    "minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
}  # fmt: skip

# Patterns of Hedgehog's CRDs in words.
_IPV4 = r"((25[0-5]|(2[0-4]|1\d|[1-9]|)\d)\.?\b){4}"
# Of the top level of an object, what is no content: the server checks these itself.
_PATTERNS = {
    rf"^{_IPV4}/([1-2]?[0-9]|3[0-2])$": "an IPv4 address with its prefix length, such as 10.0.0.1/24",
    rf"^{_IPV4}$": "an IPv4 address, such as 10.0.0.1",
}

NOT_CONTENT = frozenset({"apiVersion", "kind", "metadata", "status"})


class Schema:
    """The compiled schema of one kind at one version."""

    def __init__(self, kind: str, group: str, version: str, content: Mapping[str, Any]) -> None:
        self.kind = kind
        self.group = group
        self.version = version
        #: The same for the same content, and for no other.
        self.fingerprint = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        self._translated = translate(content, top=True)
        self._validator = jsonschema_rs.Draft4Validator(self._translated)

    def findings(self, content: Mapping[str, Any]) -> tuple[Finding, ...]:
        """What is wrong with an object's content, i.e. {"spec": ...} without apiVersion, kind, metadata and status.

        Null members of mappings must be gone: the server drops them before it validates.
        """
        if self._validator.is_valid(content):
            return ()
        found: list[Finding] = []
        for error in self._validator.iter_errors(content):
            found += self._explained(error)
        return tuple(sorted(found, key=lambda finding: [str(part) for part in finding.path]))

    def _explained(self, error: Any) -> list[Finding]:
        path: FieldPath = tuple(error.instance_path)
        kind = error.kind.name
        if kind == "additionalProperties":
            known = sorted(self._at(error.schema_path[:-1]).get("properties", {}))
            return [Finding((*path, name), _unknown_field(name, known), rule=kind) for name in error.kind.unexpected]
        if kind == "required":
            name = error.kind.property
            wanted = self._at(error.schema_path[:-1]).get("properties", {}).get(name) or {}
            return [Finding((*path, name), f"is required and missing{_wanted(wanted)}", rule=kind)]
        return [Finding(path, _message(kind, error), rule=kind)]

    def _at(self, schema_path: Sequence[str | int]) -> Mapping[str, Any]:
        node: Any = self._translated
        for part in schema_path:
            node = node[part]
        return node if isinstance(node, Mapping) else {}


def compile_crd(crd: Mapping[str, Any]) -> tuple[Schema, ...]:
    """The schemas of the served versions of one CustomResourceDefinition (apiextensions.k8s.io/v1)."""
    spec = crd["spec"]
    return tuple(
        Schema(spec["names"]["kind"], spec["group"], version["name"], version["schema"]["openAPIV3Schema"])
        for version in spec["versions"]
        if version.get("served")
    )


def translate(schema: Mapping[str, Any], top: bool = False) -> dict[str, Any]:
    """A structural openAPIV3Schema as JSON Schema draft 4; `top` leaves out what is no content."""
    out: dict[str, Any] = {key: value for key, value in schema.items() if key in _SAME}
    if schema.get("x-kubernetes-int-or-string"):
        out["type"] = ["integer", "string"]
    elif "type" in schema:
        out["type"] = schema["type"]
    if schema.get("nullable"):
        if "type" in out:
            out["type"] = [*([out["type"]] if isinstance(out["type"], str) else out["type"]), "null"]
        if "enum" in out:
            out["enum"] = [*out["enum"], None]
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema:
            out[key] = [_part(each) for each in schema[key]]
    if "not" in schema:
        out["not"] = _part(schema["not"])
    if "items" in schema:
        out["items"] = translate(schema["items"])
    _add_range(schema, out)
    _add_members(schema, out, top)
    return out


def _part(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema inside allOf, anyOf, oneOf or not: it constrains values and declares no fields, so it closes nothing."""
    out: dict[str, Any] = {key: value for key, value in schema.items() if key in _SAME or key == "type"}
    if "properties" in schema:
        out["properties"] = {name: _part(each) for name, each in schema["properties"].items()}
    if isinstance(schema.get("items"), Mapping):
        out["items"] = _part(schema["items"])
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema:
            out[key] = [_part(each) for each in schema[key]]
    if "not" in schema:
        out["not"] = _part(schema["not"])
    return out


def _add_range(schema: Mapping[str, Any], out: dict[str, Any]) -> None:
    low, high = _RANGES.get(schema.get("format", ""), (None, None))
    if low is not None and high is not None and schema.get("type") == "integer":
        if out.get("minimum", low) <= low:
            out["minimum"] = low
            out.pop("exclusiveMinimum", None)
        if out.get("maximum", high) >= high:
            out["maximum"] = high
            out.pop("exclusiveMaximum", None)


def _add_members(schema: Mapping[str, Any], out: dict[str, Any], top: bool) -> None:
    members = {name: each for name, each in schema.get("properties", {}).items() if not (top and name in NOT_CONTENT)}
    if members:
        out["properties"] = {name: translate(each) for name, each in members.items()}
    if top and "required" in out:
        out["required"] = [name for name in out["required"] if name not in NOT_CONTENT]
        if not out["required"]:
            del out["required"]  # draft 4 takes no empty list
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource")
    extra = schema.get("additionalProperties")
    if isinstance(extra, Mapping):
        out["additionalProperties"] = translate(extra)
    elif schema.get("type") == "object" and not open_ended and extra is not True:
        out["additionalProperties"] = False
        out.setdefault("properties", {})  # without it the validator does not name the fields that it refuses


def _unknown_field(name: str, known: Sequence[str]) -> str:
    lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    if close:
        return f'unknown field; did you mean "{lower[close[0]]}"?'
    if not known:
        return "unknown field; nothing can be set here"
    shown = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
    return f"unknown field; known here: {shown}"


def _message(kind: str, error: Any) -> str:
    value = error.instance
    limit = getattr(error.kind, "limit", None)
    match kind:
        case "type":
            return _wrong_type(error.kind.types, value)
        case "enum":
            options = ", ".join(str(option) for option in error.kind.options if option is not None)
            return f"must be one of {options}; it is {_shown(value)}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            bits = next((f" ({name})" for name, bounds in _RANGES.items() if limit in bounds), "")
            word = "least" if "inimum" in kind else "most"
            return f"must be at {word} {limit}{bits}; it is {_shown(value)}"
        case "minItems" | "maxItems":
            return f"must have at {'least' if kind == 'minItems' else 'most'} {_counted(limit, 'item')}; it has {len(value)}"
        case "minLength" | "maxLength":
            word = "least" if kind == "minLength" else "most"
            return f"must have at {word} {_counted(limit, 'character')}; it has {len(value)}"
        case "minProperties" | "maxProperties":
            word = "least" if kind == "minProperties" else "most"
            return f"must have at {word} {_counted(limit, 'member')}; it has {len(value)}"
        case "pattern":
            wanted = _PATTERNS.get(error.kind.pattern, f"text that matches {error.kind.pattern}")
            return f"must be {wanted}; it is {_shown(value)}"
        case _:
            return str(error.message)[:300]


def _counted(number: Any, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _wanted(schema: Mapping[str, Any]) -> str:
    """What to write for a field that is missing, as far as its schema tells."""
    if schema.get("enum"):
        return f"; write one of {', '.join(str(option) for option in schema['enum'] if option is not None)}"
    types = schema.get("type") or ()
    named = _types([types] if isinstance(types, str) else types)
    return f"; write {named}" if named else ""


def _types(wanted: Sequence[str]) -> str:
    names = {
        "string": "text",
        "object": "a mapping",
        "array": "a list",
        "boolean": "true or false",
        "integer": "an integer",
    }
    return " or ".join(names.get(each, each) for each in wanted if each != "null")


def _wrong_type(wanted: Sequence[str], value: Any) -> str:
    expected = _types(wanted)
    hint = ""
    if "string" in wanted and isinstance(value, bool | int | float):
        hint = "; put it in quotes if text is meant"
    elif isinstance(value, str) and not {"integer", "number", "boolean"}.isdisjoint(wanted):
        hint = "; write it without quotes"
    return f"must be {expected}; it is {_shown(value)}{hint}"


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'the text "{value[:60]}"' if len(value) <= 60 else f'the text "{value[:60]}..."'
        case None:
            return "null"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return str(value)
