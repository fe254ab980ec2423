"""The six states, as `status` tells them, `drift` counts them and NetBox shows them, on real servers."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest

from providers.core.identity import ObjectRef
from providers.errors import Rejected
from tests.support.project import Project, crs

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.services

CATEGORIES = {
    "Synced": ("in_sync",),
    "Drifted": ("drifted", "missing_from_cluster", "missing_from_netbox"),
    "Orphaned": ("missing_from_git",),
    "Pending": ("pending",),
    "Committed": ("committed",),
    "Unknown": ("unknown",),
}


def states(project: Project, code: int = 0) -> dict[str, tuple[str, str]]:
    """State and reason of this fabric's CRs by name; drift counts the same, with the same exit code."""
    result = project.verb("status", code=code)
    drift = project.verb("drift", code=code)
    for state, keys in CATEGORIES.items():
        assert result["counts"][state] == sum(drift[key] for key in keys), (state, result["counts"], drift)
    assert result["total"] == drift["total"] + result["counts"]["Draft"]
    prefix = project.fabric[2:]
    return {
        one["ref"].split("/")[2]: (one["state"], one["reason"])
        for one in result["crs"]
        if one["ref"].split("/")[2].startswith(prefix)
    }


def published(project: Project) -> dict[str, tuple[str, str]]:
    """What the records say, by name."""
    return {
        record.fields["name"]: (record.fields["sync_state"], record.fields["sync_error"])
        for record in project.records().values()
    }


def test_every_state_on_real_servers(synced):
    a, b, c, d, e = synced.names
    assert {state for state, _ in states(synced).values()} == {"Synced"}

    synced.git("checkout", "-q", "-b", "hhsync/add-one")
    extra = f"{synced.fabric[2:]}x"
    files = crs(*synced.names, extra)
    synced.commit({f"vpcs/{extra}.yaml": files[f"vpcs/{extra}.yaml"]})
    synced.git("checkout", "-q", "main")
    assert states(synced)[extra] == ("Draft", "only in branch hhsync/add-one")

    fresh = f"{synced.fabric[2:]}y"
    more = crs(*synced.names, extra, fresh)[f"vpcs/{fresh}.yaml"]
    newer = crs(*synced.names, vlan=1500)[f"vpcs/{a}.yaml"]
    synced.edit_vlan(b, 1777)
    live = synced.vpc(c)
    synced.cluster.delete(ObjectRef("VPC", "default", c), live["metadata"]["uid"])
    synced.commit({f"vpcs/{a}.yaml": newer, f"vpcs/{fresh}.yaml": more, f"vpcs/{d}.yaml": None})
    now = states(synced, code=2)
    assert {name: now[name][0] for name in (a, b, c, d, e, fresh)} == {
        a: "Pending",
        b: "Drifted",
        c: "Drifted",
        d: "Orphaned",
        e: "Synced",
        fresh: "Committed",
    }
    assert now[c][1] == "missing from the cluster"
    assert "the next sync deletes it" in now[d][1]

    chosen = synced.verb("status", "--kind", "vpc", "--state", "Drifted", code=2)
    assert sorted(one["ref"] for one in chosen["crs"]) == [f"VPC/default/{b}", f"VPC/default/{c}"]

    synced.verb("sync")
    assert {state for state, _ in states(synced).values()} == {"Synced", "Draft"}
    assert set(published(synced).values()) == {("Synced", "")}


POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"


def _takes(project: Project, probe: dict[str, Any], live: dict[str, Any]) -> bool:
    with contextlib.suppress(Rejected):
        project.cluster.replace(probe, live, dry_run=True)
        return True
    return False


@contextlib.contextmanager
def refusing(project: Project, name: str, words: str) -> Iterator[None]:
    """While it lasts, the API server refuses VLAN namespaces of that name that end at VLAN 2500, which no schema knows."""
    call = project.cluster._api.target().call
    rule = {
        "apiGroups": ["wiring.githedgehog.com"], "apiVersions": ["v1beta1"], "operations": ["UPDATE"],
        "resources": ["vlannamespaces"], "resourceNames": [name],
    }  # fmt: skip
    policy = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": "object.spec.ranges[0].to != 2500", "message": words}],
    }
    bound = {"policyName": name, "validationActions": ["Deny"]}
    meta = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    binding = {**meta, "kind": "ValidatingAdmissionPolicyBinding", "spec": bound}
    call("POST", POLICIES, body={**meta, "kind": "ValidatingAdmissionPolicy", "spec": policy}, about="add a policy")
    call("POST", POLICIES.replace("policies", "policybindings"), body=binding, about="bind it")
    try:
        live = project.cluster.get(ObjectRef("VLANNamespace", "default", name))
        assert live is not None
        probe = {**live, "spec": {"ranges": [{"from": 1000, "to": 2500}]}}
        deadline = time.monotonic() + 60
        while _takes(project, probe, live):  # the server takes a policy up within seconds
            assert time.monotonic() < deadline
            time.sleep(0.5)
        yield
    finally:
        for path in (POLICIES.replace("policies", "policybindings"), POLICIES):
            call("DELETE", f"{path}/{name}", about="take the policy away", accept={404})


def test_a_refused_update_is_pending_everywhere_until_it_is_no_longer_wanted(project):
    name = project.names[0]
    space = (
        f"apiVersion: vpc.githedgehog.com/v1beta1\nkind: IPv4Namespace\nmetadata: {{name: {name}}}\n"
        "spec: {subnets: [10.0.0.0/16]}\n---\n"
        f"apiVersion: wiring.githedgehog.com/v1beta1\nkind: VLANNamespace\nmetadata: {{name: {name}}}\n"
        "spec: {ranges: [{from: 1000, to: LAST}]}\n"
    )
    vpc = (
        f"apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata: {{name: {name}}}\n"
        f"spec:\n  ipv4Namespace: {name}\n  vlanNamespace: {name}\n"
        "  subnets:\n    default: {subnet: 10.0.1.0/24, vlan: VLAN}\n"
    )
    first = project.commit({"space.yaml": space.replace("LAST", "1999"), "vpc.yaml": vpc.replace("VLAN", "1001")})
    assert project.init().returncode == 0
    project.verb("sync")

    project.commit({"space.yaml": space.replace("LAST", "2500"), "vpc.yaml": vpc.replace("VLAN", "1002")})
    with refusing(project, name, "not in this test"):
        project.verb("sync", code=1)
        result = {one["ref"]: one for one in project.verb("status", code=2)["crs"]}
        assert project.verb("drift", code=2)["pending"] == 2
    refused, waits = result[f"VLANNamespace/default/{name}"], result[f"VPC/default/{name}"]
    assert refused["state"] == waits["state"] == "Pending"
    assert "the last apply failed" in refused["reason"]
    assert "not in this test" in refused["reason"]
    assert f"waits for VLANNamespace/default/{name}" in waits["reason"]
    records = {ref.split("/")[2]: record.fields for ref, record in project.records().items()}
    assert records["VLANNamespace"]["sync_state"] == records["VPC"]["sync_state"] == "Pending"
    assert "not in this test" in records["VLANNamespace"]["sync_error"]
    assert records["VPC"]["sync_error"] == f"waits for VLANNamespace/default/{name}, whose last apply failed"
    assert records["IPv4Namespace"]["sync_state"] == "Synced"

    project.git("revert", "--no-edit", "HEAD")
    assert project.git("diff", first, "HEAD") == ""
    project.verb("sync")
    assert set(published(project).values()) == {("Synced", "")}
    length, versions = project.log_length(), project.versions()
    project.verb("sync")
    assert (project.log_length(), project.versions()) == (length, versions)


def test_what_only_git_has_and_nobody_else_is_refused_before_anything_is_written(synced):
    before = synced.log_length(), synced.versions()
    synced.commit(
        {
            "attachment.yaml": "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPCAttachment\n"
            f"metadata: {{name: {synced.fabric}}}\nspec: {{subnet: nobody/default, connection: none}}\n"
        }
    )
    for verb in ("check", "preview", "sync"):
        result = "\n".join(synced.verb(verb, code=1)["errors"])
        assert "attachment.yaml:4: spec.subnet: names VPC/default/nobody, which is n" in result
    assert "neither in Git nor on the cluster" in result
    assert (synced.log_length(), synced.versions()) == before
