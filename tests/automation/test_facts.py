"""What is joined of each CR: whose objects are seen, what could not be read, and what a server is asked besides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from automation import facts as joining
from automation.drafts import Drafts
from providers.core.drift.facts import Facts, Unread
from providers.core.identity import KINDS, ObjectRef
from providers.core.manifest import Origin
from providers.errors import Unreachable
from tests.support.contexts import FABRIC, committed, live, manifest, ref, synced

VPC, OTHER, SERVER = ref("VPC/vpc-1"), ref("VPC/vpc-2"), ref("Server/s")


def facts(manifests=(), outputs=None, live=None, records=None, only=None):
    loaded = SimpleNamespace(desired=SimpleNamespace(manifests={one.ref: one for one in manifests}))
    nothing = {kind: {} for kind in KINDS}
    sides = {**nothing, **(live or {})}, {**nothing, **(records or {})}
    return {one.ref: one for one in joining.joined(FABRIC, loaded, outputs or {}, *sides, only)}


def test_an_object_of_another_fabric_is_not_seen():
    assert facts(live={"VPC": {VPC: live(VPC, label="fabric-2")}}) == {}


def test_an_object_of_another_fabric_with_the_name_of_one_in_git_is_seen_so_that_it_is_refused():
    theirs = live(VPC, label="fabric-2")
    assert facts([manifest(VPC)], live={"VPC": {VPC: theirs}})[VPC].live == theirs


def test_an_object_without_our_label_that_git_does_not_know_is_seen_as_unmanaged():
    (one,) = facts(live={"VPC": {OTHER: live(OTHER, label=None)}}).values()
    assert (one.desired, one.outputs, one.live is None) == (None, None, False)


def test_everything_that_git_the_state_or_a_server_names_is_there_by_name():
    found = facts([manifest(VPC)], {OTHER: {"cluster": {}}}, records={"Server": {SERVER: {"ref": "x"}}})
    assert list(found) == sorted([VPC, OTHER, SERVER])
    assert found[SERVER].record == {"ref": "x"}


def test_a_kind_that_could_not_be_read_is_unread_and_not_absent():
    assert facts([manifest(VPC)], live={"VPC": Unread("no answer")})[VPC].live == Unread("no answer")


def test_the_origin_is_gits():
    assert facts([manifest(VPC)])[VPC].origin == manifest(VPC).origin


def test_a_draft_counts_only_where_no_other_place_has_the_cr():
    origin = Origin("raw/x.yaml", 1, 0)
    only = Drafts({VPC: ("in raw/", origin), OTHER: ("in raw/", origin)})
    found = facts([manifest(VPC)], only=only)
    assert [(one.ref, one.draft) for one in found.values()] == [(VPC, ""), (OTHER, "in raw/")]


def completed(*given):
    """The facts after the servers were asked, which do not answer; and the CRs that they were asked about."""
    asked: list[ObjectRef] = []

    def refuse(one: ObjectRef):
        asked.append(one)
        raise Unreachable("no answer", target="netbox", server="https://n")

    session = SimpleNamespace(fabric=FABRIC, records=SimpleNamespace(get=refuse))
    with ThreadPoolExecutor(max_workers=1) as pool:
        return joining.completed(pool, session, given), asked


def test_of_a_cr_in_sync_or_in_git_alone_no_server_is_asked_again():
    given = [synced(VPC), committed(OTHER), Facts(SERVER, live=live(SERVER, label=None))]
    assert completed(*given) == (given, [])


def test_what_a_server_does_not_answer_of_a_cr_makes_it_unread():
    whole = synced(VPC)
    (one,), asked = completed(Facts(VPC, whole.desired, whole.outputs, whole.live))
    assert (asked, one.live) == ([VPC], Unread("no answer"))
