"""What is asked of the cluster: whether it takes wiring that is not hydrated, in one dry run; who exists outside of Git, in one
LIST a kind without this fabric's own objects.
"""

from __future__ import annotations

import httpx2
import pytest

from gitops import desired
from program import cluster_checks
from program.cluster_checks import on_cluster
from providers.core.identity import Kind, ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from providers.errors import ValidationFailed
from providers.settings import ClusterSettings
from providers.targets.cluster.target import Cluster

BARE = {"role": "server-leaf", "profile": "vs"}
FULL = BARE | {"asn": 65101, "ip": "172.30.0.8/21", "protocolIP": "172.30.8.2/32", "vtepIP": "172.30.12.0/32"}
DENIED = 'admission webhook "vswitch.kb.io" denied the request: error validating switch: '


def switch(name):
    return ObjectRef("Switch", "default", name)


def wiring(**specs):
    made = {
        switch(name): Manifest(
            switch(name), spec, Origin(f"wiring/{name}.yaml", 1, 0), Attribution("c" * 40, "A <a@example.org>", "")
        )
        for name, spec in specs.items()
    }
    return desired.DesiredState(made, dict.fromkeys(made, ()))


class Server:
    """A cluster that has no object; `refusal` is what its webhook says to a POST, None when it takes it."""

    def __init__(self, refusal=None, code=403):
        self.asked = []
        self.refusal, self.code = refusal, code
        settings = ClusterSettings(url="https://127.0.0.1:6443", token="t0ken", insecure=True)
        self.cluster = Cluster(settings, transport=httpx2.MockTransport(self.answer))

    def answer(self, request):
        self.asked.append((request.method, dict(request.url.params).get("dryRun")))
        if request.method == "GET":
            about = {"kind": "Status", "message": "not found", "details": {"name": "leaf-01"}}
            return httpx2.Response(404, json=about)
        if self.refusal is None:
            return httpx2.Response(201, json={"metadata": {"name": "leaf-01", "namespace": "default"}})
        return httpx2.Response(self.code, json={"kind": "Status", "message": self.refusal})


def test_each_switch_is_named_with_what_it_lacks_and_the_remedy():
    server = Server(DENIED + "ASN is required")
    with pytest.raises(ValidationFailed) as refused:
        cluster_checks.require_hydrated(server.cluster, "f", wiring(a=BARE, b=FULL, c=BARE | {"asn": 65102}), {})
    lines = [str(issue) for issue in refused.value.issues]
    assert [line.split(":")[0] for line in lines] == ["wiring/a.yaml", "wiring/c.yaml"]
    assert "Switch/default/a has no asn, ip, protocolIP, vtepIP" in lines[0]
    assert "Switch/default/c has no ip, protocolIP, vtepIP" in lines[1]
    assert all("hhfab" in line for line in lines)
    assert server.asked == [("GET", None), ("POST", "All")]


def test_a_spine_needs_no_vtep():
    spine = {key: value for key, value in FULL.items() if key != "vtepIP"} | {"role": "spine"}
    server = Server(DENIED + "ASN is required")
    cluster_checks.require_hydrated(server.cluster, "f", wiring(a=spine), {})
    assert server.asked == []


def test_a_plain_api_server_takes_it():
    server = Server()
    cluster_checks.require_hydrated(server.cluster, "f", wiring(a=BARE, b=BARE), {})
    assert server.asked == [("GET", None), ("POST", "All")]


def test_a_server_that_has_one_is_not_asked():
    server = Server(DENIED + "ASN is required")
    cluster_checks.require_hydrated(server.cluster, "f", wiring(a=BARE, b=BARE), {switch("a"): BARE})
    assert server.asked == []


@pytest.mark.parametrize(
    "refusal",
    [
        DENIED + "specified VLANNamespace default does not exist",
        'switches is forbidden: User "reader" cannot create resource "switches"',
    ],
)
def test_another_refusal_says_nothing_about_it(refusal):
    cluster_checks.require_hydrated(Server(refusal).cluster, "f", wiring(a=BARE), {})


VPC, OTHER, SWITCH = (ObjectRef(kind, "default", name) for kind, name in (("VPC", "a"), ("VPC", "b"), ("Switch", "a")))


class Lists:
    """Answers LISTs and remembers them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def list(self, kind: Kind, label_selector: str) -> dict[ObjectRef, object]:
        self.asked.append((kind.name, label_selector))
        return {VPC: {}} if kind.name == "VPC" else {}


def test_one_list_of_each_kind_without_what_is_about_to_be_deleted():
    cluster = Lists()
    assert on_cluster(lambda: cluster, "f-1").exist({VPC, OTHER, SWITCH}) == {VPC}
    assert sorted(cluster.asked) == [("Switch", "hhsync.dev/fabric!=f-1"), ("VPC", "hhsync.dev/fabric!=f-1")]


def test_a_cluster_is_connected_to_when_asked():
    def connect():
        raise AssertionError("connected")

    assert on_cluster(connect, "f-1").asked
