"""`hhsync pulumi -- ARGS`: the found engine's own command line, with the environment that hhsync's verbs use.

`about` also says which engine answers and why. With the CLI that is one line before the CLI's own answer, on stderr
where the answer is JSON; the embedded engine has it in its answer.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from automation.engine.workspace import BACKEND
from automation.engines import venv_first
from embedded.engine.commands.info import CHOSEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automation.engine.workspace import Workspace


def command(workspace: Workspace, args: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The program with its arguments, and its environment. It must run in the project's root."""
    engine = workspace.engine
    start = [str(engine.command.command)] if engine.is_cli else [sys.executable, "-m", "embedded.engine"]
    why = {} if engine.is_cli else {CHOSEN: engine.why}
    env = {
        **workspace.env,
        **why,
        BACKEND: workspace.backend,
        "PATH": venv_first(workspace.env),
        "PULUMI_RUN_PROGRAM": "true",
    }
    return [*start, *args], env


def is_about(args: Sequence[str]) -> bool:
    """Whether the command line asks about the engine itself."""
    return next((word for word in args if not word.startswith("-")), "") == "about"


def _say(workspace: Workspace, args: Sequence[str]) -> None:
    engine = workspace.engine
    line = f"Engine: Pulumi CLI {engine.info.version}, {engine.why}\n"
    stream = sys.stderr if {"--json", "-j"} & set(args) else sys.stdout
    stream.write(line)
    stream.flush()


def run(workspace: Workspace, args: Sequence[str]) -> int:
    """Run it in the foreground; returns its exit code. Ctrl-C reaches it too, and its answer counts."""
    argv, env = command(workspace, args)
    if workspace.engine.is_cli and is_about(args):
        _say(workspace, args)
    with subprocess.Popen(argv, cwd=workspace.root, env={**os.environ, **env}) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
