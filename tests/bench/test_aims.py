"""Which aims the benchmark holds its rows against, and what each figure is made of."""

from __future__ import annotations

import pytest

from bench import aims, names
from bench.measure import Cost
from bench.table import Report

SIZES = (1000, 10_000)


def _report(*rows: tuple[str, int, float]) -> Report:
    report = Report()
    for name, size, seconds in rows:
        report.row(name, size).add(Cost(seconds, seconds, 400.0, 900.0))
    return report


@pytest.mark.parametrize(
    ("rows", "name", "measured", "source"),
    [
        ([(names.HELP, 0, 0.1)], "hhsync --help", 0.1, ""),
        ([(names.CHECK, 1000, 0.5)], "hhsync check, cached, 1000 CRs", 0.5, ""),
        ([(names.DRIFT, 1000, 2.0)], "hhsync drift, 1000 CRs, each", 2.0, "2.00 s / 1000"),
        ([(names.DRIFT, 1000, 2.0)], "hhsync drift, 1000 CRs, memory", 400.0, ""),
        (
            [(names.DIFF, 1000, 8.0), (names.DRIFT, 1000, 2.0)],
            "hhsync drift, 1000 CRs, to kubectl diff",
            0.25,
            "2.00 s / 8.00 s",
        ),
        (
            [(names.DIFF, 1000, 8.0), (names.DRIFT, 10_000, 20.0)],
            "hhsync drift, 10000 CRs, to kubectl diff",
            0.25,
            "20.00 s / 80.00 s, 10 × that of 1000 CRs",
        ),
        (
            [(names.DRIFT, 1000, 2.0), (names.DRIFT, 10_000, 20.0)],
            "hhsync drift, exponent",
            1.0,
            "1000 to 10000 CRs",
        ),
        (
            [(names.FIRST, 1000, 1.0), (names.FIRST, 10_000, 100.0)],
            "hhsync sync, first, exponent",
            2.0,
            "1000 to 10000 CRs",
        ),
        (
            [(names.DRIFT, 1000, 2.0), (names.NOTHING, 1000, 3.0)],
            "hhsync sync, nothing to do, 1000 CRs, to drift",
            1.5,
            "3.00 s / 2.00 s",
        ),
        ([(names.CHANGE, 10_000, 12.0)], "hhsync sync, one CR changed, 10000 CRs", 12.0, ""),
        (
            [(names.APPLY, 1000, 10.0), (names.RAW, 1000, 20.0), (names.FIRST, 1000, 33.0)],
            "hhsync sync, first, 1000 CRs, to its floor",
            1.1,
            "33.00 s / 30.00 s of kubectl apply + raw records",
        ),
    ],
)
def test_a_figure_and_what_it_is_made_of(
    rows: list[tuple[str, int, float]], name: str, measured: float, source: str
) -> None:
    found = {aim.name: aim for aim in aims.reached(_report(*rows), SIZES)}
    assert found[name].measured == pytest.approx(measured)
    assert found[name].source == source


def test_what_was_not_measured_has_no_aim() -> None:
    assert aims.reached(Report(), SIZES) == []


def test_a_change_has_an_aim_only_at_the_sizes_that_have_one() -> None:
    assert aims.reached(_report((names.CHANGE, 300, 9.0)), (300,)) == []
