"""Every scenario on both engines: the same errors, counts, events, state, outputs, objects on the server, and history.

Without a real CLI each is reported as skipped, so that the count says how much was not compared.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.automation import PulumiCommand

from embedded.engine.auto import EmbeddedCommand
from tests.engine.differential.driver import Runner, Scenario
from tests.engine.differential.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator

CLI = os.environ.get("HHSYNC_PULUMI", "")
PARTS = ("error", "counts", "events", "errors", "state", "pending", "outputs", "objects", "history")


class Cli(PulumiCommand):
    """The stock command, without its look-up and version check."""

    def __init__(self) -> None:
        self.command = CLI
        self.version = EmbeddedCommand().version


@pytest.fixture
def cli_on_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The CLI finds its language host beside itself, and the Python that runs this test first."""
    path = [str(Path(CLI).parent), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    return


CLI_ENV = {"PULUMI_SKIP_UPDATE_CHECK": "1", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}


def differences(ours: Any, theirs: Any, place: str = "") -> dict[str, tuple[Any, Any]]:
    """Place -> (ours, theirs), for every leaf that differs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found: dict[str, tuple[Any, Any]] = {}
        for key in sorted(ours.keys() | theirs.keys()):
            found |= differences(ours.get(key), theirs.get(key), f"{place}/{key}")
        return found
    return {} if ours == theirs else {place: (ours, theirs)}


@pytest.mark.skipif(not CLI, reason="HHSYNC_PULUMI names no real Pulumi CLI: not compared")
@pytest.mark.usefixtures("cli_on_path")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_both_engines_do_the_same(scenario: Scenario, tmp_path: Path) -> None:
    ours = Runner(tmp_path / "ours", EmbeddedCommand()).run(scenario)
    theirs = Runner(tmp_path / "theirs", Cli(), CLI_ENV).run(scenario)
    found: dict[str, tuple[Any, Any]] = {}
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        for part in PARTS:
            if part not in scenario.apart:
                verb = scenario.steps[number].verb
                found |= differences(mine[part], other[part], f"{number} {verb}/{part}")
    assert not found, "\n".join(f"{place}: ours {mine!r}, theirs {other!r}" for place, (mine, other) in found.items())
