"""The findings in each form: nothing lost, nothing that breaks out of its line or file."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema_rs
import pytest

from automation.reports.check import (
    CheckReport,
    github,
    render,
    resolve_format,
    sarif,
)
from automation.reports.format_names import CheckFormat
from gitops.desired import DesiredState
from gitops.load import Loaded
from providers.core.finding import WARNING, Finding, whole
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from providers.errors import ConfigError

VLAN = Finding(
    ("spec", "vlan"),
    "VLAN 5 is used twice; take a free one",
    "vlan-used-twice",
    origin=Origin("f/a b.yaml", 7, 1),
)
BROKEN = whole(Origin("f/b.yaml", 2, 0), "broken YAML: 50% of it, that is: half\nof it")
HINT = Finding(("spec", "asn"), "is missing", "switch-not-hydrated", WARNING, Origin("f/c,d.yaml", 1, 0))
WHO = Attribution("c" * 40, "Ann <ann@example.com>", "2026-01-02T03:04:05Z")
REF = ObjectRef("Server", "default", "s")
ONE = {REF: Manifest(REF, {}, Origin("f/s.yaml", 1, 0), WHO)}

# What the published schema of SARIF 2.1.0 demands of the parts that we write.
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
RULE = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "shortDescription": TEXT}}
DRIVER = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "rules": {"type": "array", "items": RULE, "uniqueItems": True}},
}
ARTIFACT = {
    "type": "object",
    "properties": {"uri": {"type": "string", "format": "uri-reference"}, "uriBaseId": {"type": "string"}},
}
REGION = {"type": "object", "properties": {"startLine": {"type": "integer", "minimum": 1}}}
LOCATION = {
    "type": "object",
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {"artifactLocation": ARTIFACT, "region": REGION},
        },
        "logicalLocations": {
            "type": "array",
            "items": {"properties": {"fullyQualifiedName": {"type": "string"}, "kind": {"type": "string"}}},
        },
    },
}
RESULT = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": -1},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "locations": {"type": "array", "items": LOCATION},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
INVOCATION = {
    "type": "object",
    "required": ["executionSuccessful"],
    "properties": {
        "executionSuccessful": {"type": "boolean"},
        "exitCode": {"type": "integer"},
        "toolExecutionNotifications": {
            "type": "array",
            "items": {"required": ["message"], "properties": {"message": TEXT}},
        },
    },
}
PROVENANCE = {
    "type": "object",
    "required": ["repositoryUri"],
    "properties": {"repositoryUri": {"type": "string", "format": "uri"}},
}
RUN = {
    "type": "object",
    "required": ["tool"],
    "properties": {
        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "invocations": {"type": "array", "items": INVOCATION},
        "results": {"type": "array", "items": RESULT},
        "versionControlProvenance": {"type": "array", "items": PROVENANCE},
    },
}
LOG = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"enum": ["2.1.0"]},
        "runs": {"type": "array", "items": RUN},
    },
    "additionalProperties": False,
}


def report(*issues: Finding, url: str = "https://git.example.com/x.git", crs: bool = True) -> CheckReport:
    state = DesiredState(ONE if crs else {}, {}, warnings=tuple(one for one in issues if one.severity != "error"))
    errors = tuple(one for one in issues if one.severity == "error")
    return CheckReport(
        "f-1", Loaded(url, "main", "f", "a" * 40, "a" * 40, 3, state, errors), "the bundled schemas", 0.5
    )


def test_a_workflow_command_for_each_finding_and_a_notice_at_the_end():
    lines = github(report(VLAN, BROKEN, HINT)).splitlines()
    assert lines[:3] == [
        "::error file=f/a b.yaml,line=7,title=hhsync vlan-used-twice::spec.vlan: VLAN 5 is used twice; take a free one",
        "::error file=f/b.yaml,line=2,title=hhsync unreadable::broken YAML: 50%25 of it, that is: half%0Aof it",
        "::warning file=f/c%2Cd.yaml,line=1,title=hhsync switch-not-hydrated::spec.asn: is missing",
    ]
    assert lines[3].startswith("::notice title=hhsync check::f-1: 2 errors, 1 warning; ")
    assert len(lines) == 4


@pytest.mark.parametrize("name", ["a\nb.yaml", "::error::x.yaml", "a:b,c%.yaml", "a\r\n::add-mask::b"])
def test_no_file_name_ends_a_command_or_begins_another(name):
    issue = whole(Origin(name, 1, 0), "x\r\n::stop-commands::y")
    line = github(report(issue)).split("\n")[0]
    properties, _, _ = line.removeprefix("::error ").partition("::")
    assert dict(part.split("=", 1) for part in properties.split(",")).keys() == {"file", "line", "title"}
    assert "\r" not in line
    assert ":" not in properties


def test_a_folder_without_crs_is_an_error_in_every_form():
    empty = report(crs=False)
    assert github(empty).startswith("::error title=hhsync check::f-1: no CR in the folder")
    (invocation,) = sarif(empty, "1")["runs"][0]["invocations"]
    assert (invocation["exitCode"], invocation["toolExecutionNotifications"][0]["level"]) == (1, "error")


@pytest.mark.parametrize(
    "given", [report(VLAN, BROKEN, HINT), report(), report(crs=False), report(url="/a/local/path")]
)
def test_sarif_is_what_the_published_schema_demands(given):
    validator = jsonschema_rs.Draft7Validator(LOG, validate_formats=True)
    assert [str(error) for error in validator.iter_errors(sarif(given, "1.2.3"))] == []


def test_sarif_has_every_finding_with_its_place_and_rule():
    run = sarif(report(VLAN, BROKEN, HINT), "1.2.3")["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    found = [
        (
            one["level"],
            rules[one["ruleIndex"]],
            one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            one["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for one in run["results"]
    ]
    assert found == [
        ("error", "vlan-used-twice", "f/a%20b.yaml", 7),
        ("error", "unreadable", "f/b.yaml", 2),
        ("warning", "switch-not-hydrated", "f/c%2Cd.yaml", 1),
    ]
    assert run["results"][0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "spec.vlan"
    assert run["versionControlProvenance"][0]["revisionId"] == "a" * 40


def test_a_finding_keeps_its_fingerprint_when_its_line_moves():
    moved = replace(VLAN, origin=Origin(VLAN.origin.path, 90, 1))
    prints = [sarif(report(one), "1")["runs"][0]["results"][0]["partialFingerprints"] for one in (VLAN, moved, BROKEN)]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize("form", list(CheckFormat))
def test_every_form_is_made(form):
    text = render(report(VLAN, HINT), form)
    assert "VLAN 5" in text
    assert not text.endswith("\n")
    if form in {CheckFormat.JSON, CheckFormat.SARIF}:
        json.loads(text)


def test_stdout_has_one_form(tmp_path):
    assert resolve_format(None, as_json=False, output=None) is CheckFormat.TEXT
    assert resolve_format(None, as_json=True, output=None) is CheckFormat.JSON
    assert resolve_format(CheckFormat.SARIF, as_json=True, output=tmp_path / "x") is CheckFormat.SARIF
    with pytest.raises(ConfigError, match="--json and --format sarif"):
        resolve_format(CheckFormat.SARIF, as_json=True, output=None)
