"""One CR's life on the real servers, through the provider's own methods. Each test has a fabric and a name of its own."""

from __future__ import annotations

import copy
import uuid

import pytest
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config

from providers.core import sections
from providers.core.diff import changes
from providers.core.identity import FABRIC_LABEL, KINDS, ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from providers.errors import Conflict, Forbidden, Rejected
from providers.fabric_lifecycle import FabricIdentityProvider
from providers.lifecycle import HedgehogProvider
from providers.settings import ClusterSettings
from providers.targets.cluster.target import Cluster

pytestmark = pytest.mark.services
SPEC = {"subnets": {"default": {"subnet": "10.0.1.0/24", "vlan": 1001}}, "permit": [["default", "other"]]}


class Bench:
    """A fabric of its own on the shared servers, and what a second client may do to it."""

    def __init__(self, services) -> None:
        access = services.fabric("fabric-1")
        self.fabric = f"t-{uuid.uuid4().hex[:8]}"
        self.ref = ObjectRef("VPC", "default", f"v-{uuid.uuid4().hex[:8]}")
        self.config = {
            "hhsync:netboxUrl": services.netbox.url,
            "hhsync:netboxToken": services.netbox.token,
            "hhsync:kubeconfig": access.hhsync_kubeconfig,
        }
        self.reader = {**self.config, "hhsync:kubeconfig": access.reader_kubeconfig}
        self.admin = Cluster(ClusterSettings(kubeconfig=access.admin_kubeconfig))
        identity = self.run(FabricIdentityProvider)
        identity.create({"fabric": self.fabric, "record": {"git_branch": "main"}})

    def run(self, provider=HedgehogProvider, config=None):
        """A provider as a new run has it: configured, and knowing nothing yet."""
        made = provider()
        made.configure(ConfigureRequest(Config(config or self.config, "hhsync")))
        return made

    def inputs(self, spec=None, labels=None, commit="c" * 40):
        return sections.inputs_for(
            self.fabric,
            Manifest(
                ref=self.ref,
                spec=SPEC if spec is None else spec,
                origin=Origin("fabrics/f/vpcs.yaml", 3, 0),
                attribution=Attribution(commit, "Ann <ann@example.org>", "2026-01-02T03:04:05Z"),
                labels=labels or {},
            ),
        )

    def live(self):
        return self.admin.get(self.ref)

    def records(self):
        return self.run()._sessions.of(self.fabric).netbox

    def record(self):
        return self.records().list(KINDS["VPC"], self.fabric).get(self.ref.record_ref(self.fabric))

    def edit(self, **spec):
        """Another client changes the object in the cluster."""
        live = self.live()
        manifest = {**copy.deepcopy(live), "spec": {**live["spec"], **spec}}
        manifest["metadata"] = {key: live["metadata"][key] for key in ("name", "namespace", "labels")}
        return self.admin.replace(manifest, live)

    def seen(self, outs):
        """What a preview compares with Git: the observed inputs, read by a new run."""
        return self.run().read("id", copy.deepcopy(outs)).inputs

    def difference(self, outs, desired):
        return [str(one) for one in changes(self.seen(outs), desired)]


@pytest.fixture
def bench(services):
    return Bench(services)


def test_a_created_cr_is_on_both_servers_and_in_sync(bench):
    desired = bench.inputs(labels={"team": "net"})
    outs = bench.run().create(copy.deepcopy(desired)).outs
    live, record = bench.live(), bench.record()
    assert live["spec"] == SPEC
    assert live["metadata"]["labels"] == {"team": "net", FABRIC_LABEL: bench.fabric}
    assert {name: record.fields[name] for name in desired["netbox"]} == desired["netbox"]
    assert record.fields["cluster_uid"] == live["metadata"]["uid"] == outs["uid"]
    assert bench.difference(outs, desired) == []


def test_creating_again_after_a_crash_adopts_and_writes_nothing(bench):
    desired = bench.inputs()
    bench.run().create(copy.deepcopy(desired))
    before = (bench.live()["metadata"]["resourceVersion"], bench.record())
    outs = bench.run().create(copy.deepcopy(desired)).outs
    assert (bench.live()["metadata"]["resourceVersion"], bench.record()) == before
    assert bench.difference(outs, desired) == []


def test_a_create_that_ended_between_the_servers_is_finished_by_the_next(bench):
    bench.admin.create(sections.manifest_of(bench.inputs()["cluster"]))
    version = bench.live()["metadata"]["resourceVersion"]
    bench.run().create(bench.inputs())
    assert bench.live()["metadata"]["resourceVersion"] == version
    assert bench.record() is not None


def test_an_unmanaged_object_is_adopted_with_its_own_metadata_kept(bench):
    manifest = sections.manifest_of(bench.inputs({"subnets": {}})["cluster"])
    manifest["metadata"] |= {"labels": {"other.example/x": "1"}, "annotations": {"other.example/y": "2"}}
    uid = bench.admin.create(manifest)["metadata"]["uid"]
    bench.run().create(bench.inputs())
    live = bench.live()
    assert (live["metadata"]["uid"], live["spec"]) == (uid, SPEC)
    assert live["metadata"]["labels"] == {"other.example/x": "1", FABRIC_LABEL: bench.fabric}
    assert live["metadata"]["annotations"] == {"other.example/y": "2"}


def test_another_fabrics_object_is_not_taken(bench):
    manifest = sections.manifest_of(bench.inputs({"subnets": {}})["cluster"])
    manifest["metadata"]["labels"] = {FABRIC_LABEL: "somebody-else"}
    bench.admin.create(manifest)
    with pytest.raises(Conflict, match="belongs to fabric somebody-else"):
        bench.run().create(bench.inputs())
    assert bench.live()["spec"].get("subnets") in (None, {})
    assert bench.record() is None


def test_drift_shows_where_it_is_and_update_repairs_it(bench):
    desired = bench.inputs()
    outs = bench.run().create(copy.deepcopy(desired)).outs
    bench.edit(subnets={"default": {"subnet": "10.0.1.0/24", "vlan": 1999}})
    assert bench.difference(outs, desired) == ["cluster.spec.subnets.default.vlan: 1999 => 1001"]
    repaired = bench.run().update("id", copy.deepcopy(outs), copy.deepcopy(desired)).outs
    assert bench.difference(repaired, desired) == []
    assert repaired["receipt"] != outs["receipt"]


def test_a_subnet_added_by_somebody_else_is_drift(bench):
    desired = bench.inputs()
    outs = bench.run().create(copy.deepcopy(desired)).outs
    bench.edit(subnets={**SPEC["subnets"], "extra": {"subnet": "10.0.9.0/24"}})
    assert bench.difference(outs, desired) == ["cluster.spec.subnets.extra: {'subnet': '10.0.9.0/24'} => (absent)"]


def test_drift_survives_a_refresh_whose_update_fails(bench):
    """`read` writes live values into the state's inputs; what was applied stays, so the next run sees the drift again."""
    desired = bench.inputs()
    outs = bench.run().create(copy.deepcopy(desired)).outs
    bench.edit(permit=[])
    refreshed = bench.run().read("id", copy.deepcopy(outs)).outs
    again = bench.run().read("id", copy.deepcopy(refreshed))
    assert [str(one) for one in changes(again.inputs, desired)] == [
        "cluster.spec.permit: (absent) => [['default', 'other']]"
    ]
    assert again.outs["applied"] == outs["applied"]


@pytest.mark.parametrize("side", ["cluster", "netbox"])
def test_gone_on_one_side_is_made_again(bench, side):
    desired = bench.inputs()
    outs = bench.run().create(copy.deepcopy(desired)).outs
    if side == "cluster":
        bench.admin.delete(bench.ref, outs["uid"])
    else:
        bench.records().delete(KINDS["VPC"], bench.record().id)
    assert set(bench.seen(outs)) == {"git", "cluster", "netbox"} - {side}
    repaired = bench.run().update("id", copy.deepcopy(outs), copy.deepcopy(desired)).outs
    assert bench.difference(repaired, desired) == []


def test_gone_everywhere_is_an_empty_id(bench):
    outs = bench.run().create(bench.inputs()).outs
    bench.run().delete("id", copy.deepcopy(outs))
    assert bench.run().read("id", copy.deepcopy(outs)).id == ""


def test_an_attribution_update_goes_to_netbox_only(bench):
    outs = bench.run().create(bench.inputs()).outs
    version = bench.live()["metadata"]["resourceVersion"]
    desired = bench.inputs(commit="d" * 40)
    bench.run().update("id", copy.deepcopy(outs), copy.deepcopy(desired))
    assert bench.live()["metadata"]["resourceVersion"] == version
    assert bench.record().fields["git_commit"] == "d" * 40


def test_a_label_that_left_git_leaves_the_cluster_and_a_foreign_one_stays(bench):
    outs = bench.run().create(bench.inputs(labels={"team": "net"})).outs
    live = bench.live()
    manifest = copy.deepcopy(live)
    manifest["metadata"] = {"name": bench.ref.name, "namespace": "default", "labels": {"other.example/x": "1"}}
    bench.admin.replace(manifest, live)
    bench.run().update("id", copy.deepcopy(outs), bench.inputs())
    assert bench.live()["metadata"]["labels"] == {"other.example/x": "1", FABRIC_LABEL: bench.fabric}


def test_an_update_that_changes_nothing_writes_nothing(bench):
    desired = bench.inputs()
    outs = bench.run().create(copy.deepcopy(desired)).outs
    before = (bench.live()["metadata"]["resourceVersion"], bench.record())
    again = bench.run().update("id", copy.deepcopy(outs), copy.deepcopy(desired)).outs
    assert (bench.live()["metadata"]["resourceVersion"], bench.record()) == before
    assert again["receipt"] == outs["receipt"]


def test_a_refused_spec_names_the_field_and_leaves_both_servers(bench):
    with pytest.raises(Rejected, match=r"spec\.subnets\.default\.vlan"):
        bench.run().create(bench.inputs({"subnets": {"default": {"vlan": "many"}}}))
    assert (bench.live(), bench.record()) == (None, None)


def test_an_object_that_somebody_made_again_is_not_deleted(bench):
    outs = bench.run().create(bench.inputs()).outs
    bench.admin.delete(bench.ref, outs["uid"])
    bench.admin.create(sections.manifest_of(bench.inputs()["cluster"]))
    with pytest.raises(Conflict, match="not the object that we made"):
        bench.run().delete("id", copy.deepcopy(outs))
    assert bench.live() is not None


def test_reading_works_with_read_only_credentials_and_writing_does_not(bench):
    desired = bench.inputs()
    outs = bench.run().create(copy.deepcopy(desired)).outs
    bench.edit(permit=[])
    seen = bench.run(config=bench.reader).read("id", copy.deepcopy(outs)).inputs
    assert [str(one) for one in changes(seen, desired)] == ["cluster.spec.permit: (absent) => [['default', 'other']]"]
    with pytest.raises(Forbidden):
        bench.run(config=bench.reader).update("id", copy.deepcopy(outs), copy.deepcopy(desired))


def test_a_run_lists_each_server_once(bench):
    desired = bench.inputs()
    outs = bench.run().create(copy.deepcopy(desired)).outs
    provider = bench.run()
    session = provider._sessions.of(bench.fabric)
    provider.read("id", copy.deepcopy(outs))
    after_first = (session.cluster.requests, session.netbox.requests)
    for _ in range(20):
        provider.read("id", copy.deepcopy(outs))
    assert (session.cluster.requests, session.netbox.requests) == after_first
