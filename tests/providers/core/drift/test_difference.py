"""One property on three sides, who owns it in the cluster, and how the fabric's own record stands."""

from __future__ import annotations

import pytest

from providers.core import ownership
from providers.core.diff import changes
from providers.core.drift import fabric_record
from providers.core.drift.difference import Difference, differences, servers_with
from providers.core.drift.facts import Unread
from providers.core.drift.states import State
from providers.core.equality import MISSING
from providers.core.identity import FABRIC_LABEL

GIT = {
    "git": {"commit": "b"},
    "cluster": {"spec": {"vlan": 1}, "labels": {FABRIC_LABEL: "f"}},
    "netbox": {"spec": {"vlan": 1}, "git_status": "From Git"},
}
BOTH = ("cluster", "netbox")


def found(seen):
    return differences(changes(seen, GIT), GIT, GIT, seen)


def test_what_differs_on_one_server_comes_with_the_others_value():
    (difference,) = found({**GIT, "cluster": {**GIT["cluster"], "spec": {"vlan": 9}}})
    assert difference == Difference(("cluster", "spec", "vlan"), 1, 1, cluster=9, netbox=1)
    assert (difference.observed, difference.section, str(difference)) == (9, "cluster", "cluster.spec.vlan")


def test_a_key_that_somebody_added_is_absent_in_git():
    (difference,) = found({**GIT, "cluster": {**GIT["cluster"], "spec": {"vlan": 1, "extra": 2}}})
    assert difference == Difference(("cluster", "spec", "extra"), MISSING, MISSING, cluster=2)


@pytest.mark.parametrize(
    ("path", "servers"),
    [
        (("cluster", "spec", "vlan"), BOTH),
        (("netbox", "git_status"), ("netbox",)),
        (("cluster", "labels", FABRIC_LABEL), ("cluster",)),
        (("cluster", "labels", "team"), BOTH),
        (("cluster",), BOTH),
        (("record", "status"), ("netbox",)),
    ],
    ids=["a spec", "a field of the record", "our label", "another label", "the whole CR", "the fabric's own record"],
)
def test_which_servers_have_such_a_property(path, servers):
    assert servers_with(path) == servers


def test_a_field_of_one_server_has_no_other_side():
    (difference,) = found({**GIT, "netbox": {**GIT["netbox"], "git_status": "Not from Git"}})
    assert difference == Difference(("netbox", "git_status"), "From Git", "From Git", netbox="Not from Git")


def test_a_cr_that_is_gone_is_one_difference():
    (difference,) = found({"git": GIT["git"], "netbox": GIT["netbox"]})
    assert (difference.path, difference.cluster) == (("cluster",), MISSING)


def test_where_a_cr_comes_from_is_compared_with_the_state():
    before = {**GIT, "git": {"commit": "a"}}
    (difference,) = differences(changes(before, GIT), GIT, before, before)
    assert (difference.observed, difference.git, difference.is_attribution) == ("a", "b", True)


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
    # recorded, desired, live -> state
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


@pytest.mark.parametrize(("recorded", "desired", "live", "state"), TABLE)
def test_the_fabrics_own_record(recorded, desired, live, state):
    found = fabric_record.classify(recorded, desired, live)
    assert (found.state if found else None) is state


def test_the_records_differences_are_named_with_the_reason_of_a_failed_sync():
    found = fabric_record.classify(WROTE, {}, FAILED)
    assert "VPC/default/a was refused" in found.reason
    assert [(str(one), one.git, one.observed) for one in found.differences] == [
        ("record.error", "", "VPC/default/a was refused"),
        ("record.status", "success", "partial"),
    ]
