"""Which Pulumi engine runs: the real CLI where one is found and new enough, else the embedded one.

Order: HHSYNC_ENGINE forces "embedded" or "cli"; the CLI is looked for in HHSYNC_PULUMI, on PATH, in ~/.pulumi/bin.
Both are handed to the Automation API as its command object; nothing else of the API differs between them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
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

from automation.results import EngineInfo
from providers.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    OnLine = Callable[[str], Any] | None

OLDEST_CLI = VersionInfo(3, 226, 0)
#: `--run-program` together with `--refresh` for preview, up and destroy, and `inputs` from a dynamic provider's read.

_PROBE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Engine:
    """The chosen engine: the SDK's command object, and what to tell a person about it."""

    command: PulumiCommand
    info: EngineInfo
    why: str = ""
    """Why this one was chosen, for people."""

    @property
    def is_cli(self) -> bool:
        """Whether it is the real Pulumi CLI."""
        return self.info.name == "pulumi"


def choose_engine(env: Mapping[str, str]) -> Engine:
    """The engine to run with.

    Raises:
        ConfigError: HHSYNC_ENGINE or HHSYNC_PULUMI names something that does not exist.
        EngineError: a CLI is demanded and none is usable.
    """
    wish = env.get("HHSYNC_ENGINE", "").strip().lower()
    if wish not in {"", "cli", "embedded"}:
        raise ConfigError(f'HHSYNC_ENGINE must be "cli" or "embedded", not "{wish}"')
    if wish == "embedded":
        return _embedded("", "HHSYNC_ENGINE=embedded")
    binary = find_cli(env)
    if binary is None:
        if wish == "cli":
            raise EngineError("HHSYNC_ENGINE=cli, but no pulumi is on PATH, in ~/.pulumi/bin or named by HHSYNC_PULUMI")
        return _embedded("no Pulumi CLI was found", "no pulumi is on PATH, in ~/.pulumi/bin or named by HHSYNC_PULUMI")
    version = _cli_version(binary)
    if version >= OLDEST_CLI:
        return Engine(
            CliCommand(binary, version), EngineInfo("pulumi", str(version)), f"found {where_found(env, binary)}"
        )
    why = f"{binary} is {version}, older than {OLDEST_CLI}"
    if wish == "cli" or env.get("HHSYNC_PULUMI"):
        raise EngineError(f"{why}; upgrade it, or unset HHSYNC_PULUMI and HHSYNC_ENGINE to use the embedded engine")
    return _embedded(why, why)


def find_cli(env: Mapping[str, str]) -> Path | None:
    """The Pulumi CLI that HHSYNC_PULUMI, PATH or ~/.pulumi/bin name, in this order.

    Raises:
        ConfigError: HHSYNC_PULUMI names no executable file.
    """
    named = env.get("HHSYNC_PULUMI", "").strip()
    if named:
        path = Path(named).expanduser().resolve()
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise ConfigError(f"HHSYNC_PULUMI names {named}, which is no executable file")
        return path
    found = shutil.which("pulumi", path=env.get("PATH"))
    if found:
        return Path(found).resolve()
    home = Path(env.get("HOME", "~")).expanduser() / ".pulumi" / "bin" / "pulumi"
    return home if home.is_file() and os.access(home, os.X_OK) else None


def where_found(env: Mapping[str, str], binary: Path) -> str:
    """How `find_cli` came to this CLI, for people."""
    if env.get("HHSYNC_PULUMI", "").strip():
        return f"as HHSYNC_PULUMI says: {binary}"
    return f"{'on PATH' if shutil.which('pulumi', path=env.get('PATH')) else 'in ~/.pulumi/bin'}: {binary}"


def _embedded(note: str, why: str) -> Engine:
    from embedded.engine.auto import EmbeddedCommand  # the engine's imports cost more than a CLI user should pay

    command = EmbeddedCommand()
    return Engine(command, EngineInfo("embedded", str(command.version), note), why)


def _cli_version(binary: Path) -> VersionInfo:
    try:
        asked = subprocess.run(
            [str(binary), "version"],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            check=True,
        )
        return VersionInfo.parse(asked.stdout.strip().removeprefix("v"))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise EngineError(f"{binary} does not answer `pulumi version`: {error}") from None


def venv_first(env: Mapping[str, str]) -> str:
    """PATH with this environment's `bin` first, so that a CLI starts the program with the Python that has hhsync."""
    ours = str(Path(sys.executable).parent)
    rest = [entry for entry in env.get("PATH", "").split(os.pathsep) if entry and entry != ours]
    return os.pathsep.join([ours, *rest])


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
    """The real CLI as the SDK's command object: secrets by stdin, no prompt, our Python first on PATH."""

    def __init__(self, binary: Path, version: VersionInfo) -> None:
        # The stock constructor runs `pulumi version` again and searches PATH; both are done.
        self.command = str(binary)
        self.version = version

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
            argv = ["--non-interactive", *argv]
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
            interrupted = _wait(process, readers)
        if interrupted and process.returncode != 0:
            raise KeyboardInterrupt  # whatever it said on its way out, this is why it ended
        result = CommandResult(stdout="\n".join(out), stderr="\n".join(err), code=process.returncode)
        if process.returncode != 0:
            raise create_command_error(result)
        return result


def _wait(process: subprocess.Popen[str], readers: Sequence[threading.Thread]) -> bool:
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
