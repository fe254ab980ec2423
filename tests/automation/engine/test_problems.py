"""What the engine says, one line each."""

from __future__ import annotations

import pytest

from automation.engine.problems import (
    Problem,
    diagnostic_line,
    kind_of,
    name_of,
    type_of,
    without_repetition,
)
from automation.engine.run import EngineRun
from automation.engine.state import urns
from providers.core.identity import ObjectRef

VPC = "VPC/default/vpc-1"
URN = urns.of("fabric-1", ObjectRef("VPC", "default", "vpc-1"))
HOOK = urns.hook("fabric-1", 1)

TRACEBACK = """Exception calling application: Traceback (most recent call last):
  File "server.py", line 5, in _call_behavior
    response = behavior(argument)
  File "x.py", line 1, in create
    raise error
providers.errors.Rejected: the cluster at https://x refuses VPC/default/vpc-1: spec.vlan: too large
"""

LINES = {
    "plain text": ("it failed\n", "", "it failed"),
    "several lines": ("one\n  two\n", "", "one two"),
    "the CR is named": ("refused\n", URN, f"{VPC}: refused"),
    "the CR is named once": (f"{VPC}: refused\n", URN, f"{VPC}: refused"),
    "that another one is named is not enough": (
        "its VLAN is that of VPC/default/vpc-10\n",
        URN,
        f"{VPC}: its VLAN is that of VPC/default/vpc-10",
    ),
    "a plugin's resource is named": (
        "the command ended with exit code 3",
        HOOK,
        "after-sync-1: the command ended with exit code 3",
    ),
    "a traceback": (TRACEBACK, URN, "the cluster at https://x refuses VPC/default/vpc-1: spec.vlan: too large"),
    "a program's exception": (
        "Program failed with an unhandled exception:\nTraceback (most recent call last):\n"
        '  File "a.py", line 1, in <module>\n    main()\nValueError: bad\n',
        "",
        "bad",
    ),
    "without a traceback": ("providers.errors.GitError: no such branch: x\n", "", "no such branch: x"),
    "a check": (
        f"pulumi-python:dynamic/hedgehog:VPC resource '{VPC}': property cluster value {{map[]}} has a problem: missing\n",
        URN,
        f"{VPC}: cluster: missing",
    ),
    "a check of no property": (
        f"pulumi-python:dynamic/hedgehog:VPC resource '{VPC}' has a problem: missing",
        URN,
        f"{VPC}: missing",
    ),
    "a preview": ("Preview failed: providers.errors.Unreachable: no answer\n", URN, f"{VPC}: no answer"),
    "gRPC's words": ("rpc error: code = Unknown desc = no answer", URN, f"{VPC}: no answer"),
    "nothing": ("\n", "", ""),
}


@pytest.mark.parametrize(("message", "about", "line"), LINES.values(), ids=LINES.keys())
def test_a_diagnostic_is_one_line(message, about, line):
    assert diagnostic_line(message, about) == line


def error(text: str, urn: str = "") -> Problem:
    return Problem(urn, text, "error")


ERRORS = {
    "the reason goes before that something failed": (
        [error("no such branch"), error("update failed")],
        ["no such branch"],
    ),
    "that something failed stays where nothing says why": ([error("update failed")], ["update failed"]),
    "a run that was ended has no error": ([error("update canceled"), error("preview cancelled")], []),
    "a warning is none": ([Problem("", "old", "warning")], []),
    "the end of a program is no reason": (
        [error("bad"), error("an unhandled error occurred: program exited with non-zero exit code: 1")],
        ["bad"],
    ),
}


@pytest.mark.parametrize(("problems", "texts"), ERRORS.values(), ids=ERRORS.keys())
def test_the_errors_of_a_run_are_those_that_say_why(problems, texts):
    assert [one.text for one in EngineRun(problems=tuple(problems)).errors] == texts


REPEATED = {
    "a single finding that the summary repeats is one line": (
        ["a.yaml:1: bad", "not valid: a.yaml:1: bad"],
        ["not valid: a.yaml:1: bad"],
    ),
    "two findings": (["a.yaml:1: bad", "b.yaml:1: bad"], ["a.yaml:1: bad", "b.yaml:1: bad"]),
    "several findings are each a line": (["a: 1", "b: 2", "not valid: a: 1"], ["a: 1", "b: 2", "not valid: a: 1"]),
    "none": ([], []),
}


@pytest.mark.parametrize(("lines", "kept"), REPEATED.values(), ids=REPEATED.keys())
def test_what_is_said_again_is_told_once(lines, kept):
    assert without_repetition(lines) == kept


PARTS = [
    (URN, VPC, "pulumi-python:dynamic/hedgehog:VPC", "VPC"),
    (urns.identity("f"), "f/identity", "pulumi-python:dynamic/hedgehog:FabricIdentity", "FabricIdentity"),
    (urns.component("f"), "f", "hhsync:index:Fabric", None),
    (HOOK, "after-sync-1", "command:local:Command", None),
    ("", "", "", None),
]


@pytest.mark.parametrize(("urn", "name", "type_", "kind"), PARTS)
def test_what_a_urn_says(urn, name, type_, kind):
    assert (name_of(urn), type_of(urn), kind_of(type_of(urn))) == (name, type_, kind)


def test_a_cr_is_told_from_the_fabrics_own_record_by_its_type():
    assert [urns.is_cr(one) for one in (URN, urns.identity("f"), urns.result("f"), HOOK)] == [True, False, False, False]
