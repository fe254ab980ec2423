"""The states that records say: written where they differ, and only there; a failed write publishes itself."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from automation.execution import publishing
from automation.execution.publishing import changes
from providers import writing
from providers.core.drift.facts import Facts, Unread
from providers.errors import Rejected, ServerFailure
from tests.support.one_cr import DESIRED, EDITED, LIVE, NEWER, OUTPUTS, RECORD, REF

SYNCED = {**RECORD, "sync_state": "Synced", "sync_error": ""}
FAILED = {**RECORD, "sync_state": "Pending", "sync_error": "refused"}
LAGGED = {**RECORD, "sync_state": "Pending", "sync_error": "not taken up yet by l1"}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(REF, DESIRED, OUTPUTS, LIVE, SYNCED), None),
        (Facts(REF, DESIRED, OUTPUTS, LIVE, {**SYNCED, "sync_error": None}), None),
        (Facts(REF, NEWER, OUTPUTS, LIVE, FAILED), None),
        (Facts(REF, NEWER, OUTPUTS, LIVE, SYNCED), {"sync_state": "Pending"}),
        (Facts(REF, NEWER, OUTPUTS, LIVE, SYNCED, waits="waits for x"), {"sync_state": "Pending", "sync_error": "waits for x"}),
        (
            Facts(REF, DESIRED, OUTPUTS, LIVE, SYNCED, not_converged="l1 lags"),
            {"sync_state": "Pending", "sync_error": "l1 lags"},
        ),
        (Facts(REF, DESIRED, OUTPUTS, LIVE, FAILED), {"sync_state": "Synced", "sync_error": ""}),
        (Facts(REF, DESIRED, OUTPUTS, LIVE, LAGGED), {"sync_state": "Synced", "sync_error": ""}),
        (Facts(REF, DESIRED, OUTPUTS, EDITED, SYNCED), {"sync_state": "Drifted"}),
        (Facts(REF, None, OUTPUTS, LIVE, SYNCED), {"sync_state": "Orphaned"}),
        (Facts(REF, None, None, LIVE, SYNCED), None),
        (Facts(REF, DESIRED, OUTPUTS, Unread("no answer"), FAILED), None),
        (Facts(REF, DESIRED, OUTPUTS, LIVE, Unread("no answer")), None),
        (Facts(REF, DESIRED, OUTPUTS, LIVE, None), None),
    ],
)  # fmt: skip
def test_what_is_written(facts, expected):
    assert changes([facts]) == ({REF: expected} if expected else {})


@pytest.mark.parametrize("not_converged", ["", "l1 lags"])
@pytest.mark.parametrize("record", [SYNCED, FAILED, LAGGED, RECORD])
@pytest.mark.parametrize("desired", [DESIRED, NEWER])
def test_what_was_written_is_not_written_again(desired, record, not_converged):
    facts = Facts(REF, desired, OUTPUTS, LIVE, record, not_converged=not_converged, waits="waits for x")
    written = changes([facts]).get(REF, {})
    assert changes([replace(facts, record={**record, **written})]) == {}


class NetBox:
    """Records that are written."""

    def __init__(self) -> None:
        self.written = []

    def update(self, kind, record_id, fields, *, message=""):
        self.written.append((kind.name, record_id, fields))
        return SimpleNamespace(id=record_id, fields=fields, url="")


def publish(*facts: Facts) -> list[tuple[str, int, dict[str, str]]]:
    """What is written for these facts; nothing else is asked of NetBox."""
    netbox = NetBox()
    records = SimpleNamespace(get=lambda ref: SimpleNamespace(id=7, fields={}), put=lambda ref, record: None)
    session = SimpleNamespace(netbox=netbox, fabric="f", records=records)
    made = SimpleNamespace(session=session, fabric="f", facts={one.ref: one for one in facts})
    assert publishing.publish(made) == len(netbox.written)
    return netbox.written


def test_where_all_records_say_what_is_so_nothing_is_written():
    assert publish(Facts(REF, DESIRED, OUTPUTS, LIVE, SYNCED)) == []


def test_a_failure_that_is_no_longer_true_goes():
    written = publish(Facts(REF, DESIRED, OUTPUTS, LIVE, FAILED))
    assert written == [("VPC", 7, {"sync_state": "Synced", "sync_error": ""})]


def refusing(record, *, netbox=None):
    """A session whose cluster refuses, with one record."""
    error = Rejected("the cluster refused it\nwith words", target="cluster", server="https://x")

    def create(*_, **__):
        raise error

    return SimpleNamespace(
        cluster=SimpleNamespace(create=create, server="https://x"),
        live=SimpleNamespace(get=lambda ref: None),
        records=SimpleNamespace(get=lambda ref: record, put=lambda ref, one: None),
        netbox=netbox or NetBox(),
    )


def test_a_refused_write_says_so_in_the_record_and_is_still_refused():
    session = refusing(SimpleNamespace(id=7, fields=SYNCED))
    with pytest.raises(Rejected, match="refused"):
        writing.write(session, DESIRED, {})
    ((_, _, fields),) = session.netbox.written
    assert fields["sync_state"] == "Pending"
    assert fields["sync_error"].startswith("the cluster refused it")
    assert "\n" not in fields["sync_error"]


def test_a_second_refusal_in_the_same_words_writes_nothing():
    first = refusing(SimpleNamespace(id=7, fields=SYNCED))
    with pytest.raises(Rejected):
        writing.write(first, DESIRED, {})
    again = refusing(SimpleNamespace(id=7, fields={**SYNCED, **first.netbox.written[0][2]}))
    with pytest.raises(Rejected):
        writing.write(again, DESIRED, {})
    assert again.netbox.written == []


def test_without_a_record_nothing_is_published():
    session = refusing(None)
    with pytest.raises(Rejected):
        writing.write(session, DESIRED, {})
    assert session.netbox.written == []


def test_a_netbox_that_fails_does_not_hide_the_refusal():
    class Down(NetBox):
        def update(self, *_, **__):
            raise ServerFailure("NetBox is down", target="netbox", server="https://n")

    with pytest.raises(Rejected, match="the cluster refused"):
        writing.write(refusing(SimpleNamespace(id=7, fields=SYNCED), netbox=Down()), DESIRED, {})
