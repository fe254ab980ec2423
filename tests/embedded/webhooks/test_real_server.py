"""The webhooks behind a real API server: what is stored and refused there, and what the API server does by itself."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.webhooks.recorded import (
    cases,
    expected,
    fabric,
    manifest,
    needed,
    operation,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.services import Running
    from embedded.services.kubernetes.webhooks import Webhooks
    from tests.support.webhooks.live import AdmissionResponse, Live

pytestmark = pytest.mark.services

# For what happens by and by in another process.
PATIENCE_SECONDS = 20.0


def _chosen() -> list[dict[str, Any]]:
    """What only an API server can do, and of each kind something that is stored, and something that is refused."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for case in cases():
        outcome, kind = case["id"].split("-")[:2]
        found.setdefault((outcome, kind, operation(case)), case)
    by_server = [case for case in cases() if case.keys() & {"server", "apply", "replace", "by"}]
    return list({case["id"]: case for case in (*found.values(), *by_server)}.values())


RUNS = [(case, how) for case in _chosen() for how in ("apply", "replace") if case.get("by", how) == how]


def eventually(look: Callable[[], bool]) -> bool:
    """Whether it comes true in time."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not look():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


def manifests_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    """What is sent."""
    return [] if operation(case) == "delete" else [manifest(case[operation(case)])]


def answer_to(live: Live, case: dict[str, Any], how: str) -> AdmissionResponse:
    """What comes of the case; the cache of the webhooks is given a moment to see what it needs."""
    before = needed(case)
    live.load(before, by_apply=how == "apply")
    time.sleep(0.05)
    if operation(case) == "delete":
        kind, name = case["delete"].split("/")
        target = next(one for one in before if (one["kind"], one["metadata"]["name"]) == (kind, name))
        return live.delete(target)
    return (live.apply if how == "apply" else live.replace)(manifest(case[operation(case)]))


@pytest.mark.parametrize(("case", "how"), RUNS, ids=[f"{case['id']}-{how}" for case, how in RUNS])
def test_the_answer_is_the_recorded_one(live: Live, case: dict[str, Any], how: str) -> None:
    for namespace in {one["metadata"]["namespace"] for one in manifests_of(case)} - {"default"}:
        live.ask(
            "POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        )
    answer = answer_to(live, case, how)
    special = case.get(how)
    refusal = special if isinstance(special, dict) else None if special else case.get("refused") or case.get("server")
    if refusal:
        assert answer.status == refusal["code"], answer.message
        assert refusal["says"] in answer.message
        return
    assert answer.status in (200, 201), answer.message
    if "stored" in case:
        sent = manifest(case[operation(case)])
        assert live.get(sent) == expected(case, sent)


def test_nothing_can_be_written_while_the_webhooks_are_down(live: Live, webhooks: Webhooks, services: Running) -> None:
    server = manifest({"Server": "server-01", "spec": {}})
    webhooks.stop()
    try:
        answer = live.replace(server)
        assert answer.status == 500
        assert 'failed calling webhook "mserver.kb.io"' in answer.message
    finally:
        kubeconfig = Path(services.fabric(webhooks.fabric).admin_kubeconfig)
        webhooks.start(kubeconfig, webhooks.admin(kubeconfig))
    assert live.replace(server).status == 201


def test_a_parent_that_was_just_made_is_not_found_for_as_long_as_the_cache_lags(live: Live, webhooks: Webhooks) -> None:
    webhooks.settings.write_text(json.dumps({"cache_lag_seconds": 1.0}))
    parents = [fabric()["IPv4Namespace/default"], fabric()["VLANNamespace/default"]]
    vpc = manifest({"VPC": "vpc-1", "spec": {"subnets": {"default": {"subnet": "10.0.1.0/24", "vlan": 1001}}}})
    assert [live.replace(one).status for one in parents] == [201, 201]
    first = live.replace(vpc)
    assert (first.status, "not found" in first.message) == (403, True)
    assert eventually(lambda: live.replace(vpc).status == 201)
    webhooks.settings.unlink()


def test_every_switch_has_an_agent_that_follows_what_concerns_it(live: Live, webhooks: Webhooks) -> None:
    wanted = ["VLANNamespace/default", "IPv4Namespace/default", "SwitchGroup/eslag-1", "Switch/leaf-03"]
    wanted += ["Server/server-07", "Connection/server-07--unbundled--leaf-03", "VPC/vpc-1"]

    def agent() -> dict[str, Any]:
        path = "/apis/agent.githedgehog.com/v1beta1/namespaces/default/agents/leaf-03"
        answer = live.ask("GET", path)
        return answer.content if answer.status == 200 else {}

    def up_to_date() -> bool:
        found = agent()
        return bool(found) and found.get("status", {}).get("lastAppliedGen") == found["metadata"]["generation"]

    live.load([fabric()[one] for one in wanted])
    assert eventually(up_to_date)
    before = agent()["metadata"]["generation"]
    webhooks.settings.write_text(json.dumps({"agents": {"stuck": ["leaf-03"]}}))
    live.load([fabric()["VPCAttachment/vpc-1--server-07"]])
    assert eventually(lambda: agent()["metadata"]["generation"] > before)
    assert not up_to_date()
    webhooks.settings.write_text(json.dumps({"agents": {"failing": {"leaf-03": "no such port"}}}))
    assert eventually(lambda: agent()["status"].get("lastAttemptGen", 0) > before)
    assert agent()["status"]["conditions"][0]["message"] == "no such port"
    webhooks.settings.unlink()
    assert eventually(up_to_date)
    live.clear()
    assert eventually(lambda: agent() == {})
