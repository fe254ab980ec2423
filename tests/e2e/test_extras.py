"""What a stack may ask for besides the sync: a cluster made ready, and commands after a sync, on Pulumi's own plugins.

The Kubernetes plugin is built from Go modules before the first test that needs it. The command plugin is on no registry that
set-up reaches: its tests run where it is installed, and tests/program/test_extras.py holds its registration to Pulumi's mocks.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.support.project import PASSPHRASE, Project, crs
from tests.support.services import kubernetes_plugin

pytestmark = pytest.mark.services


def command_plugin() -> bool:
    """Whether pulumi-command's plugin is installed."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    return shutil.which("pulumi-resource-command") is not None or any(home.glob("plugins/resource-command-*"))


needs_command = pytest.mark.skipif(
    not command_plugin(),
    reason="the plugin of pulumi-command is not installed (pulumi plugin install resource command)",
)


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


@pytest.mark.kubernetes_plugin
def test_a_bootstrapped_cluster_is_synced_with_the_least_rights(project):
    place = f"{project.fabric}-ns"
    project.env["PATH"] = os.pathsep.join([str(kubernetes_plugin().parent), project.env["PATH"]])
    project.commit(crs(*project.names))
    assert project.init(kubeconfig=project.access.admin_kubeconfig).returncode == 0
    set_config(project, "hhsync:clusterBootstrap", "true")
    set_config(project, "hhsync:bootstrapNamespace", place)
    try:
        _story(project, place)
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


def _story(project, place):
    previewed = project.verb("preview", code=2)
    assert {one["action"] for one in previewed["fabric_changes"]} == {"create"}
    done = project.verb("sync")
    assert done["counts"]["created"] == done["counts"]["unchanged"] + 7 == 7  # CRs alone are counted
    names = {one["ref"] for one in done["fabric_changes"]}
    assert {"bootstrap/vpcs.vpc.githedgehog.com", "bootstrap/account"} <= names

    again = project.verb("sync")
    assert (again["changes"], again["fabric_changes"]) == ([], [])

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
    assert project.verb("drift")["in_sync"] == 7
    state = json.dumps(project.state())
    assert secret not in state
    assert PASSPHRASE not in state


@needs_command
def test_a_hook_runs_once_a_change(synced):
    heard = synced.folder / "heard"
    set_config(synced, "--path", "hhsync:hooksAfterSync[0]", f'echo "$HHSYNC_FABRIC $HHSYNC_COMMIT" >> {heard}')
    assert [one["ref"] for one in synced.verb("sync")["fabric_changes"]] == ["after-sync-1"]
    assert heard.read_text() == f"{synced.fabric} {synced.git('rev-parse', 'HEAD')}\n"
    again = synced.verb("sync")
    assert (again["changes"], again["fabric_changes"]) == ([], [])
    assert len(heard.read_text().splitlines()) == 1


@needs_command
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


@needs_command
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
