"""`kill -9` at every record of the journal, and around the writing of the state: a new process goes on from what is there.

The processes are real, and killed with SIGKILL; `crash_world` has the program and the table of places. All of them are run
once for this module, in forks of one process, since importing the SDK is what would take the time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.files.crash_world import NAMES, OBJECTS

CLONE = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("killed")
    ran = subprocess.run(
        [sys.executable, "-m", "tests.engine.files.crash_world", str(folder)],
        cwd=CLONE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_every_record_was_a_place_to_die(outcomes: list[dict[str, Any]]) -> None:
    assert [outcome["kill"] for outcome in outcomes if not outcome["killed"]] == []
    assert len([outcome for outcome in outcomes if outcome["kill"].startswith("after-")]) > 20


def test_a_new_process_converges_and_then_has_nothing_to_do(outcomes: list[dict[str, Any]]) -> None:
    failed = {outcome["kill"]: outcome["said"] for outcome in outcomes if outcome["codes"] != [0, 0]}
    assert failed == {}


def test_nothing_is_forgotten_on_the_server(outcomes: list[dict[str, Any]]) -> None:
    assert {o["kill"]: o["objects"] for o in outcomes if o["objects"] != OBJECTS} == {}


def test_the_state_has_exactly_what_the_program_has(outcomes: list[dict[str, Any]]) -> None:
    assert {o["kill"]: o["names"] for o in outcomes if sorted(o["names"]) != sorted(NAMES)} == {}
    assert {o["kill"]: o["pending"] for o in outcomes if o["pending"]} == {}


def test_what_the_journal_says_is_over_is_not_done_again(outcomes: list[dict[str, Any]]) -> None:
    assert {o["kill"]: o["twice"] for o in outcomes if o["twice"]} == {}


def test_no_journal_lock_or_temporary_file_is_left(outcomes: list[dict[str, Any]]) -> None:
    assert {o["kill"]: o["left"] for o in outcomes if o["left"]} == {}
