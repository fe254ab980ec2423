"""Reading Hedgehog's Agents: which generation of its configuration each switch runs."""

from __future__ import annotations

import httpx2
import pytest
import stamina

from providers import errors
from providers.core.drift.convergence import Agent
from providers.settings import ClusterSettings
from providers.targets.cluster.target import Cluster

SETTINGS = ClusterSettings(url="https://127.0.0.1:6443", token="t0ken", insecure=True)


def cluster(response):
    return Cluster(SETTINGS, transport=httpx2.MockTransport(lambda request: response))


def test_each_agent_has_its_generation_and_the_one_that_runs():
    items = [
        {"metadata": {"name": "leaf-1", "generation": 5}, "status": {"lastAppliedGen": 4}},
        {"metadata": {"name": "leaf-2", "generation": 1}},
    ]
    found = cluster(httpx2.Response(200, json={"metadata": {}, "items": items})).agents()
    assert found == {"leaf-1": Agent("leaf-1", 5, 4), "leaf-2": Agent("leaf-2", 1, 0)}


def test_a_cluster_without_the_kind_has_none():
    assert cluster(httpx2.Response(404, json={"kind": "Status"})).agents() is None


def test_agents_that_may_not_be_read_are_an_error():
    with stamina.set_testing(True, attempts=1), pytest.raises(errors.TargetError, match="Agents"):
        cluster(httpx2.Response(403, json={"kind": "Status", "message": "agents is forbidden"})).agents()
