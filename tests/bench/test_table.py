"""The report: the median of the runs counts, the highest memory, and each aim stands beside its figure."""

from __future__ import annotations

import json

import pytest

from bench.measure import Cost
from bench.table import Aim, Report


@pytest.fixture
def report() -> Report:
    made = Report(facts={"CPUs": 2})
    for seconds, memory in ((9.0, 100.0), (1.0, 300.0), (2.0, 200.0)):
        made.row("hhsync drift", 1000).add(Cost(seconds, 0.5, memory, memory + 50))
    made.row("NetBox: make the types").seconds.append(12.0)
    made.aims.append(Aim("drift to kubectl diff", 0.2, 0.25, "×", "2.00 s / 10.00 s"))
    made.aims.append(Aim("exponent", 1.5, 1.1, ""))
    made.phases["hhsync drift, 1000 CRs"] = {"read": 1.25, "compare": 0.5}
    made.notes.append("a note")
    return made


def test_the_median_of_the_runs_and_the_highest_memory_count(report: Report) -> None:
    cells = report.row("hhsync drift", 1000).cells()
    assert cells == ("hhsync drift", "1000", "2.00", "9.00 1.00 2.00", "0.50", "300", "350")


def test_a_row_without_processes_has_only_its_time(report: Report) -> None:
    assert report.row("NetBox: make the types").cells() == ("NetBox: make the types", "", "12.00", "", "", "", "")


def test_the_same_name_at_another_size_is_another_row(report: Report) -> None:
    assert report.find("hhsync drift", 10_000) is None


@pytest.mark.parametrize(
    ("aim", "cells"),
    [
        (
            Aim("drift", 0.2, 0.25, "×", "2.00 s / 10.00 s"),
            ("drift", "0.2 ×", "0.25 ×", "reached", "2.00 s / 10.00 s"),
        ),
        (Aim("drift", 0.25, 0.25, "×"), ("drift", "0.25 ×", "0.25 ×", "reached", "")),
        (Aim("exponent", 1.5, 1.1, ""), ("exponent", "1.5", "1.1", "missed", "")),
    ],
)
def test_an_aim_shows_its_figure_and_whether_it_is_reached(aim: Aim, cells: tuple[str, ...]) -> None:
    assert aim.cells() == cells


def test_the_text_is_markdown_with_the_aims_before_the_rows(report: Report) -> None:
    lines = report.text().splitlines()
    tables = [line.split("|")[1].strip() for line in lines if line.startswith("| ")]
    assert tables == ["aim", "drift to kubectl diff", "exponent", "", "hhsync drift", "NetBox: make the types"]
    assert "- hhsync drift, 1000 CRs: read 1.25, compare 0.50" in lines
    assert (lines[0], lines[-1]) == ("CPUs 2", "a note")


def test_json_has_the_same_figures(report: Report) -> None:
    found = json.loads(json.dumps(report.to_json()))
    assert [(row["name"], row["size"], row["median"]) for row in found["rows"]] == [
        ("hhsync drift", 1000, 2.0),
        ("NetBox: make the types", 0, 12.0),
    ]
    assert found["rows"][0]["costs"][1]["own_mb"] == 300.0
    assert [(aim["measured"], aim["reached"]) for aim in found["aims"]] == [(0.2, True), (1.5, False)]
    assert found["phases"] == {"hhsync drift, 1000 CRs": {"read": 1.25, "compare": 0.5}}
