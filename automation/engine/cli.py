"""The Pulumi CLI as the Automation API's command object: secrets by stdin, no prompt, our Python first on PATH.

Which CLI it is: `embedded.services.programs.pulumi`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

import embedded
from automation.engine.info import EngineInfo
from automation.engine.process import found_cli

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    OnLine = Callable[[str], Any] | None


@dataclass(frozen=True, slots=True)
class Engine:
    """The CLI that was found: the SDK's command object, and what to tell a person about it."""

    command: CliCommand
    info: EngineInfo


def choose_engine(env: Mapping[str, str]) -> Engine:
    """The CLI to run with.

    Raises:
        EngineError: there is none, or the one that HHSYNC_PULUMI names does not do.
    """
    found = found_cli(env)
    version = VersionInfo.parse(found.version)
    return Engine(CliCommand(found.path, version), EngineInfo("pulumi", found.version, found.passed_over))


def venv_first(env: Mapping[str, str]) -> str:
    """PATH with this environment's `bin` first, so that a CLI starts the program with the Python that has hhsync."""
    ours = str(Path(sys.executable).parent)
    rest = [entry for entry in env.get("PATH", "").split(os.pathsep) if entry and entry != ours]
    return os.pathsep.join([ours, *rest])


def plugins_last(path: str) -> str:
    """PATH with our hosts for Python programs and providers at its end: Pulumi's own are taken wherever they are installed."""
    return os.pathsep.join([path, str(Path(embedded.__file__).parent / "plugins")])


def secret_to_stdin(args: list[str]) -> tuple[list[str], str | None]:
    """A command line without the secret it carries, and the text for stdin instead (None where there is no secret).

    The SDK puts every config value into argv, where any user of the machine can read it; the CLI reads a value that is
    missing from stdin.
    """
    if args[:2] == ["config", "set"] and "--secret" in args and "--" in args:
        at = args.index("--")
        if len(args) == at + 2:
            return args[:at], args[at + 1]
    return args, None


class CliCommand(PulumiCommand):
    """The real CLI as the SDK's command object: secrets by stdin, no prompt, our Python first on PATH.

    `more` are arguments that the SDK cannot give; `on_interrupt` is called at a Ctrl-C, before the CLI gets it.
    """

    def __init__(
        self,
        binary: str | Path,
        version: VersionInfo | None,
        more: Sequence[str] = (),
        on_interrupt: Callable[[], None] = lambda: None,
    ) -> None:
        # The stock constructor runs `pulumi version` again and searches PATH; both are done.
        self.command = str(binary)
        self.version = version
        self._more, self._on_interrupt = list(more), on_interrupt

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnLine = None,
        on_error: OnLine = None,
    ) -> CommandResult:
        """Run one command to its end; every line goes to the callbacks as it comes.

        Raises:
            CommandError: the command failed (the SDK's own classes).
            KeyboardInterrupt: it was interrupted, and has ended.
        """
        argv, secret = secret_to_stdin(args)
        if "--non-interactive" not in argv:
            argv = ["--non-interactive", *argv, *self._more]
        env = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}
        env["PATH"] = os.pathsep.join([str(Path(self.command).parent), venv_first(env)])
        out: list[str] = []
        err: list[str] = []
        # In a process group of its own it does not get the terminal's Ctrl-C besides ours: two would kill it at once.
        with subprocess.Popen(
            [self.command, *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=env,
            encoding="utf-8",
            process_group=0,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            readers = [_reader(process.stdout, on_output, out), _reader(process.stderr, on_error, err)]
            with contextlib.suppress(BrokenPipeError):  # it may end without reading
                process.stdin.write(secret or "")
                process.stdin.close()
            interrupted = _wait(process, readers, self._on_interrupt)
        if interrupted and process.returncode != 0:
            raise KeyboardInterrupt  # whatever it said on its way out, this is why it ended
        result = CommandResult(stdout="\n".join(out), stderr="\n".join(err), code=process.returncode)
        if process.returncode != 0:
            raise create_command_error(result)
        return result


def _wait(
    process: subprocess.Popen[str], readers: Sequence[threading.Thread], on_interrupt: Callable[[], None]
) -> bool:
    """Wait for the end. An interrupt is passed on, once each, and the CLI's good order waited for: it frees its lock.

    Returns whether there was one.
    """
    interrupted = False
    for waiting in (*(reader.join for reader in readers), process.wait):
        while True:
            try:
                waiting()
                break
            except KeyboardInterrupt:
                interrupted = True
                on_interrupt()
                process.send_signal(signal.SIGINT)
    return interrupted


def _reader(stream: IO[str], callback: OnLine, lines: list[str]) -> threading.Thread:
    def read() -> None:
        for line in stream:
            lines.append(line.rstrip())
            if callback:
                callback(lines[-1])

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread
