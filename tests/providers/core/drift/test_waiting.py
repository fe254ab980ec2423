"""What waits for a CR whose last apply failed: everything that names it, and nothing else."""

from __future__ import annotations

import dataclasses

import pytest

from providers.core.drift.classify import current_state
from providers.core.drift.facts import Facts
from providers.core.drift.states import (
    NOT_TAKEN_UP,
    WAITS,
    State,
    failure,
)
from providers.core.drift.waiting import waiting
from providers.core.identity import ObjectRef
from tests.support.one_cr import DESIRED, LIVE, NEWER, OUTPUTS, RECORD, REF

CHILD, GRANDCHILD, OTHER = (ObjectRef("VPCPeering", "default", name) for name in ("a", "b", "c"))
REFERENCES = {REF: (), CHILD: (REF,), GRANDCHILD: (CHILD,), OTHER: ()}
FAILED = {**RECORD, "sync_state": "Pending", "sync_error": "refused by the server"}


def facts(**changes) -> Facts:
    return dataclasses.replace(Facts(REF, NEWER, OUTPUTS, LIVE, FAILED), **changes)


def test_what_names_a_failed_cr_waits_for_it():
    words = f"waits for {REF}, whose last apply failed"
    assert waiting([facts(), Facts(CHILD)], REFERENCES) == {CHILD: words, GRANDCHILD: words}


@pytest.mark.parametrize(
    "one",
    [
        facts(record=RECORD),
        facts(record={**FAILED, "sync_error": f"{NOT_TAKEN_UP} by leaf-01"}),
        facts(desired=DESIRED),
        facts(record=None),
    ],
    ids=["never failed", "only lags", "Git went back", "no record"],
)
def test_nothing_waits_for_a_cr_that_did_not_fail(one):
    assert waiting([one], REFERENCES) == {}


def test_two_failed_crs_wait_for_nobody():
    assert waiting([facts(), facts(ref=CHILD)], {REF: (CHILD,), CHILD: (REF,)}) == {}


def test_the_reason_is_the_crs_own_failure_first():
    assert current_state(facts(waits="waits for x")) == (
        State.PENDING,
        "Git has newer content: the last apply failed: refused by the server",
    )
    assert current_state(facts(record=RECORD, waits="waits for x"))[1] == "Git has newer content: waits for x"


def test_what_is_as_it_was_applied_waits_for_nothing():
    assert current_state(Facts(REF, DESIRED, OUTPUTS, LIVE, FAILED, waits="waits for x")) == (State.SYNCED, "")


def test_what_was_never_applied_stays_committed_and_says_what_it_waits_for():
    assert current_state(Facts(REF, DESIRED, waits="waits for x")) == (
        State.COMMITTED,
        "in Git, never applied: waits for x",
    )


def test_a_failure_is_what_a_pending_record_tells():
    assert failure(FAILED) == "refused by the server"
    assert failure({**FAILED, "sync_state": "Synced"}) == ""
    assert failure({}) == ""
    assert failure({**FAILED, "sync_error": f"{WAITS} {REF}, whose last apply failed"}) == ""
