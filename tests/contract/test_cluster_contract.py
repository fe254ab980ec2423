"""What `Cluster` promises, on a real API server: writes, preconditions, what others own, and every way to log in."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import yaml

from providers import errors
from providers.core.identity import KINDS, VPC_GROUP, Kind, ObjectRef
from providers.settings import ClusterSettings
from providers.targets import http
from providers.targets.cluster import auth
from providers.targets.cluster import target as cluster_module
from providers.targets.cluster.snapshot import ClusterSnapshot
from providers.targets.cluster.target import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.services import FabricAccess, Running

pytestmark = pytest.mark.services

# Of this suite alone: other tests share the servers.
NAMESPACE = "cluster-contract"

VPC = KINDS["VPC"]
PATH = f"/apis/{VPC.api_version}/namespaces/{NAMESPACE}/vpcs"


def _manifest(name: str, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": VPC.api_version,
        "kind": "VPC",
        "metadata": {"name": name, "namespace": NAMESPACE, **metadata},
        "spec": {"subnets": {"default": {"subnet": "10.0.1.0/24", "vlan": 1001}}},
    }


def _ref(name: str) -> ObjectRef:
    return ObjectRef("VPC", NAMESPACE, name)


@pytest.fixture(scope="module")
def fabric(services: Running) -> FabricAccess:
    return services.fabric("fabric-1")


@pytest.fixture(scope="module")
def someone_else(fabric: FabricAccess) -> Iterator[http.HttpTarget]:
    """An administrator's own client, with a namespace for this suite."""
    login = auth.login(ClusterSettings(kubeconfig=fabric.admin_kubeconfig))
    target = http.HttpTarget(login.endpoint, tls=login.tls, auth=login.auth)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    target.call("POST", "/api/v1/namespaces", body=body, accept={409})
    yield target
    target.close()


@pytest.fixture
def cluster(fabric: FabricAccess, someone_else: http.HttpTarget) -> Iterator[Cluster]:
    """As hhsync, with an empty namespace before and after."""
    _empty(someone_else)
    one = Cluster(ClusterSettings(kubeconfig=fabric.hhsync_kubeconfig))
    yield one
    one.close()
    _empty(someone_else)


def _empty(someone_else: http.HttpTarget) -> None:
    for item in someone_else.call("GET", PATH).body["items"]:
        if item["metadata"].get("finalizers"):
            _patch(someone_else, item["metadata"]["name"], {"metadata": {"finalizers": None}})
        someone_else.call("DELETE", f"{PATH}/{item['metadata']['name']}", accept={404})


def _patch(someone_else: http.HttpTarget, name: str, change: dict[str, Any]) -> Any:
    headers = {"Content-Type": "application/merge-patch+json"}
    return someone_else.call("PATCH", f"{PATH}/{name}", body=change, headers=headers).body


def _here(cluster: Cluster, selector: str | None = None) -> dict[str, dict[str, Any]]:
    return {ref.name: obj for ref, obj in cluster.list(VPC, selector).items() if ref.namespace == NAMESPACE}


def test_what_is_created_is_listed_as_it_was_answered(cluster: Cluster) -> None:
    stored = cluster.create(_manifest("a", labels={"hhsync.dev/fabric": "f"}))
    assert stored["spec"] == _manifest("a")["spec"]
    assert stored["metadata"]["generation"] == 1
    assert stored["metadata"]["managedFields"][0]["manager"] == "hhsync"
    assert _here(cluster) == {"a": stored}
    assert cluster.get(_ref("a")) == stored
    assert type(stored["spec"]["subnets"]["default"]["vlan"]) is int


def test_a_name_that_is_taken_is_a_conflict(cluster: Cluster) -> None:
    cluster.create(_manifest("a"))
    with pytest.raises(errors.Conflict, match="an object of this name exists already"):
        cluster.create(_manifest("a"))


def test_dry_runs_answer_and_store_nothing(cluster: Cluster) -> None:
    would = cluster.create(_manifest("a"), dry_run=True)
    assert would["spec"] == _manifest("a")["spec"]
    assert _here(cluster) == {}
    stored = cluster.create(_manifest("a"))
    changed = {**_manifest("a"), "spec": {"mode": "l3vni"}}
    would = cluster.replace(changed, stored, dry_run=True)
    assert (would["spec"], would["metadata"]["generation"]) == ({"mode": "l3vni"}, 2)
    assert cluster.get(_ref("a")) == stored


def test_a_replace_makes_the_spec_gits_and_keeps_what_others_own(
    cluster: Cluster, someone_else: http.HttpTarget
) -> None:
    ours = {"labels": {"ours": "1", "gone": "1"}, "annotations": {"note": "old"}}
    cluster.create(_manifest("a", **ours))
    foreign = {
        "labels": {"theirs": "1"},
        "annotations": {"their": "note"},
        "finalizers": ["example.org/hold"],
        "ownerReferences": [{"apiVersion": "v1", "kind": "Namespace", "name": NAMESPACE, "uid": "0-0"}],
    }
    extra = {"default": {"gateway": "10.0.1.9"}, "extra": {"subnet": "10.0.2.0/24"}}
    live = _patch(someone_else, "a", {"metadata": foreign, "spec": {"subnets": extra}})
    manifest = _manifest("a", labels={"ours": "2"}, annotations={"note": "new"})
    stored = cluster.replace(manifest, live, owned_labels={"ours", "gone"}, owned_annotations={"note"})
    assert stored["spec"] == manifest["spec"]
    assert stored["metadata"]["labels"] == {"ours": "2", "theirs": "1"}
    assert stored["metadata"]["annotations"] == {"note": "new", "their": "note"}
    assert stored["metadata"]["finalizers"] == foreign["finalizers"]
    assert stored["metadata"]["ownerReferences"] == foreign["ownerReferences"]
    assert stored["metadata"]["uid"] == live["metadata"]["uid"]


def test_a_status_survives_a_replace(cluster: Cluster, someone_else: http.HttpTarget) -> None:
    cluster.create(_manifest("a"))
    headers = {"Content-Type": "application/merge-patch+json"}
    status = someone_else.call("PATCH", f"{PATH}/a/status", body={"status": {"vni": 100}}, headers=headers).body
    stored = cluster.replace({**_manifest("a"), "spec": {"mode": "l3vni"}}, status)
    assert stored.get("status") == status.get("status")


def test_a_replace_that_changes_nothing_writes_nothing(cluster: Cluster) -> None:
    stored = cluster.create(_manifest("a", labels={"ours": "1"}))
    assert cluster.replace(_manifest("a", labels={"ours": "1"}), stored) == stored


def test_a_stale_replace_is_a_conflict_and_changes_nothing(cluster: Cluster, someone_else: http.HttpTarget) -> None:
    stored = cluster.create(_manifest("a"))
    newer = _patch(someone_else, "a", {"metadata": {"labels": {"theirs": "1"}}})
    with pytest.raises(errors.Conflict, match="someone else changed it meanwhile; run again"):
        cluster.replace({**_manifest("a"), "spec": {"mode": "l3vni"}}, stored)
    assert cluster.get(_ref("a")) == newer


def test_an_object_that_took_the_name_is_neither_replaced_nor_deleted(cluster: Cluster) -> None:
    old = cluster.create(_manifest("a"))
    cluster.delete(_ref("a"), old["metadata"]["uid"])
    new = cluster.create(_manifest("a"))
    with pytest.raises(errors.Conflict):
        cluster.replace(
            _manifest("a"),
            {**old, "metadata": {**old["metadata"], "resourceVersion": new["metadata"]["resourceVersion"]}},
        )
    with pytest.raises(errors.Conflict, match="another object has taken this name since we last looked"):
        cluster.delete(_ref("a"), old["metadata"]["uid"])
    assert cluster.get(_ref("a")) == new


def test_what_is_gone_cannot_be_replaced_and_counts_as_deleted(cluster: Cluster) -> None:
    stored = cluster.create(_manifest("a"))
    cluster.delete(_ref("a"), stored["metadata"]["uid"])
    assert cluster.get(_ref("a")) is None
    cluster.delete(_ref("a"), stored["metadata"]["uid"])
    with pytest.raises(errors.NotFound):
        cluster.replace(_manifest("a"), stored)


def test_a_delete_that_a_finalizer_holds_is_not_called_done(
    cluster: Cluster, someone_else: http.HttpTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = cluster.create(_manifest("a", finalizers=["example.org/hold"]))["metadata"]["uid"]
    monkeypatch.setattr(cluster_module, "FINALIZER_WAIT", 0.1)
    with pytest.raises(errors.ServerFailure, match=r"held by: example\.org/hold"):
        cluster.delete(_ref("a"), uid)
    live = cluster.get(_ref("a"))
    assert live is not None
    with pytest.raises(errors.Conflict, match="it is being deleted"):
        cluster.replace(_manifest("a"), live)


def test_a_delete_ends_when_the_finalizer_is_taken_off(
    cluster: Cluster, someone_else: http.HttpTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = cluster.create(_manifest("a", finalizers=["example.org/hold"]))["metadata"]["uid"]
    monkeypatch.setattr(cluster_module, "FINALIZER_WAIT", 60.0)
    with ThreadPoolExecutor(1) as pool:
        deleting = pool.submit(cluster.delete, _ref("a"), uid)
        while not (cluster.get(_ref("a")) or {"metadata": {}})["metadata"].get("deletionTimestamp"):
            pass
        _patch(someone_else, "a", {"metadata": {"finalizers": None}})
        deleting.result()
    assert cluster.get(_ref("a")) is None


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"colour": "red"}, 'invalid: unknown field "spec.colour"'),
        ({"subnets": {"a": {"colour": 1}}}, 'invalid: unknown field "spec.subnets.a.colour"'),
        ({"subnets": {"a": {"vlan": "x"}}}, "invalid: spec.subnets.a.vlan: Invalid value"),
        ({"mode": 1, "permit": "x"}, "spec.mode"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_what_the_schema_refuses_names_the_field(cluster: Cluster, spec: Any, words: str, dry_run: bool) -> None:
    with pytest.raises(errors.Rejected) as caught:
        cluster.create({**_manifest("a"), "spec": spec}, dry_run=dry_run)
    assert words in str(caught.value)
    assert _here(cluster) == {}


def test_a_replace_forbids_unknown_fields_too(cluster: Cluster) -> None:
    stored = cluster.create(_manifest("a"))
    with pytest.raises(errors.Rejected, match=r'unknown field "spec\.colour"'):
        cluster.replace({**_manifest("a"), "spec": {"colour": 1}}, stored)


def test_a_namespace_that_does_not_exist_is_named(cluster: Cluster) -> None:
    manifest = _manifest("a", namespace="no-such-namespace")
    with pytest.raises(errors.NotFound, match='namespaces "no-such-namespace" not found'):
        cluster.create(manifest)


def test_a_list_reads_all_pages(fabric: FabricAccess, cluster: Cluster) -> None:
    for number in range(5):
        cluster.create(_manifest(f"p-{number}", labels={"even": str(number % 2 == 0).lower()}))
    paged = Cluster(ClusterSettings(kubeconfig=fabric.hhsync_kubeconfig), page=2)
    assert _here(paged) == _here(cluster)
    assert set(_here(paged)) == {f"p-{number}" for number in range(5)}
    assert paged.requests >= 3
    assert set(_here(paged, "even=true")) == {"p-0", "p-2", "p-4"}


def test_32_threads_write_at_once_and_share_one_list(cluster: Cluster) -> None:
    names = [f"t-{number}" for number in range(32)]
    snapshot = ClusterSnapshot(cluster)
    with ThreadPoolExecutor(32) as pool:
        stored = list(pool.map(lambda name: cluster.create(_manifest(name)), names))
        sent = cluster.requests
        seen = list(pool.map(lambda name: snapshot.get(_ref(name)), names))
    assert seen == stored
    assert cluster.requests == sent + 1


def test_a_kind_that_is_not_installed_names_its_crd(fabric: FabricAccess) -> None:
    admin = Cluster(ClusterSettings(kubeconfig=fabric.admin_kubeconfig))
    for kind in (Kind("VPC", "absent.example.org", "vpcs"), Kind("Absent", VPC_GROUP, "absents")):
        with pytest.raises(
            errors.NotInstalled, match=rf"it lacks the CRD {kind.plural}\.{kind.group}; install it: kubectl"
        ):
            admin.list(kind)


def test_all_12_kinds_are_served(cluster: Cluster) -> None:
    assert cluster.crds() == set()
    assert cluster.requests == 2


@pytest.mark.parametrize("group", sorted({kind.group for kind in KINDS.values()}))
def test_the_schemas_of_a_group_can_be_read(cluster: Cluster, group: str) -> None:
    documents = cluster.openapi(group)["components"]["schemas"].values()
    kinds = {entry["kind"] for document in documents for entry in document.get("x-kubernetes-group-version-kind", ())}
    assert {kind.name for kind in KINDS.values() if kind.group == group} <= kinds


def test_credentials_that_are_not_accepted_name_the_setting(fabric: FabricAccess) -> None:
    stranger = Cluster(ClusterSettings(url=fabric.url, token="no-such-token", ca_file=fabric.ca_file))
    with pytest.raises(errors.Unauthorized, match="check hhsync:clusterToken") as caught:
        stranger.list(VPC)
    assert "no-such-token" not in str(caught.value)


def test_a_reader_reads_and_is_told_what_it_may_not_do(fabric: FabricAccess, cluster: Cluster) -> None:
    stored = cluster.create(_manifest("a"))
    reader = Cluster(ClusterSettings(kubeconfig=fabric.reader_kubeconfig))
    assert _here(reader) == {"a": stored}
    assert (reader.can("list", VPC), reader.can("create", VPC), cluster.can("create", VPC)) == (True, False, True)
    attempts = [
        ("create", lambda: reader.create(_manifest("b"), dry_run=True)),
        ("update", lambda: reader.replace(_manifest("a"), stored, dry_run=True)),
        ("delete", lambda: reader.delete(_ref("a"), stored["metadata"]["uid"])),
    ]
    for verb, attempt in attempts:
        with pytest.raises(errors.Forbidden, match=rf'User "[^"]+" cannot {verb} resource "vpcs".*grant it with RBAC'):
            attempt()


def _exec_kubeconfig(fabric: FabricAccess, folder: Path) -> str:
    """The cluster, with a plugin that prints the token."""
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": fabric.hhsync_token},
    }
    (folder / "answer.json").write_text(json.dumps(answer))
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "cat",
        "args": [str(folder / "answer.json")],
        "interactiveMode": "Never",
    }
    config = yaml.safe_load(Path(fabric.hhsync_kubeconfig).read_text())
    for user in config["users"]:
        user["user"] = {"exec": plugin}
    path = folder / "exec.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return str(path)


def _pod(fabric: FabricAccess, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterSettings:
    url = httpx2.URL(fabric.url)
    (folder / "token").write_text(fabric.hhsync_token)
    (folder / "ca.crt").write_text(Path(fabric.ca_file).read_text())
    monkeypatch.setattr(auth, "SERVICE_ACCOUNT", folder)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", url.host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(url.port))
    return ClusterSettings(in_cluster=True)


def test_every_way_to_log_in_reaches_the_same_cluster_and_another_is_another(
    services: Running, fabric: FabricAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = [
        ClusterSettings(kubeconfig=fabric.hhsync_kubeconfig, context=fabric.name),
        ClusterSettings(kubeconfig=fabric.certificate_kubeconfig),
        ClusterSettings(kubeconfig=_exec_kubeconfig(fabric, tmp_path)),
        ClusterSettings(url=fabric.url, token=fabric.hhsync_token, ca_file=fabric.ca_file),
        _pod(fabric, tmp_path, monkeypatch),
    ]
    identities = {Cluster(way).identity() for way in ways}
    other = Cluster(ClusterSettings(kubeconfig=services.fabric("fabric-2").hhsync_kubeconfig)).identity()
    assert len(identities) == 1
    assert identities.isdisjoint({other, ""})


def test_a_server_whose_ca_is_unknown_is_not_talked_to(fabric: FabricAccess) -> None:
    cluster = Cluster(ClusterSettings(url=fabric.url, token=fabric.hhsync_token))
    with pytest.raises(errors.Unreachable, match="name the CA's file with hhsync:clusterCaFile"):
        cluster.list(VPC)


class _LosesAnswers(httpx2.HTTPTransport):
    """The real network, on which the first answer to a method gets lost."""

    def __init__(self, tls: Any, method: str) -> None:
        super().__init__(verify=tls)
        self._method = method
        self._lock = threading.Lock()
        self._lost = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        with self._lock:
            if request.method == self._method and not self._lost:
                self._lost = True
                response.read()
                raise httpx2.ReadError("connection reset")
        return response


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_write_whose_answer_is_lost_still_ends_well(fabric: FabricAccess, cluster: Cluster, method: str) -> None:
    settings = ClusterSettings(kubeconfig=fabric.hhsync_kubeconfig)
    shaky = Cluster(settings, transport=_LosesAnswers(auth.login(settings).tls, method))
    stored = cluster.create(_manifest("a"))
    if method == "PUT":
        changed = {**_manifest("a"), "spec": {"mode": "l3vni"}}
        assert shaky.replace(changed, stored) == cluster.get(_ref("a"))
        assert _here(cluster)["a"]["spec"] == {"mode": "l3vni"}
    else:
        shaky.delete(_ref("a"), stored["metadata"]["uid"])
        assert _here(cluster) == {}
