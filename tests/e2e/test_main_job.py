"""The main job, end to end on real servers: Git → preview → sync → drift → repair, as a user runs it."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest

from providers.core.identity import KINDS, ObjectRef
from tests.support.project import (
    CLONE,
    FOLDER,
    PLAIN,
    Project,
    crs,
)
from tests.support.services import HEDGEHOG

pytestmark = pytest.mark.services

CLUSTER = HEDGEHOG


def changed(answer) -> dict[str, list[str]]:
    """The CRs of a result with the paths of their properties."""
    return {one["ref"]: sorted(item["path"] for item in one["differences"]) for one in answer["changes"]}


def test_preview_changes_nothing_and_sync_does_what_it_said(project):
    commit = project.commit(crs(*project.names))
    assert project.init().returncode == 0
    log = project.log_length()
    previewed = project.verb("preview", code=2)
    assert (project.log_length(), project.objects()) == (log, {})
    done = project.verb("sync")
    assert changed(done).keys() == changed(previewed).keys()
    assert {str(ref) for ref in project.objects()} == changed(done).keys()
    record = project.records()[ObjectRef("VPC", "default", project.names[0]).record_ref(project.fabric)]
    assert record.fields["git_file_path"] == f"{FOLDER}/vpcs/{project.names[0]}.yaml"
    assert record.fields["git_commit"] == commit
    fabric = project.netbox.fabric(project.fabric).fields
    assert (fabric["status"], fabric["last_applied_commit"], fabric["git_branch"], fabric["git_path"]) == (
        "success",
        commit,
        "main",
        FOLDER,
    )
    assert fabric["counts"] == {"IPv4Namespace": 1, "VLANNamespace": 1, "VPC": 5}


def test_a_repeat_sync_writes_nothing(synced):
    log, versions, record = synced.log_length(), synced.versions(), synced.netbox.fabric(synced.fabric)
    done = synced.verb("sync")
    assert done["counts"]["unchanged"] == 7
    assert (done["changes"], done["fabric_changes"]) == ([], [])
    assert (synced.log_length(), synced.versions(), synced.netbox.fabric(synced.fabric)) == (log, versions, record)


def test_preview_and_drift_name_exactly_what_was_changed_and_sync_repairs_it(synced):
    edited, deleted, in_netbox = synced.names[:3]
    synced.edit_vlan(edited, 1999)
    synced.cluster.delete(ObjectRef("VPC", "default", deleted), synced.vpc(deleted)["metadata"]["uid"])
    ref = ObjectRef("VPC", "default", in_netbox).record_ref(synced.fabric)
    record = synced.records()[ref]
    spec = copy.deepcopy(record.fields["spec"])
    spec["subnets"]["default"]["vlan"] = 1998
    synced.netbox.update(KINDS["VPC"], record.id, {"spec": spec})

    previewed = synced.verb("preview", code=2)
    assert {key: paths for key, paths in changed(previewed).items() if key != f"VPC/default/{deleted}"} == {
        f"VPC/default/{edited}": ["cluster.spec.subnets.default.vlan"],
        f"VPC/default/{in_netbox}": ["netbox.spec.subnets.default.vlan"],
    }
    assert all(path.startswith("cluster") for path in changed(previewed)[f"VPC/default/{deleted}"])
    assert [item for one in previewed["changes"] for item in one["differences"] if item.get("git") == 1001] == [
        {"path": "cluster.spec.subnets.default.vlan", "git": 1001, "recorded": 1001, "cluster": 1999, "netbox": 1001}
    ]

    report = synced.verb("drift", code=2)
    assert (report["total"], report["in_sync"], report["drifted"], report["missing_from_cluster"]) == (7, 4, 2, 1)
    assert {one["ref"] for one in report["details"]} == changed(previewed).keys()
    for one in report["details"]:
        assert one["origin"]["path"].startswith(f"{FOLDER}/vpcs/")

    assert synced.verb("sync")["counts"]["updated"] == 3
    assert synced.verb("preview")["changes"] == []
    assert synced.verb("drift")["in_sync"] == 7


def test_a_commit_that_changes_and_drops_crs(synced):
    kept, dropped = synced.names[0], synced.names[4]
    text = crs(*synced.names, vlan=1100)[f"vpcs/{kept}.yaml"]
    commit = synced.commit({f"vpcs/{kept}.yaml": text, f"vpcs/{dropped}.yaml": None})
    assert synced.verb("drift", code=2)["pending"] == 1
    counts = synced.verb("sync")["counts"]
    assert (counts["updated"], counts["deleted"], counts["unchanged"]) == (1, 1, 5)
    assert synced.vpc(kept)["spec"]["subnets"]["default"]["vlan"] == 1101
    assert synced.cluster.get(ObjectRef("VPC", "default", dropped)) is None
    assert ObjectRef("VPC", "default", dropped).record_ref(synced.fabric) not in synced.records()
    assert synced.netbox.fabric(synced.fabric).fields["last_applied_commit"] == commit


def test_a_comment_is_an_attribution_update_for_netbox_alone(synced):
    name = synced.names[0]
    text = crs(*synced.names)[f"vpcs/{name}.yaml"] + "# said by somebody\n"
    commit = synced.commit({f"vpcs/{name}.yaml": text})
    versions = synced.versions()
    assert synced.verb("drift")["in_sync"] == 7
    assert synced.verb("sync")["counts"]["attribution"] == 1
    assert synced.versions() == versions
    assert synced.records()[ObjectRef("VPC", "default", name).record_ref(synced.fabric)].fields["git_commit"] == commit


def test_drift_survives_a_refresh_and_a_sync_that_fails(synced):
    """The cluster refuses our writes for a while (a reader's credentials); what was seen then must not become the truth."""
    synced.edit_vlan(synced.names[0], 1999)
    wanted = {f"VPC/default/{synced.names[0]}": ["cluster.spec.subnets.default.vlan"]}
    synced.init(kubeconfig=synced.access.reader_kubeconfig)
    assert synced.verb("sync", code=1)["counts"]["failed"] == 1
    done = synced.run("pulumi", "--", "refresh", "--yes", "--skip-preview", "--run-program", "--stack", synced.fabric)
    assert done.returncode == 0, done.stdout + done.stderr
    assert synced.init().returncode == 0
    assert changed(synced.verb("preview", code=2)) == wanted
    assert changed(synced.verb("sync")) == wanted
    assert synced.vpc(synced.names[0])["spec"]["subnets"]["default"]["vlan"] == 1001


def test_a_rotated_token_needs_no_repair_of_the_state(synced, tmp_path):
    """From a kubeconfig to URL, token and CA: the state's copy of the config is not used."""
    token = tmp_path / "token"
    token.write_text(synced.access.hhsync_token)
    remove = synced.run("pulumi", "--", "config", "rm", "hhsync:kubeconfig", "--stack", synced.fabric)
    assert remove.returncode == 0, remove.stderr
    done = synced.run(
        "init",
        synced.fabric,
        "--cluster-url",
        synced.access.url,
        "--cluster-token-file",
        str(token),
        "--cluster-ca-file",
        synced.access.ca_file,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert synced.verb("preview")["changes"] == []
    assert synced.verb("destroy", "--yes", synced.fabric)["counts"]["deleted"] == 7


def test_the_state_stays_small_and_holds_no_secret(synced):
    latest = synced.state()
    sizes = [
        len(json.dumps(one))
        for one in latest["resources"]
        if "hedgehog:" in one["type"] and "Fabric" not in one["type"]
    ]
    assert max(sizes) <= 4096
    text = json.dumps(latest)
    assert synced.services.netbox.token.partition(".")[2] not in text


def test_two_first_syncs_at_once_and_destroying_one_leaves_the_other(project, tmp_path, services):
    other = Project(tmp_path / "other", services, cluster=PLAIN)
    other.names = project.names  # the same CRs, by name, in both fabrics
    for one in (project, other):
        one.commit(crs(*one.names))
        assert one.init().returncode == 0
    running = [
        subprocess.Popen(one.argv("sync", one.fabric, "--json"), env=one.env, cwd=one.folder, stdout=subprocess.PIPE)
        for one in (project, other)
    ]
    answers = [json.loads(process.communicate()[0]) for process in running]
    assert [answer["counts"]["created"] for answer in answers] == [7, 7]
    kept = other.records()
    assert project.verb("destroy", "--yes", project.fabric)["counts"]["deleted"] == 7
    assert (project.records(), project.objects(), project.netbox.fabric(project.fabric)) == ({}, {}, None)
    assert other.records() == kept
    assert other.verb("drift")["in_sync"] == 7
    other.verb("destroy", "--yes", other.fabric)


def test_reading_needs_no_permission_to_write(synced):
    synced.init(kubeconfig=synced.access.reader_kubeconfig)
    assert synced.verb("preview")["changes"] == []
    synced.edit_vlan(synced.names[0], 1999)
    assert synced.verb("drift", code=2)["drifted"] == 1
    assert len(synced.verb("preview", code=2)["changes"]) == 1
    synced.init()


def test_the_readmes_script(synced):
    block = (CLONE / "README.md").read_text().split("```python\n")[1].split("```")[0]
    script = synced.folder / "script.py"
    script.write_text(block.replace("fabric-1", synced.fabric))
    done = subprocess.run(
        [sys.executable, str(script)], cwd=synced.folder, env=synced.env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "7 0"


def test_an_unmanaged_object_is_reported_and_never_touched(synced):
    name = f"{synced.fabric[2:]}x"
    manifest = {
        "apiVersion": "vpc.githedgehog.com/v1beta1",
        "kind": "VPC",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "ipv4Namespace": f"{synced.names[0]}-ip",
            "vlanNamespace": f"{synced.names[0]}-vl",
            "subnets": {"default": {"subnet": "10.0.99.0/24", "vlan": 1099}},
        },
    }
    uid = synced.cluster.create(manifest)["metadata"]["uid"]
    try:
        report = synced.verb("drift")
        assert [one["ref"] for one in report["details"]] == [f"VPC/default/{name}"]
        synced.verb("sync")
        assert synced.vpc(name)["metadata"]["uid"] == uid
    finally:
        synced.cluster.delete(ObjectRef("VPC", "default", name), uid)
