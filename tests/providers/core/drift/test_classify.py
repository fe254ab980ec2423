"""The state of a CR from facts, and what differs."""

from __future__ import annotations

import copy

import pytest

from providers.core import sections
from providers.core.diff import changes
from providers.core.drift.classify import classify
from providers.core.drift.difference import Difference
from providers.core.drift.facts import Facts, needs_reference
from providers.core.drift.states import State
from tests.support.one_cr import (
    DESIRED,
    EDITED,
    EDITED_RECORD,
    GONE,
    LIVE,
    MOVED,
    NEWER,
    OUTPUTS,
    RECORD,
    REF,
    TABLE,
    live_object,
    outputs_for,
)


def facts(desired, outputs, live, record) -> Facts:
    return Facts(REF, desired=desired, outputs=outputs, live=live, record=record)


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_state(row):
    *sides, state, _ = row
    assert classify(facts(*sides)).state is state


def test_the_three_values_of_a_differing_property_are_named():
    detail = classify(facts(DESIRED, OUTPUTS, EDITED, RECORD))
    assert detail.differences == (
        Difference(("cluster", "spec", "subnets", "default", "vlan"), 1001, 1001, cluster=1999, netbox=1001),
    )


def test_what_was_recorded_is_what_the_server_answered():
    """The server took vlan 1001 as 1500, and somebody made it 1999 since."""
    took = live_object(DESIRED, subnets={"default": {"subnet": "10.0.1.0/24", "vlan": 1500}})
    found = classify(facts(NEWER, outputs_for(DESIRED, took), EDITED, RECORD)).differences
    assert {str(one): one.recorded for one in found}["cluster.spec.subnets.default.vlan"] == 1500


def test_the_report_agrees_with_what_a_preview_compares():
    found = classify(facts(NEWER, OUTPUTS, EDITED, EDITED_RECORD)).differences
    previewed = changes(sections.observed(OUTPUTS, EDITED, EDITED_RECORD), NEWER)
    assert len(found) == len(previewed) > 0


def test_an_attribution_update_is_listed_and_changes_no_state():
    detail = classify(facts(MOVED, OUTPUTS, LIVE, RECORD))
    assert (detail.state, detail.attribution_only) == (State.SYNCED, True)


def test_a_dry_run_is_asked_only_where_the_object_differs():
    assert not needs_reference(facts(DESIRED, OUTPUTS, LIVE, RECORD))
    assert needs_reference(facts(DESIRED, OUTPUTS, EDITED, RECORD))
    assert not needs_reference(facts(DESIRED, OUTPUTS, GONE, RECORD))


def test_inputs_stay_as_they_were():
    before = copy.deepcopy((DESIRED, OUTPUTS, EDITED))
    classify(facts(DESIRED, OUTPUTS, EDITED, RECORD))
    assert before == (DESIRED, OUTPUTS, EDITED)
