"""What a verb's reading asks of the servers: one LIST a kind, in pages, whatever the number of CRs, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from automation import context
from automation.engine.problems import type_of
from automation.engine.state import urns
from gitops.desired import DesiredState
from gitops.load import Loaded
from providers.core import sections
from providers.core.drift.states import State
from providers.core.identity import KINDS, ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from providers.session import Session
from providers.settings import ClusterSettings, NetBoxSettings
from providers.targets.cluster.snapshot import ClusterSnapshot
from providers.targets.cluster.target import Cluster
from providers.targets.netbox.snapshot import NetBoxSnapshot
from providers.targets.netbox.target import NetBox
from providers.targets.netbox.types import FABRICS, TYPES
from tests.support.fake_cli import FakeCommand, workspace

COUNT = 1200
DEFAULT = "filled in by the server"
FABRIC_ID = 7
RECORD = {"git_repository": "https://git.example.com/f.git", "git_branch": "main", "git_path": ""}


def manifest(number: int) -> Manifest:
    name = f"vpc-{number:05}"
    spec = {"subnets": {"default": {"subnet": f"10.{number // 250}.{number % 250}.0/24", "vlan": 1000 + number % 3000}}}
    by = Attribution("c" * 40, "Ann <ann@example.org>", "2026-01-02T03:04:05Z")
    return Manifest(ObjectRef("VPC", "default", name), spec, Origin("f/vpcs.yaml", number + 1, number), by)


class Servers:
    """A cluster and a NetBox that hold a fabric in sync, at the HTTP level; every request is written down."""

    def __init__(self, count: int = COUNT) -> None:
        self.manifests = {one.ref: one for one in map(manifest, range(count))}
        self.inputs = {ref: sections.inputs_for("fabric-1", one) for ref, one in self.manifests.items()}
        self.objects = [self._object(ref, one) for ref, one in self.inputs.items()]
        self.records = [
            {"id": number, **one["netbox"], "fabric": {"id": FABRIC_ID, "display": "fabric-1"}}
            for number, one in enumerate(self.inputs.values(), start=1)
        ]
        self.asked: list[tuple[str, str]] = []
        self.dry_runs: list[str] = []
        self.default = DEFAULT

    @staticmethod
    def _object(ref, inputs):
        made = sections.manifest_of(inputs["cluster"])
        made["metadata"] |= {"uid": f"uid-{ref.name}", "resourceVersion": "7", "generation": 1}
        made["spec"]["subnets"]["default"]["gateway"] = DEFAULT
        return made

    @property
    def deployment(self):
        """The state after a sync that the server answered as it is now."""
        resources = [_resource(urns.identity("fabric-1"), {"fabric": "fabric-1", "record": RECORD})]
        for ref, live in zip(self.inputs, self.objects, strict=True):
            inputs = self.inputs[ref]
            delta = sections.applied_delta(inputs["cluster"], sections.cluster_section(live, inputs["cluster"]))
            outputs = {**inputs, "applied": {"cluster": delta}, "uid": live["metadata"]["uid"], "netbox_id": 1}
            resources.append(_resource(urns.of("fabric-1", ref), sections.stored(outputs)))
        return json.loads(json.dumps({"resources": resources}))

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        parts = urlsplit(str(request.url))
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if request.method == "PUT" and query.get("dryRun") == "All":
            self.dry_runs.append(parts.path.rsplit("/", 1)[-1])
            sent = json.loads(request.content)
            sent["spec"]["subnets"]["default"].setdefault("gateway", self.default)
            return httpx2.Response(200, json=sent)
        self.asked.append((f"{request.method} {parts.path}", parts.query))
        if "limit" not in query:
            return httpx2.Response(404, json={"kind": "Status", "message": f"not served: {parts.path}"})
        if parts.path.startswith("/apis/"):
            start, size = int(query.get("continue", 0)), int(query["limit"])
            items = self.objects if parts.path.endswith("/vpcs") else []
            more = {"continue": str(start + size)} if start + size < len(items) else {}
            return httpx2.Response(200, json={"metadata": more, "items": items[start : start + size]})
        return httpx2.Response(200, json=self._records(parts.path, query))

    def _records(self, path, query):
        if path.rstrip("/").endswith(FABRICS.slug):
            return {"results": [{"id": FABRIC_ID, "name": "fabric-1", **RECORD}], "next": None}
        start, size = int(query["start"]), int(query["limit"])
        found = self.records if path.rstrip("/").endswith(f"/{TYPES['VPC'].slug}") else []
        page = [one for one in found if one["id"] >= start][:size]
        left = page and page[-1]["id"] < found[-1]["id"]
        rest = "&".join(f"{key}={value}" for key, value in query.items() if key != "start")
        following = f"https://netbox.test/?{rest}&start={page[-1]['id'] + 1}" if left else None
        return {"results": page, "next": following}


def _resource(urn: str, outputs) -> dict[str, object]:
    """An entry of the state, as far as it is read."""
    return {
        "urn": urn,
        "type": type_of(urn),
        "parent": urns.component("fabric-1"),
        "provider": "urn:pulumi:fabric-1::hhsync::pulumi:providers:pulumi-python::default::1",
        "outputs": outputs,
    }


@pytest.fixture
def report(tmp_path, monkeypatch):
    """The drift report of a fabric on these servers."""

    def made(servers: Servers, deployment=None):
        transport = httpx2.MockTransport(servers.answer)

        class Joined(Session):
            def __init__(self, config, fabric) -> None:
                super().__init__(config, fabric)
                self.cluster = Cluster(ClusterSettings(url="https://cluster.test", token="t"), transport=transport)
                self.netbox = NetBox(NetBoxSettings("https://netbox.test", "t" * 40), transport=transport)
                self.live, self.records = ClusterSnapshot(self.cluster), NetBoxSnapshot(self.netbox, fabric)

        monkeypatch.setattr(context, "Session", Joined)
        state = DesiredState(servers.manifests, dict.fromkeys(servers.manifests, ()))
        loaded = Loaded(RECORD["git_repository"], "main", "", "c" * 40, "c" * 40, 1, state)
        monkeypatch.setattr("gitops.load.inspect", lambda settings, cache, **_: loaded)
        config = {
            "hhsync:gitUrl": RECORD["git_repository"],
            "hhsync:netboxUrl": "https://netbox.test",
            "hhsync:netboxToken": "t" * 40,
            "hhsync:clusterUrl": "https://cluster.test",
        }
        fake = FakeCommand(config=config, deployment=deployment or servers.deployment)
        return context.read(workspace(tmp_path, fake), "fabric-1").report()

    return made


def test_a_fabric_in_sync_costs_one_list_a_kind_and_server(report):
    servers = Servers()
    found = report(servers)
    assert (dict(found.counts), found.exit_code) == ({"in_sync": COUNT}, 0)
    assert max(Counter(servers.asked).values()) == 1, "a page was asked for twice"
    assert {path.split()[0] for path, _ in servers.asked} == {"GET"}
    lists = Counter(path for path, _ in servers.asked)
    expected = {f"GET /apis/{kind.api_version}/{kind.plural}" for kind in KINDS.values()}
    expected |= {f"GET /api/plugins/custom-objects/{one.slug}/" for one in (FABRICS, *TYPES.values())}
    agents = {path for path in lists if path.endswith("/agents")}
    assert lists.keys() - agents == expected
    assert lists[f"GET /apis/{KINDS['VPC'].api_version}/vpcs"] == 3, "pages of 500"
    assert servers.dry_runs == []


def test_ten_times_the_crs_cost_no_request_but_pages(report):
    few, many = Servers(50), Servers(500)
    report(few)
    report(many)
    assert len(few.asked) == len(many.asked)


def test_dry_runs_are_asked_only_of_objects_whose_content_moved(report):
    servers = Servers(20)
    deployment = servers.deployment
    servers.objects[3]["spec"]["subnets"]["default"]["vlan"] = 1
    servers.objects[4]["metadata"]["resourceVersion"] = "99"
    servers.objects[5]["status"] = {"applied": True}
    found = report(servers, deployment)
    assert servers.dry_runs == ["vpc-00003"]
    assert [(one.ref.name, one.state) for one in found.details] == [("vpc-00003", State.DRIFTED)]


def test_a_new_default_that_the_server_fills_in_by_itself_is_no_drift(report):
    """Something saved the object again, and a new version of the webhook filled in another gateway: the dry run tells."""
    servers = Servers(3)
    deployment = servers.deployment
    servers.default = "filled in by a newer server"
    servers.objects[1]["spec"]["subnets"]["default"]["gateway"] = servers.default
    assert report(servers, deployment).exit_code == 0
    assert servers.dry_runs == ["vpc-00001"]
