"""CRD schemas: what the validator takes, what it refuses, and the words of a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from gitops import schemas
from providers.core.schema import Schema, compile_crd, translate

FIELDS = {
    "vlan": {"type": "integer"},
    "small": {"type": "integer", "format": "int32"},
    "port": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 65535},
    "big": {"type": "integer", "format": "int64"},
    "name": {"type": "string", "maxLength": 5, "pattern": "^[a-z]*$"},
    "mode": {"type": "string", "enum": ["l2", "l3"]},
    "on": {"type": "boolean"},
    "ratio": {"type": "number"},
    "either": {"x-kubernetes-int-or-string": True},
    "maybe": {"type": "string", "nullable": True, "enum": ["a"]},
    "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"n": {"type": "integer"}}},
    "empty": {"type": "object"},
    "byName": {"type": "object", "additionalProperties": {"type": "object", "properties": {"ip": {"type": "string"}}}},
    "list": {
        "type": "array",
        "minItems": 1,
        "maxItems": 2,
        "items": {"type": "object", "required": ["ip"], "properties": {"ip": {"type": "string"}}},
    },
}


def schema_of(fields: dict[str, Any], **more: Any) -> Schema:
    spec = {"type": "object", "properties": fields, **more}
    properties = {
        "apiVersion": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": spec,
        "status": {"type": "object"},
    }
    content = {"type": "object", "required": ["metadata", "spec"], "properties": properties}
    crd = {
        "spec": {
            "group": "g",
            "names": {"kind": "K"},
            "versions": [
                {"name": "v1", "served": True, "schema": {"openAPIV3Schema": content}},
                {"name": "v0", "served": False, "schema": {"openAPIV3Schema": content}},
            ],
        }
    }
    (compiled,) = compile_crd(crd)
    assert (compiled.kind, compiled.group, compiled.version) == ("K", "g", "v1")
    return compiled


SCHEMA = schema_of(FIELDS)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"vlan": 10, "small": 2**31 - 1, "port": 0, "big": -(2**63), "name": "abc", "mode": "l2", "on": False},
        {"ratio": 1, "either": 5, "list": [{"ip": "x"}]},
        {"ratio": 1.5, "either": "5%", "maybe": None},
        {"maybe": "a"},
        {"open": {"n": 1, "anything": {"goes": [1]}}},
        {"byName": {"any name": {"ip": "x"}}, "empty": {}},
    ],
)
def test_what_fits_gives_no_finding(spec: dict[str, Any]) -> None:
    assert SCHEMA.findings({"spec": spec}) == ()


@pytest.mark.parametrize(
    ("spec", "path", "words"),
    [
        ({"vlan": "10"}, ("vlan",), 'must be an integer; it is the text "10"; write it without quotes'),
        ({"vlan": 1.5}, ("vlan",), "must be an integer; it is 1.5"),
        ({"vlan": True}, ("vlan",), "must be an integer; it is true"),
        ({"small": 2**31}, ("small",), "must be at most 2147483647 (int32)"),
        ({"small": -(2**31) - 1}, ("small",), "must be at least -2147483648 (int32)"),
        ({"port": 65536}, ("port",), "must be at most 65535; it is 65536"),
        ({"port": -1}, ("port",), "must be at least 0; it is -1"),
        ({"big": 2**63}, ("big",), "(int64)"),
        ({"name": 5}, ("name",), "must be text; it is 5; put it in quotes"),
        ({"name": True}, ("name",), "put it in quotes"),
        ({"name": "abcdef"}, ("name",), "at most 5 characters; it has 6"),
        ({"name": "AB"}, ("name",), "matches ^[a-z]*$"),
        ({"mode": "l4"}, ("mode",), 'must be one of l2, l3; it is the text "l4"'),
        ({"on": "yes"}, ("on",), "must be true or false"),
        ({"either": 1.5}, ("either",), "must be an integer or text"),
        ({"maybe": "b"}, ("maybe",), "must be one of a"),
        ({"open": {"n": "1"}}, ("open", "n"), "must be an integer"),
        ({"vlna": 1}, ("vlna",), 'unknown field; did you mean "vlan"?'),
        ({"VLAN": 1}, ("VLAN",), 'did you mean "vlan"?'),
        ({"zzzzzz": 1}, ("zzzzzz",), "unknown field; known here: big, byName, either"),
        ({"empty": {"a": 1}}, ("empty", "a"), "unknown field; nothing can be set here"),
        ({"byName": {"x": {"ipp": "1"}}}, ("byName", "x", "ipp"), 'did you mean "ip"?'),
        ({"list": []}, ("list",), "at least 1 item; it has 0"),
        ({"list": [{"ip": "a"}] * 3}, ("list",), "at most 2 items; it has 3"),
        ({"list": [{}]}, ("list", 0, "ip"), "is required and missing; write text"),
        ({"list": {"ip": "a"}}, ("list",), "must be a list; it is a mapping"),
        ({"list": [None]}, ("list", 0), "must be a mapping; it is null"),
    ],
)
def test_a_finding_names_the_field_and_what_would_be_right(
    spec: dict[str, Any], path: tuple[Any, ...], words: str
) -> None:
    (finding,) = SCHEMA.findings({"spec": spec})
    assert finding.path == ("spec", *path)
    assert words in finding.message


def test_all_findings_come_at_once() -> None:
    found = SCHEMA.findings({"spec": {"vlan": "x", "a": 1, "b": 2, "list": [{"ip": 1}, {}]}, "specs": 1})
    assert [finding.path for finding in found] == [
        ("spec", "a"),
        ("spec", "b"),
        ("spec", "list", 0, "ip"),
        ("spec", "list", 1, "ip"),
        ("spec", "vlan"),
        ("specs",),
    ]


def test_content_without_a_required_spec_is_found() -> None:
    (finding,) = SCHEMA.findings({})
    assert (finding.path, finding.rule) == (("spec",), "required")


def test_an_exclusive_bound_inside_the_range_of_the_format_stays() -> None:
    translated = translate({"type": "integer", "format": "int32", "minimum": 0, "exclusiveMinimum": True})
    assert (translated["minimum"], translated["exclusiveMinimum"], translated["maximum"]) == (0, True, 2**31 - 1)


def test_alternatives_constrain_values_and_declare_no_fields() -> None:
    fields = {"a": {"type": "string"}, "b": {"type": "string"}}
    schema = schema_of(fields, oneOf=[{"required": ["a"]}, {"required": ["b"]}])
    assert schema.findings({"spec": {"a": "x"}}) == ()
    assert schema.findings({"spec": {"a": "x", "b": "y"}})


@pytest.mark.parametrize(
    ("kind", "spec", "path", "words"),
    [
        ("Switch", {"role": "leaf"}, ("role",), "must be one of spine, server-leaf"),
        ("Switch", {}, ("role",), "is required and missing; write one of spine, server-leaf"),
        ("Switch", {"role": "spine", "asn": 4_294_967_296}, ("asn",), "int32"),
        ("VPC", {"subnets": {"default": {"vlan": "1001"}}}, ("subnets", "default", "vlan"), "without quotes"),
        ("VPC", {"subnets": {"default": {"vlans": 1}}}, ("subnets", "default", "vlans"), 'did you mean "vlan"?'),
        ("SwitchGroup", {"colour": "red"}, ("colour",), "nothing can be set here"),
        (
            "Connection",
            {"fabric": {"links": [{"leaf": {"port": "l/E1/1", "ip": "172.30.1.1"}}]}},
            ("fabric", "links", 0, "leaf", "ip"),
            "an IPv4 address with its prefix length",
        ),
    ],
)
def test_the_bundled_schemas_refuse_what_hedgehog_does(kind: str, spec: Any, path: tuple[Any, ...], words: str) -> None:
    (finding,) = schemas.bundled()[kind].findings({"spec": spec})
    assert finding.path == ("spec", *path)
    assert words in finding.message
