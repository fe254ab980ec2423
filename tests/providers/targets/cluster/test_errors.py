"""What refusals become, given as a kube-apiserver 1.36 with Hedgehog's webhooks words them."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import stamina

from providers import errors
from providers.core.identity import KINDS, ObjectRef
from providers.settings import ClusterSettings
from providers.targets.cluster.errors import Denied
from providers.targets.cluster.target import Cluster

REF = ObjectRef("VPC", "default", "vpc-1")
MANIFEST = {
    "apiVersion": "vpc.githedgehog.com/v1beta1",
    "kind": "VPC",
    "metadata": {"name": "vpc-1", "namespace": "default"},
    "spec": {"subnets": {}},
}
SETTINGS = ClusterSettings(url="https://127.0.0.1:6443", token="t0ken", insecure=True)
START = "create VPC/default/vpc-1: cluster at https://127.0.0.1:6443: "


def _status(code: int, message: str, reason: str = "", **details: Any) -> httpx2.Response:
    body = {
        "kind": "Status",
        "status": "Failure",
        "message": message,
        "reason": reason,
        "details": details,
        "code": code,
    }
    return httpx2.Response(code, json=body)


def _cluster(response: httpx2.Response) -> Cluster:
    return Cluster(SETTINGS, transport=httpx2.MockTransport(lambda request: response))


RBAC = (
    'vpcs.vpc.githedgehog.com is forbidden: User "reader" cannot create resource "vpcs" in API group '
    '"vpc.githedgehog.com" in the namespace "default"'
)

TABLE = {
    "a webhook's validation": (
        _status(
            403,
            'admission webhook "vvpc.kb.io" denied the request: failed to validate vpc: duplicate subnet VLANs',
            "Forbidden",
        ),
        Denied,
        "refused by the fabric's webhook vvpc.kb.io: failed to validate vpc: duplicate subnet VLANs",
    ),
    "a webhook that cannot decode": (
        _status(
            400,
            'admission webhook "mvpc.kb.io" denied the request: json: cannot unmarshal number 70000 into Go struct '
            "field VPCSubnet.spec.subnets.vlan of type uint16",
        ),
        Denied,
        "refused by the fabric's webhook mvpc.kb.io: json: cannot unmarshal number 70000 into Go struct field "
        "VPCSubnet.spec.subnets.vlan of type uint16",
    ),
    "RBAC": (
        _status(403, RBAC, "Forbidden", kind="vpcs"),
        errors.Forbidden,
        f"not allowed: {RBAC}; grant it with RBAC, or use other credentials: hhsync:clusterToken",
    ),
    "no credentials arrived": (
        _status(403, RBAC.replace("reader", "system:anonymous"), "Forbidden"),
        errors.Unauthorized,
        "it took no credentials from us (anonymous); check hhsync:clusterToken",
    ),
    "a namespace that goes away": (
        _status(
            403,
            'vpcs "vpc-1" is forbidden: unable to create new content in namespace x because it is being terminated',
            "Forbidden",
        ),
        errors.Rejected,
        'refused: vpcs "vpc-1" is forbidden: unable to create new content in namespace x because it is being terminated',
    ),
    "a 403 without words": (
        httpx2.Response(403),
        errors.Forbidden,
        "not allowed: forbidden; grant it with RBAC, or use other credentials: hhsync:clusterToken",
    ),
    "wrong credentials": (
        _status(401, "Unauthorized", "Unauthorized"),
        errors.Unauthorized,
        "401 Unauthorized; check hhsync:clusterToken",
    ),
    "the schema, by field": (
        _status(
            422,
            'VPC.vpc.githedgehog.com "vpc-1" is invalid: [...]',
            "Invalid",
            name="vpc-1",
            causes=[
                {"reason": "FieldValueInvalid", "message": "Invalid value: 5000: too big", "field": "spec.vlan"},
                {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.role"},
                {"reason": "FieldValueInvalid", "message": "some validation rules were not checked", "field": "<nil>"},
            ],
        ),
        errors.Rejected,
        "invalid: spec.vlan: Invalid value: 5000: too big; spec.role: Required value",
    ),
    "a 422 without causes": (
        _status(422, "metadata.resourceVersion: must be specified for an update", "Invalid"),
        errors.Rejected,
        "invalid: metadata.resourceVersion: must be specified for an update",
    ),
    "an unknown field": (
        _status(
            400,
            'VPC in version "v1beta1" cannot be handled as a VPC: strict decoding error: unknown field "spec.colour"',
            "BadRequest",
        ),
        errors.Rejected,
        'invalid: unknown field "spec.colour"',
    ),
    "a name that is taken": (
        _status(409, 'vpcs.vpc.githedgehog.com "vpc-1" already exists', "AlreadyExists", name="vpc-1"),
        errors.Conflict,
        "an object of this name exists already; run again",
    ),
    "a webhook that is down": (
        _status(
            500,
            'Internal error occurred: failed calling webhook "mvpc.kb.io": failed to call webhook: Post '
            '"https://127.0.0.1:9443/mutate?timeout=10s": dial tcp 127.0.0.1:9443: connect: connection refused',
            "InternalError",
        ),
        errors.ServerFailure,
        "the fabric's webhook mvpc.kb.io does not answer (failed to call webhook: Post \"https://127.0.0.1:9443/mutate?"
        "timeout=10s\": dial tcp 127.0.0.1:9443: connect: connection refused); is the fabric's controller running?",
    ),
    "another 500": (
        _status(500, "etcdserver: request timed out", "InternalError"),
        errors.ServerFailure,
        "500 Internal Server Error: etcdserver: request timed out",
    ),
    "a kind that is not served": (
        httpx2.Response(404, text="404 page not found\n"),
        errors.NotInstalled,
        "it lacks the CRD vpcs.vpc.githedgehog.com; install it: kubectl apply -f providers/crds",
    ),
    "a kind that is not served, as a Status": (
        _status(404, "the server could not find the requested resource", "NotFound"),
        errors.NotInstalled,
        "it lacks the CRD vpcs.vpc.githedgehog.com; install it: kubectl apply -f providers/crds",
    ),
    "a namespace that does not exist": (
        _status(404, 'namespaces "lab" not found', "NotFound", name="lab", kind="namespaces"),
        errors.NotFound,
        '404 Not Found: namespaces "lab" not found',
    ),
    "a success that is no object": (
        httpx2.Response(201, json=["surprise"]),
        errors.ServerFailure,
        "it answered 201 without an object",
    ),
}


@pytest.mark.parametrize(("response", "kind", "words"), TABLE.values(), ids=TABLE.keys())
def test_a_refusal_says_what_and_why(response: httpx2.Response, kind: type[errors.TargetError], words: str) -> None:
    with stamina.set_testing(True, attempts=1), pytest.raises(errors.TargetError) as caught:
        _cluster(response).create(MANIFEST)
    assert type(caught.value) is kind
    assert str(caught.value) == START + words
    assert "t0ken" not in str(caught.value)


def test_a_failing_webhook_is_not_asked_again() -> None:
    cluster = _cluster(_status(500, 'failed calling webhook "mvpc.kb.io": connection refused', "InternalError"))
    with pytest.raises(errors.ServerFailure):
        cluster.create(MANIFEST)
    assert cluster.requests == 1


def test_a_lost_race_says_so() -> None:
    live = {**MANIFEST, "metadata": {**MANIFEST["metadata"], "uid": "u", "resourceVersion": "1"}}  # type: ignore[dict-item]
    cluster = _cluster(_status(409, "the object has been modified", "Conflict", name="vpc-1"))
    with pytest.raises(errors.Conflict, match="someone else changed it meanwhile; run again"):
        cluster.replace(MANIFEST, live)
    assert cluster.requests == 1


def test_a_name_that_went_to_another_object_is_a_conflict_of_the_delete() -> None:
    words = "Operation cannot be fulfilled: Precondition failed: UID in precondition: a, UID in object meta: b"
    with pytest.raises(errors.Conflict, match="another object has taken this name since we last looked; run again"):
        _cluster(_status(409, words, "Conflict", name="vpc-1")).delete(REF, "a")


@pytest.mark.parametrize(
    "response",
    [_status(404, 'vpcs "vpc-1" not found', "NotFound", name="vpc-1"), httpx2.Response(404, text="404 page not found")],
)
def test_what_is_gone_already_counts_as_deleted(response: httpx2.Response) -> None:
    _cluster(response).delete(REF, "u")


def test_an_object_that_is_not_there_reads_as_none() -> None:
    assert _cluster(_status(404, 'vpcs "vpc-1" not found', "NotFound", name="vpc-1")).get(REF) is None


def test_an_identity_that_we_may_not_read_is_empty() -> None:
    assert _cluster(_status(403, RBAC, "Forbidden")).identity() == ""


def test_a_group_that_is_not_served_lacks_all_its_kinds() -> None:
    assert _cluster(httpx2.Response(404, text="404 page not found")).crds() == set(KINDS)


def test_a_group_that_is_not_served_has_no_schemas() -> None:
    with pytest.raises(errors.NotInstalled, match=r"read the schemas of vpc\.githedgehog\.com: .* it does not serve"):
        _cluster(httpx2.Response(404, text="404 page not found")).openapi("vpc.githedgehog.com")


def test_a_denial_knows_the_objects_it_speaks_of() -> None:
    denied = Denied("x", target="cluster", server="s", reason="failed to validate: vpc vpc-7 not found")
    assert denied.mentions({"vpc-7", "other"})
    assert not denied.mentions({"vpc-77", "pc-7"})
