"""Config and state, asked for while a verb is still loading: the CLI takes as long for them as Python for the verb's modules.

An early answer is used once, by whoever wants it first; whoever asks later gets a new one.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from automation.engine.state import recorded as state

if TYPE_CHECKING:
    from pathlib import Path

    from automation.engine.state.recorded import Recorded
    from automation.engine.workspace import Workspace

type Place = tuple[Path, str, str]

_configs: dict[Place, Future[dict[str, str]]] = {}
_states: dict[Place, Future[Recorded]] = {}


def ask(workspace: Workspace, fabric: str) -> None:
    """Start asking for both, side by side; what fails is raised where it is wanted."""
    place, pool = _place(workspace, fabric), ThreadPoolExecutor(max_workers=2)
    _configs[place] = pool.submit(workspace.config, fabric)
    _states[place] = pool.submit(state.read, workspace, fabric)
    pool.shutdown(wait=False)


def forget(workspace: Workspace, fabric: str) -> None:
    """Use no early answer: something has taken time, or written, since they were asked for."""
    _configs.pop(_place(workspace, fabric), None)
    _states.pop(_place(workspace, fabric), None)


def config(workspace: Workspace, fabric: str) -> dict[str, str]:
    """As `Workspace.config`, early where it was asked for."""
    early = _configs.pop(_place(workspace, fabric), None)
    return early.result() if early else workspace.config(fabric)


def recorded(workspace: Workspace, fabric: str) -> Recorded:
    """As `state.read`, early where it was asked for."""
    early = _states.pop(_place(workspace, fabric), None)
    return early.result() if early else state.read(workspace, fabric)


def _place(workspace: Workspace, fabric: str) -> Place:
    return workspace.root, workspace.backend, fabric
