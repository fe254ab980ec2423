"""A fabric that ran for years without Git: taken over without being made again, and what is not in Git left alone."""

from __future__ import annotations

import pytest
import yaml

from providers.core.identity import ObjectRef
from tests.support.project import crs

pytestmark = pytest.mark.services


@pytest.fixture
def old(project):
    """Everything that Git says is in the cluster already, made by kubectl; one VPC has another VLAN there."""
    files = crs(*project.names)
    project.commit(files)
    for text in files.values():
        for document in yaml.safe_load_all(text):
            document["metadata"]["namespace"] = "default"
            if document["metadata"]["name"] == project.names[0]:
                document["spec"]["subnets"]["default"]["vlan"] = 1999
            project.by_another("kubectl-create", document)
    assert project.init().returncode == 0
    yield project
    for kind in ("VPC", "IPv4Namespace", "VLANNamespace"):
        for name in (*project.names, f"{project.names[0]}-ip", f"{project.names[0]}-vl"):
            ref = ObjectRef(kind, "default", name)
            if live := project.cluster.get(ref):
                project.cluster.delete(ref, live["metadata"]["uid"])


def test_a_fabric_is_taken_over_and_nothing_is_made_again(old):
    differing = f"VPC/default/{old.names[0]}"
    path = "cluster.spec.subnets.default.vlan"
    uids = {name: old.vpc(name)["metadata"]["uid"] for name in old.names}
    generations = {name: old.vpc(name)["metadata"]["generation"] for name in old.names[1:]}
    versions = {name: old.vpc(name)["metadata"]["resourceVersion"] for name in old.names}

    result = old.verb("preview", code=1)
    assert (result["counts"]["adopted"], result["counts"]["created"]) == (7, 0)
    changing = {one["ref"]: one["differences"] for one in result["changes"] if one["differences"]}
    assert changing == {differing: [{"path": path, "git": 1001, "cluster": 1999, "owned_by": ["kubectl-create"]}]}
    assert "hhsync:forceConflicts" in result["errors"][0]
    text = old.run("preview", old.fabric).stdout
    assert f"VPC/default/{old.names[1]}  adopt, identical" in text
    assert f"{differing}  {path}: 1999 => 1001 (owned by kubectl-create)" in text

    refused = old.verb("sync", code=1)
    assert "kubectl-create" in refused["errors"][0]
    assert {name: old.vpc(name)["metadata"]["resourceVersion"] for name in old.names} == versions
    assert old.records() == {}
    plain = old.run("pulumi", "--", "up", "--yes", "--skip-preview", "--run-program", "--stack", old.fabric)
    assert plain.returncode != 0
    assert "hhsync:forceConflicts" in plain.stdout + plain.stderr
    assert old.verb("drift", code=2)["details"][-1]["action"] == "adopt"

    old.run("pulumi", "--", "config", "set", "hhsync:forceConflicts", "true", "--stack", old.fabric)
    assert old.verb("preview", code=2)["errors"] == []
    done = old.verb("sync")
    assert (done["counts"]["adopted"], done["counts"]["created"]) == (7, 0)
    assert {name: old.vpc(name)["metadata"]["uid"] for name in old.names} == uids
    assert {name: old.vpc(name)["metadata"]["generation"] for name in old.names[1:]} == generations
    assert old.vpc(old.names[0])["spec"]["subnets"]["default"]["vlan"] == 1001
    assert len(old.records()) == 7
    assert old.verb("sync")["counts"]["unchanged"] == 7
    assert old.verb("drift")["in_sync"] == 7
