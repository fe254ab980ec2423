"""`hhsync pulumi -- ARGS`: the found engine's own command line, with the environment that hhsync's verbs use."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from automation.engines import venv_first
from automation.workspace import BACKEND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automation.workspace import Workspace


def command(workspace: Workspace, args: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The program with its arguments, and its environment. It must run in the project's root."""
    engine = workspace.engine
    start = [str(engine.command.command)] if engine.is_cli else [sys.executable, "-m", "embedded.engine"]
    env = {**workspace.env, BACKEND: workspace.backend, "PATH": venv_first(workspace.env), "PULUMI_RUN_PROGRAM": "true"}
    return [*start, *args], env


def run(workspace: Workspace, args: Sequence[str]) -> int:
    """Run it in the foreground; returns its exit code. Ctrl-C reaches it too, and its answer counts."""
    argv, env = command(workspace, args)
    with subprocess.Popen(argv, cwd=workspace.root, env={**os.environ, **env}) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
