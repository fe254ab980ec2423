"""The report: the median of the runs counts, the highest memory, and each ratio stands beside its figures."""

from __future__ import annotations

import json

import pytest

from bench.measure import Cost
from bench.table import Ratio, Report


@pytest.fixture
def report() -> Report:
    made = Report(facts={"CRs": 1000})
    for seconds, memory in ((9.0, 100.0), (1.0, 300.0), (2.0, 200.0)):
        made.row("hhsync drift").add(Cost(seconds, 0.5, memory, memory + 50))
    made.row("NetBox: make the types").seconds.append(12.0)
    made.ratios.append(Ratio("drift report to kubectl diff", 2.0, 10.0, 0.3))
    made.ratios.append(Ratio("first sync to its floor", 15.0, 10.0, 1.2))
    made.notes.append("a note")
    return made


def test_the_median_of_the_runs_and_the_highest_memory_count(report: Report) -> None:
    cells = report.row("hhsync drift").cells()
    assert cells == ("hhsync drift", "2.00", "9.00 1.00 2.00", "0.50", "300", "350")


def test_a_row_without_processes_has_only_its_time(report: Report) -> None:
    assert report.row("NetBox: make the types").cells() == ("NetBox: make the types", "12.00", "", "", "", "")


def test_ratios_show_both_figures_and_whether_the_aim_is_reached(report: Report) -> None:
    lines = report.text().splitlines()
    assert "drift report to kubectl diff: 0.20 × (2.00 s / 10.00 s), aim ≤ 0.3 ×: reached" in lines
    assert "first sync to its floor: 1.50 × (15.00 s / 10.00 s), aim ≤ 1.2 ×: missed" in lines
    assert (lines[0], lines[-1]) == ("CRs 1000", "a note")


def test_json_has_the_same_figures(report: Report) -> None:
    found = json.loads(json.dumps(report.to_json()))
    assert found["facts"] == {"CRs": 1000}
    assert [(row["name"], row["median"]) for row in found["rows"]] == [
        ("hhsync drift", 2.0),
        ("NetBox: make the types", 12.0),
    ]
    assert found["rows"][0]["costs"][1]["process_mb"] == 300.0
    assert [ratio["ratio"] for ratio in found["ratios"]] == [0.2, 1.5]
