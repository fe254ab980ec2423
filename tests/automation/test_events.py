"""What the engine's events say was done: counts, changes and lines."""

from __future__ import annotations

import pytest

from automation.events import Collected, diagnostic_line
from automation.results import Counts
from tests.automation.engine_events import begins, cr, done, event, failed, says, urn

VPC = "VPC/default/vpc-1"
SERVER = "Server/default/server-1"


def collected(*events) -> Collected:
    result = Collected()
    for one in events:
        result.feed(one)
    return result


COUNTS = {
    "a create that a server answered": ([begins("create", VPC), done("create", VPC, None, cr(1))], Counts(created=1)),
    "a create that began and never ended": ([begins("create", VPC)], Counts()),
    "a create that failed": ([begins("create", VPC), failed("create", VPC)], Counts(failed=1)),
    "an update": ([done("update", VPC, cr(1), cr(2))], Counts(updated=1)),
    "an update of nothing but the commit": ([done("update", VPC, cr(1), cr(1, "b" * 40))], Counts(attribution=1)),
    "a delete": ([done("delete", VPC, cr(1))], Counts(deleted=1)),
    "a CR that is as it was": ([done("same", VPC, cr(1), cr(1))], Counts(unchanged=1)),
    "a refresh that found drift is no write": (
        [begins("refresh", VPC), done("update", VPC, cr(1), cr(1999))],
        Counts(),
    ),
    "drift found, then repaired": (
        [begins("refresh", VPC), done("update", VPC, cr(1), cr(1999)), done("update", VPC, cr(1999), cr(1))],
        Counts(updated=1),
    ),
    "gone everywhere, then made again": (
        [begins("refresh", VPC), done("delete", VPC, cr(1)), done("create", VPC, None, cr(1))],
        Counts(created=1),
    ),
    "a replace is one CR": (
        [done("delete-replaced", VPC, cr(1)), done("create-replacement", VPC, cr(1), cr(2)), done("replace", VPC)],
        Counts(replaced=1),
    ),
    "a replace whose create failed has deleted": (
        [done("delete-replaced", VPC, cr(1)), failed("create-replacement", VPC)],
        Counts(deleted=1),
    ),
    "the fabric's own record is no CR": (
        [done("create", "fabric-1/identity", None, {"record": {"git_path": ""}}, kind="FabricIdentity")],
        Counts(),
    ),
    "the stack and its component are no CRs": (
        [
            event(
                resOutputsEvent={
                    "metadata": {"op": "create", "urn": "urn:pulumi:s::hhsync::pulumi:pulumi:Stack::x", "type": "t"}
                }
            )
        ],
        Counts(),
    ),
}


@pytest.mark.parametrize(("events", "expected"), COUNTS.values(), ids=COUNTS.keys())
def test_counts(events, expected):
    assert collected(*events).counts == expected


def test_a_drifted_property_goes_from_what_is_live_to_what_git_says():
    found = collected(
        begins("refresh", VPC), done("update", VPC, cr(1001), cr(1999)), done("update", VPC, cr(1999), cr(1001))
    )
    assert [str(one) for change in found.changes for one in change.properties] == ["cluster.spec.vlan: 1999 => 1001"]


def test_the_cluster_comes_before_netbox_and_git():
    (change,) = collected(done("update", VPC, cr(1), cr(2, "b" * 40))).changes
    assert [one.path[0] for one in change.properties] == ["cluster", "netbox", "git"]


def test_a_result_that_only_follows_the_receipts_is_not_shown():
    record = {"fabric": "fabric-1", "record": {"status": "success"}}
    found = collected(
        done("update", "fabric-1/result", {**record, "receipts": "1"}, {**record, "receipts": "2"}, kind="FabricResult")
    )
    assert found.fabric_changes == ()


EXTRA = "urn:pulumi:fabric-1::hhsync::hhsync:index:Fabric$"


def extra(op, type_, name, **state):
    """A step of a resource that a stack asks for beside its CRs."""
    about = {"type": type_, "urn": f"{EXTRA}{type_}::{name}"}
    state = {**about, "id": "", "parent": "", "provider": "", "outputs": {}, "inputs": {}, **state}
    return event(
        resOutputsEvent={
            "metadata": {"op": op, **about, "provider": "", "old": state, "new": state, "detailedDiff": None}
        }
    )


@pytest.mark.parametrize(
    ("type_", "name"),
    [("kubernetes:core/v1:Namespace", "bootstrap/namespace"), ("command:local:Command", "after-sync-1")],
)
def test_what_a_stack_asks_for_beside_its_crs_is_shown_and_not_counted(type_, name):
    found = collected(extra("create", type_, name), extra("same", type_, "other"))
    assert [(one.ref, one.action) for one in found.fabric_changes] == [(name, "create")]
    assert (found.counts.total, found.changes) == (0, ())


def test_what_is_deleted_and_stays_on_the_server_is_not_told_as_deleted():
    gone = extra("delete", "command:local:Command", "after-sync-1")
    kept = extra("delete", "kubernetes:core/v1:Namespace", "bootstrap/namespace", retainOnDelete=True)
    assert [one.ref for one in collected(gone, kept).fabric_changes] == ["after-sync-1"]


def test_extras_are_not_counted_as_compared_either():
    type_, name = "kubernetes:core/v1:Namespace", "bootstrap/namespace"
    about = {"type": type_, "urn": f"{EXTRA}{type_}::{name}", "provider": "", "old": None, "new": None}
    begins = event(resourcePreEvent={"metadata": {"op": "refresh", **about, "detailedDiff": None}})
    found = collected(begins, extra("refresh", type_, name), extra("update", type_, name))
    assert (found.refreshed, len(found.fabric_changes)) == (0, 1)


@pytest.mark.parametrize("type_", ["pulumi:providers:kubernetes", "pulumi:pulumi:Stack", "hhsync:index:Fabric"])
def test_what_is_on_no_server_is_not_shown(type_):
    assert collected(extra("create", type_, "x")).fabric_changes == ()


def test_a_plugins_error_is_told_with_the_resource_that_it_is_about():
    message = {"severity": "error", "message": "the command ended with exit code 3", "color": "never"}
    found = collected(event(diagnosticEvent={**message, "urn": f"{EXTRA}command:local:Command::after-sync-1"}))
    assert found.errors == ("after-sync-1: the command ended with exit code 3",)


def test_a_changed_record_of_the_fabric_is_shown():
    old, new = {"record": {"git_branch": "main"}}, {"record": {"git_branch": "next"}}
    (change,) = collected(done("update", "fabric-1/identity", old, new, kind="FabricIdentity")).fabric_changes
    assert [str(one) for one in change.properties] == ["record.git_branch: 'main' => 'next'"]


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
    "the CR is named": ("refused\n", urn(VPC), f"{VPC}: refused"),
    "the CR is named once": (f"{VPC}: refused\n", urn(VPC), f"{VPC}: refused"),
    "a traceback": (TRACEBACK, urn(VPC), "the cluster at https://x refuses VPC/default/vpc-1: spec.vlan: too large"),
    "a program's exception": (
        "Program failed with an unhandled exception:\nTraceback (most recent call last):\n"
        '  File "a.py", line 1, in <module>\n    main()\nValueError: bad\n',
        "",
        "bad",
    ),
    "without a traceback": ("providers.errors.GitError: no such branch: x\n", "", "no such branch: x"),
    "a check": (
        f"pulumi-python:dynamic/hedgehog:VPC resource '{VPC}': property cluster value {{map[]}} has a problem: missing\n",
        urn(VPC),
        f"{VPC}: cluster: missing",
    ),
    "a preview": ("Preview failed: providers.errors.Unreachable: no answer\n", urn(VPC), f"{VPC}: no answer"),
    "nothing": ("\n", "", ""),
}


@pytest.mark.parametrize(("message", "about", "line"), LINES.values(), ids=LINES.keys())
def test_a_diagnostic_is_one_line(message, about, line):
    assert diagnostic_line(message, about) == line


def test_an_error_said_twice_is_listed_once():
    assert collected(says("error", "no", VPC), says("error", "no", VPC)).errors == (f"{VPC}: no",)


def test_that_something_failed_is_left_out_where_the_reason_is_given():
    found = collected(says("error", "no such branch"), says("error", "update failed\n"))
    assert found.errors == ("no such branch",)


def test_that_something_failed_stays_where_nothing_says_why():
    assert collected(says("error", "update failed\n")).errors == ("update failed",)


def test_warnings_and_notes_are_kept_apart_from_errors():
    found = collected(says("warning", "old"), says("info", "read 71 CRs"), says("info", "passing", ephemeral=True))
    assert (found.errors, found.warnings, found.said) == ((), ["old"], ["read 71 CRs"])


def test_a_single_finding_that_the_summary_repeats_is_one_line():
    found = collected(says("error", "a.yaml:1: bad"), says("error", "not valid: a.yaml:1: bad"))
    assert found.errors == ("not valid: a.yaml:1: bad",)


def test_several_findings_are_each_a_line():
    lines = ("a.yaml:1: bad", "b.yaml:1: bad", "not valid: a.yaml:1: bad (and 1 more)")
    assert collected(*(says("error", line) for line in lines)).errors == lines
