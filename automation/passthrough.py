"""`hhsync pulumi -- ARGS`: the CLI that was found, with this project's backend, passphrase and plugins."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from automation.engine.cli import plugins_last, venv_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automation.engine.workspace import Workspace


def command(workspace: Workspace, args: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The program with its arguments, and its environment. It must run in the project's root."""
    env = {
        **workspace.env,
        **workspace.variables(),
        "PATH": plugins_last(venv_first(workspace.env)),
        "PULUMI_RUN_PROGRAM": "true",
    }
    return [workspace.engine.command.command, *args], env


def run(workspace: Workspace, args: Sequence[str]) -> int:
    """Run it in the foreground; returns its exit code. Ctrl-C reaches it too, and its answer counts."""
    argv, env = command(workspace, args)
    with subprocess.Popen(argv, cwd=workspace.root, env={**os.environ, **env}) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
