"""Git and the servers, both ways: what is edited in Git is synced, and what a server has is promoted into Git."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from providers.core.identity import KINDS, ObjectRef
from tests.support.project import FOLDER, crs

if TYPE_CHECKING:
    from tests.support.project import Project

pytestmark = pytest.mark.services


def write(project: Project, *argv: str, code: int = 0) -> dict:
    done = project.run(*argv, "--json")
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    answer: dict = json.loads(done.stdout)
    return answer


def in_git(project: Project, path: str) -> str:
    return project.git("show", f"main:{FOLDER}/{path}") + "\n"


@pytest.fixture
def fabric(synced: Project) -> Project:
    """A synced fabric whose repository takes pushes although it has a work tree."""
    synced.git("config", "receive.denyCurrentBranch", "updateInstead")
    return synced


def test_git_and_the_servers_are_brought_together_both_ways(fabric):
    drifted, recorded, gone, made = (fabric.names[n] for n in (0, 1, 2, 3))
    files = crs(*fabric.names)

    # the cluster's value: one line of Git, and nothing of what the server filled in
    fabric.edit_vlan(drifted, 2001)
    promoted = write(fabric, "promote", f"VPC/{drifted}", "--from", "cluster")
    assert in_git(fabric, f"vpcs/{drifted}.yaml") == files[f"vpcs/{drifted}.yaml"].replace("vlan: 1001", "vlan: 2001")
    assert [one["path"] for one in promoted["changes"][0]["properties"]] == ["spec.subnets.default.vlan"]

    # NetBox's value
    ref = ObjectRef("VPC", "default", recorded)
    record = fabric.records()[ref.record_ref(fabric.fabric)]
    spec = {
        **record.fields["spec"],
        "subnets": {"default": {**record.fields["spec"]["subnets"]["default"], "vlan": 2002}},
    }
    fabric.netbox.update(KINDS["VPC"], record.id, {"spec": spec})
    write(fabric, "promote", f"VPC/{recorded}", "--from", "netbox")
    assert in_git(fabric, f"vpcs/{recorded}.yaml") == files[f"vpcs/{recorded}.yaml"].replace("vlan: 1002", "vlan: 2002")

    # a record that is gone is a file that goes; what NetBox has and Git has not is a new file
    doomed = fabric.records()[ObjectRef("VPC", "default", gone).record_ref(fabric.fabric)]
    fabric.netbox.delete(KINDS["VPC"], doomed.id)
    assert write(fabric, "promote", f"VPC/{gone}", "--from", "netbox")["files"] == {f"{FOLDER}/vpcs/{gone}.yaml": "D"}
    write(fabric, "delete", f"VPC/{made}")
    assert write(fabric, "promote", f"VPC/{made}", "--from", "netbox")["files"] == {f"{FOLDER}/vpcs/{made}.yaml": "A"}

    # and a sync finds all of it where it should be
    assert fabric.verb("sync")["errors"] == []
    assert fabric.verb("drift")["in_sync"] == 6
    assert fabric.vpc(drifted)["spec"]["subnets"]["default"]["vlan"] == 2001
    assert fabric.vpc(recorded)["spec"]["subnets"]["default"]["vlan"] == 2002

    # an edit, and its way back
    edited = write(fabric, "edit", f"VPC/{made}", "--set", "spec.subnets.default.vlan=2004")
    fabric.verb("sync")
    assert fabric.vpc(made)["spec"]["subnets"]["default"]["vlan"] == 2004
    write(fabric, "revert", edited["commit"])
    fabric.verb("sync")
    assert fabric.vpc(made)["spec"]["subnets"]["default"]["vlan"] == 1004


def test_a_sync_ingests_first_where_the_stack_says_so(project):
    project.commit({f"raw/{path.replace('/', '-')}": text for path, text in crs(*project.names).items()})
    project.git("config", "receive.denyCurrentBranch", "updateInstead")
    assert project.init().returncode == 0
    assert (
        project.run(
            "pulumi", "--", "config", "set", "hhsync:ingestOnSync", "true", "--stack", project.fabric
        ).returncode
        == 0
    )
    planned = project.verb("preview", code=1)  # nothing is in managed/ yet, which a preview says
    assert any("hhsync ingest" in error for error in planned["errors"])
    done = project.verb("sync")
    assert (done["ingest"]["crs_created"], done["counts"]["created"]) == (7, 7)
    assert len(project.objects()) == 7
    assert project.verb("sync")["ingest"]["commit"] == ""
