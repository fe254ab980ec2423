"""CRs that are on the servers and not in Git: told, recorded where asked, deleted by name, and else left alone."""

from __future__ import annotations

import copy

import pytest

from providers.core.identity import FABRIC_LABEL, ObjectRef
from tests.support.project import crs

pytestmark = pytest.mark.services


@pytest.fixture
def stray(synced):
    """A VPC that somebody made by hand; its name."""
    name = f"{synced.fabric[2:]}x"
    manifest = copy.deepcopy(synced.vpc(synced.names[0]))
    manifest["metadata"] = {"name": name, "namespace": "default"}
    manifest["spec"]["subnets"]["default"] = {"subnet": "10.0.200.0/24", "vlan": 1200}
    synced.by_another("kubectl-create", manifest)
    yield name
    ref = ObjectRef("VPC", "default", name)
    if live := synced.cluster.get(ref):
        synced.cluster.delete(ref, live["metadata"]["uid"])


def test_an_orphan_is_told_recorded_and_removed_only_by_name(synced, stray):
    ref = ObjectRef("VPC", "default", stray)
    result = synced.verb("orphans")["orphans"]
    (one,) = [each for each in result if each["ref"] == str(ref)]
    assert (one["managed"], one["managers"], one["places"]) == (False, ["kubectl-create"], ["cluster"])
    assert one["created_at"].startswith("20")
    assert "written by kubectl-create, made less than a minute ago" in synced.run("drift", synced.fabric).stdout
    version = synced.vpc(stray)["metadata"]["resourceVersion"]
    assert "orphans_recorded" not in synced.verb("sync")
    assert ref.record_ref(synced.fabric) not in synced.records()

    synced.run("pulumi", "--", "config", "set", "hhsync:recordOrphans", "true", "--stack", synced.fabric)
    assert synced.verb("sync")["orphans_recorded"] >= 1
    record = synced.records()[ref.record_ref(synced.fabric)].fields
    assert (record["git_status"], record["sync_state"], record["git_commit"]) == ("Not from Git", "Orphaned", "")
    log = synced.log_length()
    assert synced.verb("sync")["orphans_recorded"] == 0
    assert synced.log_length() == log
    assert synced.vpc(stray)["metadata"]["resourceVersion"] == version

    asked = synced.run("orphans", synced.fabric, "--remove", f"VPC/{stray}")
    assert (asked.returncode, "--yes" in asked.stderr) == (1, True)
    wrong = synced.run("orphans", synced.fabric, "--remove", f"VPC/{stray}", "--yes", "other")
    assert (wrong.returncode, "nothing was done" in wrong.stderr) == (1, True)
    for name, why in ((synced.names[0], "is in Git at"), ("no-such", "neither in the cluster nor in NetBox")):
        refused = synced.verb(
            "orphans", "--remove", f"VPC/{stray}", "--remove", f"VPC/{name}", "--yes", synced.fabric, code=1
        )
        assert why in refused["errors"][0]
    assert synced.vpc(stray)["metadata"]["resourceVersion"] == version

    done = synced.verb("orphans", "--remove", f"VPC/{stray}", "--yes", synced.fabric)
    assert done["removed"] == [str(ref)]
    assert synced.cluster.get(ref) is None
    assert ref.record_ref(synced.fabric) not in synced.records()


def test_destroy_takes_the_records_of_orphans_and_leaves_the_orphans(synced, stray):
    synced.run("pulumi", "--", "config", "set", "hhsync:recordOrphans", "true", "--stack", synced.fabric)
    synced.verb("sync")
    assert synced.verb("destroy", "--yes", synced.fabric)["errors"] == []
    assert (synced.records(), synced.netbox.fabric(synced.fabric)) == ({}, None)
    assert synced.vpc(stray) is not None


def test_a_managed_orphan_is_the_syncs_to_delete(synced):
    name = synced.names[4]
    synced.commit({f"vpcs/{name}.yaml": None})
    refused = synced.verb("orphans", "--remove", f"VPC/{name}", "--yes", synced.fabric, code=1)
    assert "is managed, and the next hhsync sync" in refused["errors"][0]
    assert synced.verb("orphans")["orphans"][0]["managed"] is True


def test_what_somebody_made_anew_under_a_managed_name_is_not_deleted(synced):
    """Ownership is our label, our field manager and the recorded uid: each alone is not enough."""
    taken, unlabelled, foreign = synced.names[2:5]
    for name, labels, manager in (
        (taken, {FABRIC_LABEL: synced.fabric}, "hhsync"),
        (unlabelled, {}, "hhsync"),
        (foreign, {FABRIC_LABEL: synced.fabric}, "kubectl-create"),
    ):
        manifest = copy.deepcopy(synced.vpc(name))
        synced.cluster.delete(ObjectRef("VPC", "default", name), manifest["metadata"]["uid"])
        manifest["metadata"] = {"name": name, "namespace": "default", "labels": labels}
        synced.by_another(manager, manifest)
    uids = {name: synced.vpc(name)["metadata"]["uid"] for name in (taken, unlabelled, foreign)}
    synced.commit({f"vpcs/{name}.yaml": None for name in uids})
    failed = synced.verb("sync", code=1)
    assert {one["ref"] for one in failed["not_done"]} == {f"VPC/default/{name}" for name in uids}
    assert all("is not the object that we made" in line for line in failed["errors"])
    assert {name: synced.vpc(name)["metadata"]["uid"] for name in uids} == uids
    synced.commit({path: text for path, text in crs(*synced.names).items() if any(name in path for name in uids)})
    synced.verb("sync")
    assert {name: synced.vpc(name)["metadata"]["uid"] for name in uids} == uids
