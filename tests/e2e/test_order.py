"""One `hhsync sync` converges on a server that checks across objects: hand-overs, type changes, parents with their children.

One generated fabric is synced once; the stories come one after the other, each a commit on what the one before left.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from providers.core.identity import ObjectRef
from sample.generate import generate
from tests.support.project import Project
from tests.support.services import HEDGEHOG
from tests.support.webhooks.emulator import emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.services

CRS = 60
SERVERS = "wiring/row-1/rack-01/servers.yaml"


def vpc_file(number: int) -> str:
    return f"vpcs/row-1/vpc-0000{number}.yaml"


class Scenario:
    """The fabric's files as the last commit left them."""

    def __init__(self, project: Project, settings: Path) -> None:
        self.project, self.settings, self.files = project, settings, dict(generate(CRS))
        project.commit(self.files, "Begin")
        assert project.init().returncode == 0

    def replace(self, path: str, *pairs: tuple[str, str]) -> None:
        """Replace texts in one file, each of which must be there."""
        for old, new in pairs:
            assert old in self.files[path], old
            self.files[path] = self.files[path].replace(old, new)

    def sync(self, crs: int = CRS) -> dict[str, object]:
        """Commit, sync once, and find everything in sync, with nothing left to do and no bystander touched."""
        before = {ref: obj["metadata"]["uid"] for ref, obj in self.project.objects().items()}
        self.project.commit(self.files)
        self.project.verb("preview", code=2)  # 1 would say that the server refuses something, which it does not
        done = self.project.verb("sync")
        assert self.project.verb("drift")["in_sync"] == crs
        assert self.project.verb("preview")["changes"] == []
        now = {ref: obj["metadata"]["uid"] for ref, obj in self.project.objects().items()}
        moved = {one["ref"] for one in done["changes"] if one["action"] in {"create", "delete", "replace"}}
        assert {str(ref) for ref in before.keys() | now.keys() if before.get(ref) != now.get(ref)} == moved
        return done

    def published(self, kind: str, name: str) -> object:
        """The state that the CR's record shows."""
        ref = ObjectRef(kind, "default", name).record_ref(self.project.fabric)
        return next(one for one in self.project.records().values() if one.fields["ref"] == ref).fields["sync_state"]

    def spec(self, kind: str, name: str) -> dict[str, object]:
        return self.project.objects()[ObjectRef(kind, "default", name)]["spec"]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory, services) -> Iterator[Scenario]:
    with emulator(services) as webhooks:
        project = Project(tmp_path_factory.mktemp("order") / "project", services, cluster=HEDGEHOG)
        one = Scenario(project, webhooks.settings)
        yield one
        project.verb("destroy", "--yes", project.fabric)
        assert project.objects() == {}


def test_a_whole_fabric_is_created_at_once(scenario):
    shown = scenario.project.verb("preview", code=2)
    notes = {one["ref"]: one.get("note", "") for one in shown["changes"]}
    blocked = "blocked by VPC/default/vpc-00004, created in this sync"
    assert notes["VPCPeering/default/vpc-00004--vpc-00006"] == blocked
    assert not any("refused" in note for note in notes.values())
    assert scenario.project.verb("sync")["counts"]["created"] == CRS
    assert scenario.project.verb("drift")["in_sync"] == CRS


def test_a_vpc_with_attachment_and_peering_is_renamed_and_keeps_its_subnet(scenario):
    for path in [path for path, text in scenario.files.items() if "vpc-00001" in text]:
        scenario.replace(path, ("vpc-00001", "vpc-00091"))
    done = scenario.sync()
    assert "VPC/default/vpc-00001" in done["reassignment"]["deleted_first"]
    assert scenario.spec("VPC", "vpc-00091")["subnets"]["default"]["subnet"] == "10.0.1.0/24"


def test_a_subnet_moves_between_vpcs_that_stay(scenario):
    backend = "    backend:\n      subnet: 10.0.4.0/24\n      vlan: 1003\n"
    text = scenario.files[vpc_file(3)]
    start = text.index("    backend:")
    moved = text[start : text.index("---", start)]
    assert moved.startswith(backend)
    scenario.replace(vpc_file(3), (moved, ""), ("vpc-00003/backend", "vpc-00007/backend"))
    scenario.files[vpc_file(7)] = scenario.files[vpc_file(7)].rstrip("\n") + "\n" + moved
    assert "reassignment" not in scenario.sync()
    assert scenario.spec("VPC", "vpc-00007")["subnets"]["backend"]["vlan"] == 1003


def test_two_vpcs_swap_their_vlans(scenario):
    scenario.replace(vpc_file(4), ("vlan: 1004", "vlan: 1007"))
    scenario.replace(vpc_file(7), ("vlan: 1007", "vlan: 1004"))
    assert scenario.sync()["reassignment"]["deleted_first"]
    assert scenario.spec("VPC", "vpc-00004")["subnets"]["default"]["vlan"] == 1007


def vpcs(**vlans: int) -> str:
    """VPCs by name, each with a subnet of its own and this VLAN."""
    return "".join(
        f"""---
apiVersion: vpc.githedgehog.com/v1beta1
kind: VPC
metadata: {{name: {name}}}
spec:
  vlanNamespace: row-1
  subnets: {{default: {{subnet: 10.0.{200 + number}.0/24, vlan: {vlan}}}}}
"""
        for number, (name, vlan) in enumerate(vlans.items())
    )


def test_who_gave_a_vlan_up_is_deleted_later_and_who_took_it_stays(scenario):
    scenario.files["vpcs/two.yaml"] = vpcs(giver=1093, taker=1094)
    scenario.sync(CRS + 2)
    scenario.files["vpcs/two.yaml"] = vpcs(giver=1095, taker=1093)
    assert "reassignment" not in scenario.sync(CRS + 2)
    scenario.files["vpcs/two.yaml"] = vpcs(taker=1093).replace("10.0.200", "10.0.201")
    done = scenario.sync(CRS + 1)
    assert ([one["ref"] for one in done["changes"] if one["action"] == "delete"], done["counts"]["deleted"]) == (
        ["VPC/default/giver"],
        1,
    )
    scenario.files["vpcs/two.yaml"] = "# nothing here any more\n"
    scenario.sync()


def test_a_port_moves_between_connections_that_stay(scenario):
    link = "    - server:\n        port: server-0107/enp2s2\n      switch:\n        port: leaf-01/E1/8\n"
    scenario.replace(SERVERS, (link, ""), ("port: leaf-01/E1/9", "port: leaf-01/E1/8"))
    assert "reassignment" not in scenario.sync()


def test_a_connection_changes_its_type(scenario):
    unbundled = """\
  unbundled:
    link:
      server:
        port: server-0109/enp2s1
      switch:
        port: leaf-01/E1/8
"""
    bundled = """\
  bundled:
    links:
    - server:
        port: server-0109/enp2s1
      switch:
        port: leaf-01/E1/8
    - server:
        port: server-0109/enp2s2
      switch:
        port: leaf-01/E1/9
"""
    scenario.replace(SERVERS, (unbundled, bundled))
    done = scenario.sync()
    assert done["reassignment"]["deleted_first"][0] == "Connection/default/server-0109--unbundled--leaf-01"
    assert done["counts"]["replaced"] == len(done["reassignment"]["deleted_first"])


def test_a_parent_and_its_child_come_in_one_commit(scenario):
    scenario.files["vpcs/new.yaml"] = """\
apiVersion: vpc.githedgehog.com/v1beta1
kind: VPCAttachment
metadata: {name: vpc-00092-new}
spec: {subnet: vpc-00092/default, connection: server-0110--unbundled--leaf-02}
---
apiVersion: vpc.githedgehog.com/v1beta1
kind: VPC
metadata: {name: vpc-00092}
spec:
  vlanNamespace: row-1
  subnets: {default: {subnet: 10.0.92.0/24, vlan: 1092}}
"""
    assert scenario.sync(CRS + 2)["counts"]["created"] == 2


def test_a_parent_and_its_child_leave_in_one_commit(scenario):
    scenario.files["vpcs/new.yaml"] = "# nothing here any more\n"
    assert scenario.sync()["counts"]["deleted"] == 2


def test_a_sync_waits_for_the_switches_and_names_those_that_are_behind(scenario):
    scenario.settings.write_text(json.dumps({"agents": {"delay_seconds": 1, "stuck": ["leaf-01"]}}))
    scenario.replace(vpc_file(6), ("gateway: 10.0.7.254", "gateway: 10.0.7.253"))
    scenario.project.commit(scenario.files)
    behind = scenario.project.verb("sync", "--wait", "--wait-seconds", "8", code=2)["health"]
    assert behind["switches"] == ["leaf-01", "leaf-02"]
    assert [one["switch"] for one in behind["not_converged"]] == ["leaf-01"]
    pending = scenario.project.verb("status", "--kind", "VPC", "--state", "Pending", code=2)["crs"]
    assert "leaf-01" in {one["ref"]: one["reason"] for one in pending}["VPC/default/vpc-00006"]
    assert scenario.published("VPC", "vpc-00006") == "Pending"
    scenario.settings.unlink()
    health = scenario.project.verb("sync", "--wait")["health"]
    assert health["not_converged"] == []
    assert scenario.published("VPC", "vpc-00006") == "Synced"
