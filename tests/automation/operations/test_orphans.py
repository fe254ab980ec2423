"""`hhsync orphans`: which CRs are listed, and which of them may be removed."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from automation import context as run_context
from automation.operations import orphans
from providers import orphan_records
from providers.core.drift.facts import Facts, Unread
from providers.errors import ConfigError, Rejected, UnsafeChange
from tests.support.contexts import committed, context, left, live, ref, synced

A, B, OTHER, ATTACHMENT = ref("VPC/a"), ref("VPC/b"), ref("VPC/other"), ref("VPCAttachment/x")


def unmanaged(one, spec=None):
    return Facts(one, live=live(one, spec, label=None))


@pytest.fixture
def given(monkeypatch):
    """Lets the verbs read these facts; returns the CRs that were removed, in order. `refused` are refused by the server."""

    def give(*facts, refused=()):
        removed = []

        def remove(_session, one, _live):
            if one in refused:
                raise Rejected(f"{one}: refused by the server", target="the cluster", server="https://c")
            removed.append(one)

        monkeypatch.setattr(run_context, "read", lambda *_, **__: context(facts))
        monkeypatch.setattr(orphan_records, "remove", remove)
        return removed

    return give


WORKSPACE = SimpleNamespace()


def test_managed_and_unmanaged_orphans_are_listed_and_nothing_else(given):
    given(synced(A), left(B), unmanaged(OTHER))
    found = orphans.listed(WORKSPACE, "f")
    assert [(detail.ref, detail.managed) for detail in found.details] == [(B, True), (OTHER, False)]
    assert (found.exit_code, found.text().splitlines()[-1]) == (
        0,
        "f: 1 unmanaged, 1 managed (the next sync deletes those)",
    )


def test_a_server_that_cannot_be_read_is_an_error(given):
    given(synced(A), replace(synced(B), live=Unread("https://c does not answer")))
    assert (orphans.listed(WORKSPACE, "f").exit_code, orphans.listed(WORKSPACE, "f").errors) == (
        1,
        ("https://c does not answer",),
    )


def test_what_refers_to_others_is_removed_first(given):
    removed = given(unmanaged(OTHER), unmanaged(ATTACHMENT, {"subnet": "other/default", "connection": "c"}))
    found = orphans.remove(WORKSPACE, "f", [OTHER, ATTACHMENT])
    assert (removed, found.removed, found.details) == ([ATTACHMENT, OTHER], (str(ATTACHMENT), str(OTHER)), ())


def test_after_a_refusal_nothing_more_is_removed_and_it_is_named(given):
    removed = given(unmanaged(A), unmanaged(B), refused=[A])
    found = orphans.remove(WORKSPACE, "f", [A, B])
    assert (removed, found.errors, found.exit_code) == ([], (f"{A}: refused by the server",), 1)


REFUSED = {
    "it is in Git": (committed(A), "is in Git at f/a.yaml:1"),
    "it is managed": (left(A), "the next hhsync sync f deletes it"),
    "a server cannot be read": (Facts(A, live=Unread("no answer")), "is not known: no answer"),
    "it is nowhere": (unmanaged(B), "neither in the cluster nor in NetBox"),
}


@pytest.mark.parametrize(("facts", "words"), REFUSED.values(), ids=REFUSED)
def test_nothing_is_removed_where(given, facts, words):
    removed = given(facts, unmanaged(OTHER))
    with pytest.raises(UnsafeChange, match=words):
        orphans.remove(WORKSPACE, "f", [OTHER, A])
    assert removed == []


@pytest.mark.parametrize(
    ("text", "found"), [("VPC/a", A), ("VPC/default/a", A)], ids=["without a namespace", "with a namespace"]
)
def test_a_cr_by_name(text, found):
    assert orphans.parse(text) == found


@pytest.mark.parametrize("text", ["a", "VPCs/a", "VPC/", "VPC/x/y/z"])
def test_what_names_no_cr_is_refused(text):
    with pytest.raises(ConfigError, match="names no CR"):
        orphans.parse(text)
