"""`hhsync pulumi -- ARGS`: the CLI that was found, with this project's backend, passphrase and plugins."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from automation.engine.cli import plugins_last, venv_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automation.engine.workspace import Workspace


def command(workspace: Workspace, args: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The program with its arguments, and its environment. It must run in the project's root."""
    cli = workspace.engine.command.command
    # The hosts that Pulumi installs beside its CLI, which need not be on PATH, come before ours.
    path = os.pathsep.join([venv_first(workspace.env), str(Path(cli).parent)])
    env = {
        **workspace.env,
        **workspace.variables(),
        "PATH": plugins_last(path),
        "PULUMI_RUN_PROGRAM": "true",
    }
    return [cli, *args], env


def run(workspace: Workspace, args: Sequence[str]) -> int:
    """Run it in the foreground; returns its exit code. Ctrl-C reaches it too, and its answer counts."""
    argv, env = command(workspace, args)
    with subprocess.Popen(argv, cwd=workspace.root, env={**os.environ, **env}) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
