"""The command line of the engine: read it, run the command, and turn errors into one line and an exit code.

`execute` changes nothing of the process it runs in: no environment, no working directory, no signal handler. Several
may run at once in one process.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.engine import arguments
from embedded.engine.commands import config, info, plugins, rekeying, renaming, run, stacks, state, tags, usage
from embedded.engine.errors import EngineError
from embedded.engine.grammar import ROOT
from embedded.engine.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded.engine.arguments import Invocation
    from embedded.engine.console import Console

INTERNAL = 255

_HANDLERS: dict[str, Callable[[Shell, Invocation], int]] = {
    "version": info.version,
    "about": info.about,
    "whoami": info.whoami,
    "help": usage.show,
    "org": info.org,
    "org get-default": info.no_organizations,
    "org set-default": info.no_organizations,
    "plugin ls": plugins.ls,
    "plugin install": plugins.install,
    "plugin rm": plugins.rm,
    "install": plugins.install_dependencies,
    "cancel": info.cancel,
    "stack": stacks.show,
    "stack init": stacks.init,
    "stack select": stacks.select,
    "stack unselect": stacks.unselect,
    "stack ls": stacks.ls,
    "stack rm": stacks.rm,
    "stack output": state.output,
    "stack history": state.show_history,
    "stack export": state.export,
    "stack import": state.import_,
    "stack rename": renaming.rename,
    "stack change-secrets-provider": rekeying.change_secrets_provider,
    "stack tag get": tags.get,
    "stack tag set": tags.set_,
    "stack tag rm": tags.rm,
    "stack tag ls": tags.ls,
    "config": config.list_,
    "config get": config.get,
    "config set": config.set_,
    "config set-all": config.set_all,
    "config rm": config.rm,
    "config rm-all": config.rm,
    "config refresh": config.refresh,
    "preview": run.run,
    "up": run.run,
    "refresh": run.run,
    "destroy": run.run,
}


def execute(
    args: list[str],
    *,
    cwd: str | Path,
    env: Mapping[str, str],
    out: Callable[[str], None],
    err: Callable[[str], None],
    stdin: Callable[[], str] | None = None,
    cancel: threading.Event | None = None,
    console: Console | None = None,
) -> int:
    """Run one command line (without the program's name) and return its exit code (engine-contract §1.5).

    `env` is the whole environment. `out` and `err` take texts of one or several lines. `cancel`, once set, makes a
    running operation stop in good order. `console` is a terminal with a person at it, who may be asked. Never raises
    for what a command may meet; defects give 255 and one line.
    """
    try:
        line = arguments.parse(ROOT, args)
        folder = Path(cwd) / line.text("cwd")
        if not folder.is_dir():
            raise EngineError(f"could not change to folder {folder}: there is no such folder")
        asked = None if line.flag("non-interactive") else console
        shell = Shell(folder, env, out, err, stdin, cancel or threading.Event(), asked)
        return _HANDLERS[line.command](shell, line)
    except EngineError as error:
        err(f"error: {error}")
        return error.exit_code
    except OSError as error:
        err(f"error: {error.strerror or error}: {error.filename or 'no file named'}")
        return 1
    except Exception as error:  # the last line of defence: a defect must not look like success
        err(f"error: internal error: {type(error).__name__}: {error}".replace("\n", " "))
        return INTERNAL
