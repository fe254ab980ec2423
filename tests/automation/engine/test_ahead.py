"""Config and state that were asked for early are used once, and only where nothing came between."""

from __future__ import annotations

from concurrent.futures import wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from automation.engine import ahead
from automation.engine.state import recorded
from providers.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FABRIC = "fabric-1"


@dataclass
class Asked:
    """In the place of a workspace: counts what it is asked."""

    root: Path
    backend: str = "file:///state"
    asked: list[str] = field(default_factory=list)

    def config(self, fabric: str) -> dict[str, str]:
        self.asked.append(f"config of {fabric}")
        return {"number": str(len(self.asked))}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    asked = Asked(tmp_path)

    def read(_: Any, fabric: str) -> recorded.Recorded:
        asked.asked.append(f"state of {fabric}")
        return recorded.Recorded()

    monkeypatch.setattr(recorded, "read", read)
    yield asked
    _answered()
    ahead.forget(asked, FABRIC)


def _answered() -> None:
    """Wait until what was asked for ahead is there."""
    wait([*ahead._configs.values(), *ahead._states.values()])


WAYS: list[tuple[str, Callable[[Any, str], Any]]] = [("config", ahead.config), ("state", ahead.recorded)]


@pytest.mark.parametrize(("name", "get"), WAYS, ids=[name for name, _ in WAYS])
def test_an_early_answer_is_used_once(workspace: Any, name: str, get: Callable[[Any, str], Any]) -> None:
    ahead.ask(workspace, FABRIC)
    get(workspace, FABRIC)
    assert workspace.asked.count(f"{name} of {FABRIC}") == 1
    get(workspace, FABRIC)
    assert workspace.asked.count(f"{name} of {FABRIC}") == 2


@pytest.mark.parametrize(("name", "get"), WAYS, ids=[name for name, _ in WAYS])
def test_a_forgotten_answer_is_asked_for_anew(workspace: Any, name: str, get: Callable[[Any, str], Any]) -> None:
    ahead.ask(workspace, FABRIC)
    _answered()
    ahead.forget(workspace, FABRIC)
    get(workspace, FABRIC)
    assert workspace.asked.count(f"{name} of {FABRIC}") == 2


def test_without_asking_ahead_both_are_asked_when_wanted(workspace: Any) -> None:
    ahead.config(workspace, FABRIC)
    ahead.recorded(workspace, FABRIC)
    assert workspace.asked == [f"config of {FABRIC}", f"state of {FABRIC}"]


def test_another_fabric_and_another_backend_get_answers_of_their_own(workspace: Any, tmp_path: Path) -> None:
    other = Asked(tmp_path, "s3://state")
    ahead.ask(workspace, FABRIC)
    ahead.config(other, FABRIC)
    ahead.config(workspace, "fabric-2")
    assert (other.asked, "config of fabric-2" in workspace.asked) == ([f"config of {FABRIC}"], True)


def test_what_fails_is_told_to_whoever_wants_it(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: str) -> dict[str, str]:
        raise EngineError("there is no stack fabric-1")

    monkeypatch.setattr(workspace, "config", refused)
    ahead.ask(workspace, FABRIC)
    with pytest.raises(EngineError, match="no stack fabric-1"):
        ahead.config(workspace, FABRIC)
