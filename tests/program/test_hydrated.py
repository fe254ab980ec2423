"""Wiring that is not hydrated: refused as a whole where the server would refuse it, with one question at most."""

from __future__ import annotations

import httpx2
import pytest

from gitops import desired
from program import hydrated
from providers.core.identity import ObjectRef
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
        hydrated.check(server.cluster, "f", wiring(a=BARE, b=FULL, c=BARE | {"asn": 65102}), {})
    lines = [str(issue) for issue in refused.value.issues]
    assert [line.split(":")[0] for line in lines] == ["wiring/a.yaml", "wiring/c.yaml"]
    assert "Switch/default/a has no asn, ip, protocolIP, vtepIP" in lines[0]
    assert "Switch/default/c has no ip, protocolIP, vtepIP" in lines[1]
    assert all("hhfab" in line for line in lines)
    assert server.asked == [("GET", None), ("POST", "All")]


def test_a_spine_needs_no_vtep():
    spine = {key: value for key, value in FULL.items() if key != "vtepIP"} | {"role": "spine"}
    server = Server(DENIED + "ASN is required")
    hydrated.check(server.cluster, "f", wiring(a=spine), {})
    assert server.asked == []


def test_a_plain_api_server_takes_it():
    server = Server()
    hydrated.check(server.cluster, "f", wiring(a=BARE, b=BARE), {})
    assert server.asked == [("GET", None), ("POST", "All")]


def test_a_server_that_has_one_is_not_asked():
    server = Server(DENIED + "ASN is required")
    hydrated.check(server.cluster, "f", wiring(a=BARE, b=BARE), {switch("a"): BARE})
    assert server.asked == []


@pytest.mark.parametrize(
    "refusal",
    [
        DENIED + "specified VLANNamespace default does not exist",
        'switches is forbidden: User "reader" cannot create resource "switches"',
    ],
)
def test_another_refusal_says_nothing_about_it(refusal):
    hydrated.check(Server(refusal).cluster, "f", wiring(a=BARE), {})
