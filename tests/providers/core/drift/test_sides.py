"""One property on three sides, who owns it in the cluster, and how the fabric's own record stands."""

from __future__ import annotations

import pytest

from providers.core import ownership
from providers.core.drift import fabric_record
from providers.core.drift.report import Unread
from providers.core.drift.sides import WHOLE, side_by_side
from providers.core.drift.states import State
from providers.core.equality import MISSING
from providers.core.identity import FABRIC_LABEL

GIT = {
    "cluster": {"spec": {"vlan": 1}, "labels": {FABRIC_LABEL: "f"}},
    "netbox": {"spec": {"vlan": 1}, "git_status": "From Git"},
}
BOTH = ("cluster", "netbox")


def lines(paths, seen):
    return [(one.path, one.git, one.cluster, one.netbox, one.differs) for one in side_by_side(paths, GIT, seen)]


def test_what_differs_on_one_server_is_told_with_the_others_value():
    seen = {**GIT, "cluster": {"spec": {"vlan": 9}}}
    assert lines([("cluster", "spec", "vlan")], seen) == [("spec.vlan", 1, 9, 1, ("cluster",))]


def test_what_differs_on_both_servers_is_one_line():
    seen = {"cluster": {"spec": {"vlan": 9}}, "netbox": {"spec": {"vlan": 8}}}
    paths = [("cluster", "spec", "vlan"), ("netbox", "spec", "vlan")]
    assert lines(paths, seen) == [("spec.vlan", 1, 9, 8, BOTH)]


def test_a_key_that_somebody_added_is_absent_in_git():
    seen = {**GIT, "cluster": {"spec": {"vlan": 1, "extra": 2}}}
    assert lines([("cluster", "spec", "extra")], seen) == [("spec.extra", MISSING, 2, MISSING, ("cluster",))]


def test_a_field_of_one_server_has_no_other_side():
    (one,) = side_by_side([("netbox", "git_status")], GIT, {**GIT, "netbox": {"git_status": "Not from Git"}})
    assert (one.sides, one.git, one.cluster, one.netbox) == (("netbox",), "From Git", MISSING, "Not from Git")
    (label,) = side_by_side([("cluster", "labels", FABRIC_LABEL)], GIT, {**GIT, "cluster": {"labels": {}}})
    assert label.sides == ("cluster",)


def test_a_cr_that_is_gone_is_one_line():
    assert lines([("cluster",)], {"netbox": GIT["netbox"]}) == [(WHOLE, "present", MISSING, "present", ("cluster",))]


def test_attribution_is_no_line():
    assert lines([("git", "commit")], GIT) == []


def managed(*entries):
    return {"metadata": {"managedFields": [*entries], "creationTimestamp": "2026-01-01T00:00:00Z"}}


def entry(manager, fields, **more):
    return {"manager": manager, "operation": "Update", "fieldsV1": fields, **more}


KUBECTL = entry(
    "kubectl", {"f:spec": {".": {}, "f:vlan": {}, "f:list": {}, "f:keyed": {'k:{"n":"a"}': {".": {}, "f:x": {}}}}}
)
STATUS = entry("agent", {"f:status": {"f:vlan": {}}}, subresource="status")
LIVE = managed(KUBECTL, STATUS, entry("hhsync", {"f:metadata": {"f:labels": {"f:a.b/c": {}}}}))


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (("spec", "vlan"), ("kubectl",)),
        (("spec", "vlan", "inside"), ("kubectl",)),
        (("spec",), ("kubectl",)),
        (("spec", "list", 3, "x"), ("kubectl",)),
        (("spec", "keyed", 0, "x"), ("kubectl",)),
        (("spec", "keyed", 0, "y"), ()),
        (("spec", "other"), ()),
        (("metadata", "labels", "a.b/c"), ("hhsync",)),
        (("status", "vlan"), ()),
    ],
)
def test_who_owns_a_property(path, names):
    assert ownership.owners(LIVE, path) == names


def test_what_is_known_of_an_object():
    assert ownership.managers(LIVE) == ("hhsync", "kubectl")
    assert ownership.created_at(LIVE) == "2026-01-01T00:00:00Z"
    assert (ownership.managers({"metadata": {}}), ownership.created_at({"metadata": {}})) == ((), "")


WROTE = {"git_branch": "main", "status": "success", "error": "", "counts": {"VPC": 1}}
FAILED = {**WROTE, "status": "partial", "error": "VPC/default/a was refused"}
TABLE = [
    # recorded, wish, live -> state
    (None, {}, None, None),
    (None, {}, WROTE, None),
    (WROTE, {"git_branch": "main"}, WROTE, State.SYNCED),
    (WROTE, {}, {**WROTE, "cluster": "copies are not ours to compare"}, State.SYNCED),
    (WROTE, {}, {**WROTE, "git_branch": "x"}, State.DRIFTED),
    (WROTE, {}, {**WROTE, "counts": {}}, State.DRIFTED),
    (WROTE, {"git_branch": "new"}, WROTE, State.PENDING),
    (WROTE, {}, FAILED, State.PENDING),
    (WROTE, {}, {**FAILED, "git_branch": "x"}, State.DRIFTED),
    (WROTE, {}, None, State.DRIFTED),
    (WROTE, {}, Unread("no answer"), State.UNKNOWN),
    (None, {}, Unread("no answer"), State.UNKNOWN),
]


@pytest.mark.parametrize(("recorded", "wish", "live", "state"), TABLE)
def test_the_fabrics_own_record(recorded, wish, live, state):
    found = fabric_record.classify(recorded, wish, live)
    assert (found.state if found else None) is state


def test_the_records_differences_are_named_with_the_reason_of_a_failed_sync():
    found = fabric_record.classify(WROTE, {}, FAILED)
    assert "VPC/default/a was refused" in found.reason
    assert [(one.path, one.desired, one.observed) for one in found.differences] == [
        ("record.error", "", "VPC/default/a was refused"),
        ("record.status", "success", "partial"),
    ]
