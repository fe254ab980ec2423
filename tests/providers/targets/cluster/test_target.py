"""Reading and writing CRs: pages, preconditions, what is carried over, and what is asked again."""

from __future__ import annotations

import copy
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from providers import errors
from providers.core.identity import KINDS, ObjectRef
from providers.settings import ClusterSettings
from providers.targets.cluster import target as cluster_module
from providers.targets.cluster.objects import replacement, same_content
from providers.targets.cluster.snapshot import ClusterSnapshot
from providers.targets.cluster.target import Cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTINGS = ClusterSettings(url="https://127.0.0.1:6443", token="t0ken", insecure=True)
VPC = KINDS["VPC"]
BASE = "/apis/vpc.githedgehog.com/v1beta1"
REF = ObjectRef("VPC", "default", "vpc-1")

Request = httpx2.Request
Response = httpx2.Response


def _manifest(name: str = "vpc-1", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": VPC.api_version,
        "kind": "VPC",
        "metadata": {"name": name, "namespace": "default", **metadata},
        "spec": {"vlan": 1001},
    }


def _live(name: str = "vpc-1", **metadata: Any) -> dict[str, Any]:
    return _manifest(name, **{"uid": "u-1", "resourceVersion": "7", **metadata})


def _cluster(handle: Callable[[Request], Response], page: int = 500) -> Cluster:
    return Cluster(SETTINGS, page=page, transport=httpx2.MockTransport(handle))


def _denied(reason: str) -> Response:
    message = f'admission webhook "vvpcattachment.kb.io" denied the request: {reason}'
    return Response(403, json={"kind": "Status", "message": message, "reason": "Forbidden"})


@pytest.fixture(autouse=True)
def _at_once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=5):
        yield


def test_a_list_reads_every_page_and_names_each_object() -> None:
    asked: list[dict[str, str]] = []

    def handle(request: Request) -> Response:
        asked.append(dict(request.url.params))
        assert request.url.path == f"{BASE}/vpcs"
        first = "continue" not in request.url.params
        item: dict[str, Any] = {"metadata": {"name": "a" if first else "b", "namespace": "default"}, "spec": {"n": 1.0}}
        return Response(200, json={"metadata": {"continue": "more"} if first else {}, "items": [item]})

    found = _cluster(handle, page=1).list(VPC, "hhsync.dev/fabric=f-1")
    assert list(found) == [ObjectRef("VPC", "default", "a"), ObjectRef("VPC", "default", "b")]
    assert [(o["kind"], o["apiVersion"]) for o in found.values()] == [("VPC", VPC.api_version)] * 2
    assert asked == [
        {"limit": "1", "labelSelector": "hhsync.dev/fabric=f-1"},
        {"limit": "1", "labelSelector": "hhsync.dev/fabric=f-1", "continue": "more"},
    ]


@pytest.mark.parametrize("expiries", [1, 2])
def test_a_list_that_expires_is_read_anew_once(expiries: int) -> None:
    left = [expiries]

    def handle(request: Request) -> Response:
        item = {"metadata": {"name": f"a{left[0]}", "namespace": "default"}}
        if "continue" not in request.url.params:
            return Response(200, json={"metadata": {"continue": "more"}, "items": [item]})
        if left[0]:
            left[0] -= 1
            return Response(410, json={"kind": "Status", "reason": "Expired"})
        return Response(200, json={"metadata": {}, "items": []})

    if expiries == 1:
        assert list(_cluster(handle).list(VPC)) == [ObjectRef("VPC", "default", "a0")]
    else:
        with pytest.raises(errors.ServerFailure, match=r"list VPC: .* the list expired twice while it was read"):
            _cluster(handle).list(VPC)


def test_a_server_that_is_initializing_is_waited_for() -> None:
    replies = [
        Response(429, json={"kind": "Status", "message": "storage is (re)initializing"}, headers={"Retry-After": "1"})
    ]
    created = _cluster(lambda request: replies.pop() if replies else Response(201, json=_live())).create(_manifest())
    assert created == _live()


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_create_is_a_post_that_forbids_unknown_fields(dry_run: bool) -> None:
    def handle(request: Request) -> Response:
        assert (request.method, request.url.path) == ("POST", f"{BASE}/namespaces/default/vpcs")
        assert dict(request.url.params) == {
            "fieldManager": "hhsync",
            "fieldValidation": "Strict",
            **({"dryRun": "All"} if dry_run else {}),
        }
        assert json.loads(request.content) == _manifest()
        return Response(201, json=_live())

    assert _cluster(handle).create(_manifest(), dry_run=dry_run) == _live()


def test_a_create_whose_answer_was_lost_is_not_sent_twice() -> None:
    def handle(request: Request) -> Response:
        raise httpx2.ReadTimeout("timed out")

    cluster = _cluster(handle)
    with pytest.raises(errors.Unreachable, match="whether the change was made is unknown"):
        cluster.create(_manifest())
    assert cluster.requests == 1


def test_a_replace_puts_the_replacement_with_its_preconditions() -> None:
    sent: list[dict[str, Any]] = []

    def handle(request: Request) -> Response:
        assert (request.method, request.url.path) == ("PUT", f"{BASE}/namespaces/default/vpcs/vpc-1")
        assert request.url.params["fieldValidation"] == "Strict"
        sent.append(json.loads(request.content))
        return Response(200, json=_live(resourceVersion="8"))

    live = {**_live(), "spec": {"vlan": 1999, "added": True}}
    assert _cluster(handle).replace(_manifest(), live)["metadata"]["resourceVersion"] == "8"
    assert sent == [_live()]


def test_an_object_that_is_being_deleted_is_not_replaced() -> None:
    live = _live(deletionTimestamp="2026-11-21T00:00:00Z", finalizers=["example.org/hold"])
    cluster = _cluster(lambda request: Response(200, json=live))
    with pytest.raises(
        errors.Conflict, match=r"it is being deleted, held by: example\.org/hold; run again when it is gone"
    ):
        cluster.replace(_manifest(), live)
    assert cluster.requests == 0
    assert cluster.replace(_manifest(), live, dry_run=True) == live


class _LosesTheFirstAnswer:
    """Stores a PUT whose answer then gets lost; later ones meet its new resourceVersion."""

    def __init__(self, stored: dict[str, Any], then: dict[str, Any] | None) -> None:
        self.stored = stored
        self._then = then
        self._lost = False

    def __call__(self, request: Request) -> Response:
        if request.method == "GET":
            return Response(200, json=self.stored)
        body = json.loads(request.content)
        if not self._lost:
            self._lost = True
            self.stored = self._then or {**body, "metadata": {**body["metadata"], "resourceVersion": "8"}}
            raise httpx2.ReadTimeout("timed out")
        if body["metadata"]["resourceVersion"] != "8":
            return Response(409, json={"kind": "Status", "reason": "Conflict", "message": "modified"})
        assert request.url.params["dryRun"] == "All"
        return Response(200, json={**body, "metadata": {**body["metadata"], "resourceVersion": "8"}})


def test_a_replace_whose_answer_was_lost_is_found_to_have_landed() -> None:
    server = _LosesTheFirstAnswer(_live(), None)
    assert _cluster(server).replace(_manifest(), {**_live(), "spec": {"vlan": 1}}) == server.stored


def test_a_replace_whose_answer_was_lost_and_that_another_then_changed_is_a_conflict() -> None:
    other = {**_live(resourceVersion="8"), "spec": {"vlan": 4}}
    with pytest.raises(errors.Conflict, match="someone else changed it meanwhile"):
        _cluster(_LosesTheFirstAnswer(_live(), other)).replace(_manifest(), _live())


def test_a_delete_names_the_uid_and_is_done_with_a_status() -> None:
    def handle(request: Request) -> Response:
        assert (request.method, request.url.path) == ("DELETE", f"{BASE}/namespaces/default/vpcs/vpc-1")
        assert json.loads(request.content)["preconditions"] == {"uid": "u-1"}
        return Response(200, json={"kind": "Status", "status": "Success"})

    cluster = _cluster(handle)
    cluster.delete(REF, "u-1")
    assert cluster.requests == 1


@pytest.mark.parametrize("after", [None, _live(uid="u-2")], ids=["gone", "replaced by another"])
def test_a_delete_waits_for_finalizers(monkeypatch: pytest.MonkeyPatch, after: dict[str, Any] | None) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    held = [_live(finalizers=["example.org/hold"])] * 2

    def handle(request: Request) -> Response:
        if held:
            return Response(200, json=held.pop())
        if after is None:
            return Response(404, json={"kind": "Status", "details": {"name": "vpc-1"}})
        return Response(200, json=after)

    cluster = _cluster(handle)
    cluster.delete(REF, "u-1")
    assert cluster.requests == 3


def test_a_delete_that_finalizers_hold_is_not_called_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "FINALIZER_WAIT", 0.0)
    cluster = _cluster(lambda request: Response(200, json=_live(finalizers=["example.org/hold"])))
    with pytest.raises(errors.ServerFailure, match=r"still there 0 s after the delete, held by: example\.org/hold"):
        cluster.delete(REF, "u-1")


def test_a_webhook_that_has_not_seen_our_last_write_is_asked_again() -> None:
    refusals = [_denied("vpc vpc-1 not found")] * 3

    def handle(request: Request) -> Response:
        name = json.loads(request.content)["metadata"]["name"]
        return refusals.pop() if name == "at-1" and refusals else Response(201, json=_live(name))

    cluster = _cluster(handle)
    cluster.create(_manifest("vpc-1"))
    cluster.create(_manifest("at-1"))
    assert cluster.requests == 5


def test_a_webhook_is_asked_again_five_times_at_most() -> None:
    def handle(request: Request) -> Response:
        name = json.loads(request.content)["metadata"]["name"]
        return _denied("vpc vpc-1 not found") if name == "at-1" else Response(201, json=_live(name))

    cluster = _cluster(handle)
    cluster.create(_manifest("vpc-1"))
    with pytest.raises(errors.Rejected, match="vpc vpc-1 not found"):
        cluster.create(_manifest("at-1"))
    assert cluster.requests == 1 + 5


@pytest.mark.parametrize("reason", ["vpc vpc-9 not found", "name vpc-12 is too long"])
def test_a_refusal_about_what_we_did_not_write_stands(reason: str) -> None:
    def handle(request: Request) -> Response:
        name = json.loads(request.content)["metadata"]["name"]
        return _denied(reason) if name == "at-1" else Response(201, json=_live(name))

    cluster = _cluster(handle)
    cluster.create(_manifest("vpc-1"))
    with pytest.raises(errors.Rejected):
        cluster.create(_manifest("at-1"))
    assert cluster.requests == 2


def test_a_dry_run_writes_nothing_that_a_webhook_could_have_missed() -> None:
    def handle(request: Request) -> Response:
        name = json.loads(request.content)["metadata"]["name"]
        return _denied("vpc vpc-1 not found") if name == "at-1" else Response(201, json=_live(name))

    cluster = _cluster(handle)
    cluster.create(_manifest("vpc-1"), dry_run=True)
    with pytest.raises(errors.Rejected):
        cluster.create(_manifest("at-1"), dry_run=True)
    assert cluster.requests == 2


def test_a_parent_is_deleted_once_the_webhook_has_seen_its_children_go() -> None:
    refusals = [_denied("VPC has attachments")]

    def handle(request: Request) -> Response:
        return (
            refusals.pop()
            if request.url.path.endswith("vpc-1") and refusals
            else Response(200, json={"kind": "Status"})
        )

    cluster = _cluster(handle)
    cluster.delete(ObjectRef("VPCAttachment", "default", "at-1"), "u-2")
    cluster.delete(REF, "u-1")
    assert cluster.requests == 3


def test_the_identity_is_asked_once() -> None:
    cluster = _cluster(lambda request: Response(200, json={"metadata": {"uid": "abc"}}))
    assert [cluster.identity(), cluster.identity(), cluster.requests] == ["abc", "abc", 1]


def test_missing_kinds_are_found_with_one_request_a_group() -> None:
    def handle(request: Request) -> Response:
        served = [{"name": k.plural} for k in KINDS.values() if k.group in request.url.path and k.name != "VPC"]
        return Response(200, json={"resources": [*served, {"name": "switches/status"}]})

    cluster = _cluster(handle)
    assert cluster.crds() == {"VPC"}
    assert cluster.requests == 2


@pytest.mark.parametrize("allowed", [True, False])
def test_the_server_is_asked_what_we_may_do(allowed: bool) -> None:
    def handle(request: Request) -> Response:
        asked = json.loads(request.content)["spec"]["resourceAttributes"]
        assert asked == {"verb": "update", "group": VPC.group, "resource": "vpcs"}
        return Response(201, json={"metadata": {}, "status": {"allowed": allowed}})

    assert _cluster(handle).can("update", VPC) is allowed


def test_making_a_cluster_does_no_io_and_closing_it_allows_more_calls() -> None:
    cluster = Cluster(ClusterSettings(kubeconfig="/nowhere/config"))
    assert cluster.requests == 0
    cluster = _cluster(lambda request: Response(200, json={"metadata": {}, "items": []}))
    assert cluster.list(VPC) == {}
    cluster.close()
    assert cluster.list(VPC) == {}
    assert cluster.server == "https://127.0.0.1:6443"


# --- what a PUT holds -------------------------------------------------------------------------------------------------

_keys = st.sampled_from(["a", "b", "example.org/c", "hhsync.dev/fabric", "d"])
_maps = st.dictionaries(_keys, st.sampled_from(["1", "2"]))


@given(wanted=_maps, found=_maps, owned=st.sets(_keys))
def test_ours_are_as_in_git_and_foreign_keys_stay(
    wanted: dict[str, str], found: dict[str, str], owned: set[str]
) -> None:
    for section, names in (("labels", (owned, ())), ("annotations", ((), owned))):
        live = _live(**{section: found})
        before = copy.deepcopy(live)
        put = replacement(_manifest(**{section: wanted}), live, *names)
        result = put["metadata"].get(section, {})
        foreign = {key: value for key, value in found.items() if key not in wanted and key not in owned}
        assert result == {**foreign, **wanted}
        assert live == before


def test_what_only_others_may_change_is_carried_over_and_the_rest_is_not() -> None:
    live = _live(
        finalizers=["example.org/hold"],
        ownerReferences=[{"uid": "o"}],
        managedFields=[{"manager": "x"}],
        generation=3,
        creationTimestamp="2026-11-21T00:00:00Z",
    )
    put = replacement(_manifest(), {**live, "status": {"vni": 100}, "spec": {"extra": True}})
    assert put == {
        **_live(finalizers=["example.org/hold"], ownerReferences=[{"uid": "o"}]),
        "status": {"vni": 100},
    }


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (_live(resourceVersion="8", managedFields=[{}]), True),
        (_live(labels={}), True),
        (_live(labels={"a": "1"}), False),
        (_live(annotations={"a": "1"}), False),
        ({**_live(), "spec": {"vlan": 1}}, False),
    ],
)
def test_two_answers_are_the_same_in_what_people_write(other: dict[str, Any], same: bool) -> None:
    assert same_content(_live(), other) is same


def test_a_spec_is_sent_exactly_as_given() -> None:
    spec = {"n": 1.0, "empty": {}, "list": [], "no": False, "nothing": None}
    assert replacement({**_manifest(), "spec": spec}, _live())["spec"] == spec


# --- the run's view ---------------------------------------------------------------------------------------------------


def _listing(*names: str) -> Callable[[Request], Response]:
    return lambda request: Response(200, json={"metadata": {}, "items": [_live(name) for name in names]})


def test_32_threads_share_one_list_a_kind() -> None:
    begin = threading.Barrier(32, timeout=60)

    def slowly(request: Request) -> Response:
        time.sleep(0.1)
        return _listing("vpc-1")(request)

    snapshot = ClusterSnapshot(_cluster(slowly))

    def read(_: int) -> Any:
        begin.wait()
        return snapshot.get(REF)

    with ThreadPoolExecutor(32) as pool:
        found = list(pool.map(read, range(32)))
    assert found == [_live()] * 32
    assert snapshot.requests == 1


def test_a_kind_that_cannot_be_listed_fails_for_each_object_and_alone() -> None:
    def handle(request: Request) -> Response:
        if request.url.path.endswith("/vpcs"):
            return Response(404, text="404 page not found")
        return Response(200, json={"metadata": {}, "items": []})

    snapshot = ClusterSnapshot(_cluster(handle))
    texts = []
    for name in ("vpc-1", "vpc-2"):
        with pytest.raises(errors.NotInstalled) as caught:
            snapshot.get(ObjectRef("VPC", "default", name))
        texts.append(str(caught.value))
    assert texts[0] == texts[1]
    assert snapshot.get(ObjectRef("External", "default", "e")) is None
    assert snapshot.requests == 2


def test_our_own_writes_are_seen_without_another_list() -> None:
    snapshot = ClusterSnapshot(_cluster(_listing("vpc-1", "vpc-2")))
    assert set(snapshot.all(VPC)) == {REF, ObjectRef("VPC", "default", "vpc-2")}
    snapshot.put(_live("vpc-3"))
    snapshot.drop(REF)
    assert snapshot.get(REF) is None
    assert snapshot.get(ObjectRef("VPC", "default", "vpc-3")) == _live("vpc-3")
    assert {ref.name for ref in snapshot.all(VPC)} == {"vpc-2", "vpc-3"}
    assert snapshot.requests == 1


def test_a_write_before_the_first_list_is_not_hidden_by_it() -> None:
    snapshot = ClusterSnapshot(_cluster(_listing("vpc-1")))
    snapshot.put(_live(resourceVersion="9"))
    assert snapshot.get(REF) == _live(resourceVersion="9")
    assert snapshot.requests == 0
    assert snapshot.all(VPC)[REF]["metadata"]["resourceVersion"] == "9"


def test_a_write_while_the_list_is_on_its_way_is_not_hidden_by_it() -> None:
    def handle(request: Request) -> Response:
        snapshot.drop(REF)
        return _listing("vpc-1")(request)

    snapshot = ClusterSnapshot(_cluster(handle))
    assert snapshot.get(REF) is None
