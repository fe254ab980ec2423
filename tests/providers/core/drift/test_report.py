"""A report's counts and exit code."""

from __future__ import annotations

import pytest

from providers.core.drift.classify import classify
from providers.core.drift.facts import Facts
from providers.core.drift.report import COUNTS, report_of
from tests.support.one_cr import DESIRED, DOWN, EDITED, GONE, LIVE, MOVED, OUTPUTS, RECORD, REF, TABLE


def facts(desired, outputs, live, record) -> Facts:
    return Facts(REF, desired=desired, outputs=outputs, live=live, record=record)


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_each_cr_is_counted_once(row):
    *sides, _, count = row
    report = report_of("f", [classify(facts(*sides))])
    assert (report.total, dict(report.counts)) == (1, {count: 1})


def test_every_count_has_a_case():
    assert {row[-1] for row in TABLE.values()} == set(COUNTS)


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
    assert report_of("f", [classify(facts(*given))]).exit_code == code
