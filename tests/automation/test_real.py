"""What needs real servers and is not the main job: the demo's story, the connections' checks, a cluster's own schemas."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from automation.cli import passthrough
from automation.demo import run
from automation.engine.workspace import Workspace
from automation.operations import check as checking
from automation.operations import destroy
from automation.progress import silent
from automation.setup import connections, servers, uninstall
from automation.setup.connections import FAILS, LIMITED, WORKS
from providers.errors import UnsafeChange
from tests.support.project import pulumi_cli

pytestmark = pytest.mark.services

CLONE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory, services):
    """The demo, told twice in a project of its own on the session's servers; its fabric is destroyed at the end."""
    root = tmp_path_factory.mktemp("demo")
    shutil.copy(CLONE / "Pulumi.yaml", root)
    for folder in ("program", "sample"):
        (root / folder).symlink_to(CLONE / folder)
    home = root / ".hhsync" / "services"
    git_url = home / "git" / "fabrics.git"
    git_url.parent.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(git_url)], check=True)
    running = dataclasses.replace(services, home=str(home), git_url=str(git_url))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(servers, "services", lambda root, say: SimpleNamespace(start=lambda fabrics: running))
        patch.setenv("HHSYNC_PULUMI", str(pulumi_cli()))
        patch.setenv("HHSYNC_CACHE", str(root / "cache"))
        result = []
        for _ in range(2):
            lines: list[str] = []
            one = run.Demo(root, lines.append, silent())
            result.append((one.run(), "\n".join(lines)))
        workspace = Workspace.find(root, one._environment())
        yield SimpleNamespace(root=root, result=result, workspace=workspace, running=running)
        destroy.destroy(workspace, run.FABRIC)


def test_the_demo_creates_then_finds_all_in_place(scenario):
    (first, _), (second, _) = scenario.result
    assert (first["sync"]["created"], second["sync"]["created"]) == (first["crs"], 0)


def test_the_demo_repairs_exactly_the_three_things_it_broke(scenario):
    for facts, _ in scenario.result:
        assert len(facts["drift_injected"]) == 3
        assert facts["repaired"] == facts["drift_injected"]


def test_the_demo_counts_a_repeat_sync_at_the_servers(scenario):
    assert all(facts["repeat_sync"]["unchanged_resource_versions"] >= facts["crs"] for facts, _ in scenario.result)


def test_the_demo_says_where_to_look(scenario):
    _, lines = scenario.result[0]
    for place in (
        scenario.running.netbox.url,
        scenario.running.git_url,
        "report.json",
        "export PULUMI_BACKEND_URL=file://",
    ):
        assert place in lines
    assert scenario.running.netbox.password not in lines
    assert scenario.running.netbox.token not in lines


def test_the_demos_passphrase_is_private(scenario):
    assert (scenario.root / ".hhsync" / "passphrase").stat().st_mode & 0o777 == 0o600


def test_git_is_valid_by_the_clusters_own_schemas_too(scenario):
    bundled = checking.check(scenario.workspace, run.FABRIC)
    live = checking.check(scenario.workspace, run.FABRIC, live=True)
    assert (bundled.exit_code, live.exit_code) == (0, 0)
    assert scenario.running.fabric(run.FABRIC).url in live.schemas_used


def test_types_are_not_uninstalled_under_recorded_fabrics(scenario):
    with pytest.raises(UnsafeChange, match=run.FABRIC):
        uninstall.uninstall(scenario.workspace, run.FABRIC, with_fabrics=False)


def test_the_engines_own_command_line_uses_the_same_stack(scenario):
    argv, env = passthrough.command(scenario.workspace, ["stack", "ls", "--json"])
    done = subprocess.run(argv, env=env, cwd=scenario.root, capture_output=True, text=True, check=True)
    assert '"fabric-1"' in done.stdout


def config(services, **other: str) -> dict[str, str]:
    return {
        "gitUrl": str(CLONE),
        "netboxUrl": services.netbox.url,
        "netboxToken": services.netbox.token,
        "kubeconfig": services.fabric("fabric-1").hhsync_kubeconfig,
        **other,
    }


def test_connections_that_work(services):
    assert connections.netbox(config(services)).state == WORKS
    assert connections.cluster(config(services)).state == WORKS


def test_a_client_certificate_works_as_a_token_does(services):
    access = services.fabric("fabric-1")
    assert connections.cluster(config(services, kubeconfig=access.certificate_kubeconfig)).state == WORKS


def test_a_url_with_a_token_and_a_ca_works_as_a_kubeconfig_does(services):
    access = services.fabric("fabric-1")
    named = {"clusterUrl": access.url, "clusterToken": access.hhsync_token, "clusterCaFile": access.ca_file}
    assert connections.cluster(config(services, kubeconfig="", **named)).state == WORKS


def test_a_reader_is_limited_and_told_what_still_works(services):
    found = connections.cluster(config(services, kubeconfig=services.fabric("fabric-1").reader_kubeconfig))
    assert (found.state, "drift and preview work" in found.text) == (LIMITED, True)


def test_a_refused_token_fails_with_the_key_to_check(services):
    checks = connections.check_all(
        config(services, netboxToken="nbt_aaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
    )
    netbox = next(check for check in checks if check.part == "netbox")
    assert (netbox.state, "hhsync:netboxToken" in netbox.text) == (FAILS, True)
