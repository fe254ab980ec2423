"""The state of a CR from facts, and the report's counts and exit code."""

from __future__ import annotations

import copy

import pytest

from providers.core import sections
from providers.core.diff import changes
from providers.core.drift import report as drift
from providers.core.drift.difference import Difference
from providers.core.drift.report import Facts
from providers.core.drift.states import State
from tests.support.one_cr import (
    DESIRED,
    DOWN,
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
    assert drift.classify(facts(*sides)).state is state


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_each_cr_is_counted_once(row):
    *sides, _, count = row
    report = drift.report_of("f", [drift.classify(facts(*sides))])
    assert (report.total, dict(report.counts)) == (1, {count: 1})


def test_every_count_has_a_case():
    assert {row[-1] for row in TABLE.values()} == set(drift.COUNTS)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ((DESIRED, OUTPUTS, LIVE, RECORD), 0),
        ((MOVED, OUTPUTS, LIVE, RECORD), 0),
        ((DESIRED, OUTPUTS, EDITED, RECORD), 2),
        ((DESIRED, None, GONE, GONE), 2),
        ((None, OUTPUTS, LIVE, RECORD), 2),
        ((None, None, LIVE, GONE), 0),
        ((DESIRED, OUTPUTS, DOWN, RECORD), 1),
    ],
)
def test_exit_code(given, code):
    assert drift.report_of("f", [drift.classify(facts(*given))]).exit_code == code


def test_the_three_values_of_a_differing_property_are_named():
    detail = drift.classify(facts(DESIRED, OUTPUTS, EDITED, RECORD))
    assert detail.differences == (
        Difference(("cluster", "spec", "subnets", "default", "vlan"), 1001, 1001, cluster=1999, netbox=1001),
    )


def test_what_was_recorded_is_what_the_server_answered():
    """The server took vlan 1001 as 1500, and somebody made it 1999 since."""
    took = live_object(DESIRED, subnets={"default": {"subnet": "10.0.1.0/24", "vlan": 1500}})
    (difference,) = drift.classify(facts(NEWER, outputs_for(DESIRED, took), EDITED, RECORD)).differences[:1]
    assert (str(difference), difference.recorded) == ("cluster.spec.subnets.default.subnet", "10.0.1.0/24")
    found = drift.classify(facts(NEWER, outputs_for(DESIRED, took), EDITED, RECORD)).differences
    assert {str(one): one.recorded for one in found}["cluster.spec.subnets.default.vlan"] == 1500


def test_the_report_agrees_with_what_a_preview_compares():
    found = drift.classify(facts(NEWER, OUTPUTS, EDITED, EDITED_RECORD)).differences
    previewed = changes(sections.observed(OUTPUTS, EDITED, EDITED_RECORD), NEWER)
    assert len(found) == len(previewed) > 0


def test_an_attribution_update_is_listed_and_changes_no_state():
    detail = drift.classify(facts(MOVED, OUTPUTS, LIVE, RECORD))
    assert (detail.state, detail.attribution_only) == (State.SYNCED, True)


def test_a_dry_run_is_asked_only_where_the_object_differs():
    assert not drift.needs_reference(facts(DESIRED, OUTPUTS, LIVE, RECORD))
    assert drift.needs_reference(facts(DESIRED, OUTPUTS, EDITED, RECORD))
    assert not drift.needs_reference(facts(DESIRED, OUTPUTS, GONE, RECORD))


def test_inputs_stay_as_they_were():
    before = copy.deepcopy((DESIRED, OUTPUTS, EDITED))
    drift.classify(facts(DESIRED, OUTPUTS, EDITED, RECORD))
    assert before == (DESIRED, OUTPUTS, EDITED)
