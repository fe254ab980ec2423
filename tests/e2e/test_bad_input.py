"""Bad input: one clear line, exit 1, nothing written, nothing lost, no traceback (every run is searched for one)."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.project import FOLDER, Project, crs

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def current_state(tmp_path_factory, services) -> Iterator[Project]:
    """One synced fabric for all tests of this module: what is refused leaves it as it was."""
    made = Project(tmp_path_factory.mktemp("bad") / "project", services)
    made.commit(crs(*made.names))
    assert made.init().returncode == 0
    assert made.verb("sync")["counts"]["created"] == 7
    yield made
    made.verb("destroy", "--yes", made.fabric)


@pytest.fixture
def synced(current_state) -> Iterator[Project]:
    """That fabric; the branch goes back to where it was after the test."""
    before = current_state.git("rev-parse", "HEAD")
    yield current_state
    current_state.git("reset", "-q", "--hard", before)


def refused(project: Project, *parts: str, verb: str = "sync", arguments: tuple[str, ...] = ()) -> str:
    """The verb's error lines; both servers are as they were."""
    log, versions = project.log_length(), project.versions()
    answer = project.verb(verb, *arguments, code=1)
    assert (project.log_length(), project.versions()) == (log, versions)
    text = "\n".join(answer["errors"])
    for part in parts:
        assert part in text, text
    for line in answer["errors"]:
        assert "\n" not in line
    return text


DOCUMENTS = [
    pytest.param("broken.yaml", "a: [1\nb: 2\n", ("broken.yaml:",), id="broken YAML"),
    pytest.param(
        "odd.yaml",
        "apiVersion: vpc.githedgehog.com/v1\nkind: VPC\nmetadata: {name: a}\nspec: {}\n",
        ("odd.yaml:1", "v1beta1"),
        id="unknown version of a known kind",
    ),
    pytest.param(
        "bad.yaml",
        "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata: {name: a}\nspec:\n  subnets:\n    d: {vlan: many}\n",
        ("bad.yaml:6", "spec.subnets.d.vlan"),
        id="a spec that the schema refuses",
    ),
]


@pytest.mark.parametrize(("file", "text", "parts"), DOCUMENTS)
def test_a_document_that_is_no_good_stops_everything(synced, file, text, parts):
    synced.commit(
        {file: text, f"vpcs/{synced.names[0]}.yaml": crs(*synced.names, vlan=1500)[f"vpcs/{synced.names[0]}.yaml"]}
    )
    refused(synced, *parts)
    refused(synced, *parts, verb="check")


def test_two_documents_with_one_identity_name_both_origins(synced):
    name = synced.names[0]
    synced.commit({"copy.yaml": crs(*synced.names)[f"vpcs/{name}.yaml"]})
    refused(synced, f"{FOLDER}/copy.yaml:", f"{FOLDER}/vpcs/{name}.yaml:", "written twice", name)


def configure(project: Project, key: str, value: str) -> None:
    """Change the stack's config behind `hhsync init`, which would have tried the connection."""
    done = project.run("pulumi", "--", "config", "set", f"hhsync:{key}", value, "--stack", project.fabric)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("option", "key", "value", "parts"),
    [
        ("git_url", "gitUrl", "/nowhere/at/all.git", ("/nowhere/at/all.git",)),
        ("git_branch", "gitBranch", "no-such-branch", ("no-such-branch", "main")),
        ("git_path", "gitPath", "no/such/folder", ("no/such/folder",)),
        ("netbox_url", "netboxUrl", "http://127.0.0.1:9", ("127.0.0.1:9",)),
        ("kubeconfig", "kubeconfig", "/nowhere/kubeconfig", ("/nowhere/kubeconfig",)),
    ],
)
def test_a_place_that_is_not_there_is_named(synced, option, key, value, parts):
    done = synced.init(**{option: value})
    assert done.returncode == 1
    for part in parts:
        assert part in done.stdout + done.stderr
    configure(synced, key, value)
    try:
        refused(synced, *parts)
    finally:
        assert synced.init().returncode == 0


def test_a_cluster_that_does_not_answer_is_named(synced, tmp_path):
    config = tmp_path / "kubeconfig"
    with open(synced.access.hhsync_kubeconfig, encoding="utf-8") as file:
        config.write_text(file.read().replace(synced.access.url, "https://127.0.0.1:9"))
    configure(synced, "kubeconfig", str(config))
    try:
        refused(synced, "https://127.0.0.1:9")
    finally:
        assert synced.init().returncode == 0


def test_wrong_netbox_token(synced):
    done = synced.run("init", synced.fabric, "--no-check", HHSYNC_NETBOX_TOKEN="nbt_abcdefabcdef.wrong")
    assert done.returncode == 0, done.stderr
    try:
        refused(synced, "netboxToken")
    finally:
        synced.init()


def test_wrong_cluster_token(synced, tmp_path):
    config = tmp_path / "kubeconfig"
    with open(synced.access.hhsync_kubeconfig, encoding="utf-8") as file:
        config.write_text(file.read().replace(synced.access.hhsync_token, "wrong"))
    synced.init(kubeconfig=str(config))
    try:
        refused(synced, "401", synced.access.url)
    finally:
        synced.init()


def test_an_empty_folder_never_means_delete_all(synced):
    synced.git("rm", "-rq", FOLDER)
    synced.commit({"README.md": "moved away\n"})
    refused(synced, FOLDER)


def test_a_commit_that_drops_too_much_is_refused_until_allowed(project):
    project.commit(crs(*project.names))
    assert project.init().returncode == 0
    project.verb("sync")
    project.commit({f"vpcs/{name}.yaml": None for name in project.names[:4]})
    refused(project, "refused to delete 4 of 7", "at most 3", "--allow-deletes 4")
    refused(project, "refused to delete 4 of 7", verb="preview")
    assert project.verb("sync", "--allow-deletes", "4")["counts"]["deleted"] == 4


def test_a_stack_that_does_not_exist(synced):
    done = synced.run("sync", "no-such-fabric")
    assert done.returncode == 1
    assert "no-such-fabric" in done.stderr
    assert synced.fabric in done.stderr


def test_a_second_sync_while_one_runs_is_told_who_holds_the_stack(synced):
    lock = synced.folder / f"state/.pulumi/locks/organization/hhsync/{synced.fabric}"
    name = synced.names[0]
    synced.commit({f"vpcs/{name}.yaml": crs(*synced.names, vlan=1100)[f"vpcs/{name}.yaml"]})
    holder = subprocess.Popen(["sleep", "60"])
    try:
        lock.mkdir(parents=True, exist_ok=True)
        (lock / "11111111-1111-4111-8111-111111111111.json").write_text(
            f'{{"pid": {holder.pid}, "username": "bob", "hostname": "elsewhere", "timestamp": "2026-01-01T00:00:00Z"}}'
        )
        done = synced.run("sync", synced.fabric)
        assert done.returncode == 1
        assert "bob@elsewhere" in done.stderr
        assert "cancel" in done.stderr
    finally:
        holder.kill()
        holder.wait()
    assert synced.run("pulumi", "--", "cancel", "--yes", "--stack", synced.fabric).returncode == 0
    synced.verb("sync")
