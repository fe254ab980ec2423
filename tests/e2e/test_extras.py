"""What a stack may ask for beside the sync: a cluster made ready, and commands after a sync."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.e2e.project import PASSPHRASE, Project, crs

pytestmark = pytest.mark.services


def set_config(project: Project, *arguments: str) -> None:
    done = project.run("pulumi", "--", "config", "set", "--stack", project.fabric, *arguments)
    assert done.returncode == 0, done.stderr


def token(project: Project, place: str) -> str:
    """A token of the bootstrapped account, as `kubectl create token` asks for it."""
    path = f"/api/v1/namespaces/{place}/serviceaccounts/hhsync/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    answer = project.cluster._api.target().call("POST", path, body=body, about="ask for a token")
    return str(answer.body["status"]["token"])


def remove(project: Project, *paths: str) -> None:
    for path in paths:
        project.cluster._api.target().call("DELETE", path, about="clean up", accept={404})


def test_a_bootstrapped_cluster_is_synced_with_the_least_rights_and_a_hook_runs_once_a_change(project):
    place, heard = f"{project.fabric}-ns", project.folder / "heard"
    project.commit(crs(*project.names))
    assert project.init(kubeconfig=project.access.admin_kubeconfig).returncode == 0
    set_config(project, "hhsync:clusterBootstrap", "true")
    set_config(project, "hhsync:bootstrapNamespace", place)
    set_config(project, "--path", "hhsync:hooksAfterSync[0]", f'echo "$HHSYNC_FABRIC $HHSYNC_COMMIT" >> {heard}')
    try:
        _story(project, place, heard)
    finally:
        with contextlib.suppress(AssertionError):  # while its account is still there
            project.verb("destroy", "--yes", project.fabric)
        roles = "/apis/rbac.authorization.k8s.io/v1"
        name = f"hhsync-sync-{place}"
        remove(project, f"{roles}/clusterrolebindings/{name}", f"{roles}/clusterroles/{name}")
        remove(project, f"/api/v1/namespaces/{place}/serviceaccounts/hhsync", f"/api/v1/namespaces/{place}")
        no_controller = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": place},
            "spec": {"finalizers": []},
        }
        target = project.cluster._api.target()
        target.call("PUT", f"/api/v1/namespaces/{place}/finalize", body=no_controller, about="clean up", accept={404})


def _story(project, place, heard):
    previewed = project.verb("preview", code=2)
    assert not heard.exists()
    assert {one["action"] for one in previewed["fabric_changes"]} == {"create"}
    done = project.verb("sync")
    assert done["counts"]["created"] == done["counts"]["unchanged"] + 7 == 7  # CRs alone are counted
    names = {one["ref"] for one in done["fabric_changes"]}
    assert {"bootstrap/vpcs.vpc.githedgehog.com", "bootstrap/account", "after-sync-1"} <= names
    head = project.git("rev-parse", "HEAD")
    assert heard.read_text() == f"{project.fabric} {head}\n"

    again = project.verb("sync")
    assert (again["changes"], again["fabric_changes"]) == ([], [])
    assert len(heard.read_text().splitlines()) == 1

    # from here on with nothing but the account that was made
    secret = token(project, place)
    for key in ("kubeconfig",):
        assert project.run("pulumi", "--", "config", "rm", f"hhsync:{key}", "--stack", project.fabric).returncode == 0
    set_config(project, "hhsync:clusterUrl", project.access.url)
    set_config(project, "hhsync:clusterCaFile", project.access.ca_file)
    set_config(project, "--secret", "hhsync:clusterToken", secret)
    assert project.verb("preview")["changes"] == []
    text = crs(*project.names, vlan=1100)[f"vpcs/{project.names[0]}.yaml"]
    project.commit({f"vpcs/{project.names[0]}.yaml": text})
    assert project.verb("sync")["counts"]["updated"] == 1
    assert project.vpc(project.names[0])["spec"]["subnets"]["default"]["vlan"] == 1101
    assert len(heard.read_text().splitlines()) == 2
    assert project.verb("drift")["in_sync"] == 7
    state = json.dumps(project.state())
    assert secret not in state
    assert PASSPHRASE not in state


def test_a_hook_that_fails_fails_the_sync_with_one_line_and_runs_again_next_time(synced):
    flag = synced.folder / "flag"
    set_config(synced, "--path", "hhsync:hooksAfterSync[0]", f"test -e {flag} || {{ echo no flag >&2; exit 3; }}")
    failed = synced.verb("sync", code=1)
    assert failed["counts"]["failed"] == 0
    assert len(failed["errors"]) == 1
    assert "after-sync-1" in failed["errors"][0]
    assert "exit code 3: no flag" in failed["errors"][0]
    flag.touch()
    assert synced.verb("sync")["ok"]
    assert synced.verb("preview")["fabric_changes"] == []


def test_a_reassignment_takes_the_hook_along_and_it_runs_once(synced):
    heard, (old, *_) = synced.folder / "heard", synced.names
    set_config(synced, "--path", "hhsync:hooksAfterSync[0]", f"echo ran >> {heard}")
    assert synced.verb("sync")["ok"]
    text, new = crs(*synced.names)[f"vpcs/{old}.yaml"], f"{synced.fabric[2:]}z"
    synced.commit({f"vpcs/{old}.yaml": None, f"vpcs/{new}.yaml": text.replace(f"name: {old}\n", f"name: {new}\n")})
    done = synced.verb("sync")
    assert done["reassignment"]["deleted_first"] == [f"VPC/default/{old}"]
    assert (done["counts"]["created"], done["counts"]["deleted"]) == (1, 1)
    assert heard.read_text().splitlines() == ["ran", "ran"]
    assert synced.verb("preview")["fabric_changes"] == []


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("clusterBootstrap", "maybe", "must be true or false"),
        ("bootstrapNamespace", "Not-A-Name", "must be a namespace's name"),
        ("hooksAfterSync", '["", "x"]', "must be a list of shell commands"),
    ],
)
def test_wrong_settings_are_named_before_anything_is_written(project, key, value, named):
    project.commit(crs(*project.names))
    assert project.init().returncode == 0
    set_config(project, f"hhsync:{key}", value)
    answer = project.verb("sync", code=1)
    assert f"hhsync:{key}" in answer["errors"][0]
    assert named in answer["errors"][0]
    assert project.objects() == {}
