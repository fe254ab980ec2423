"""One command of the Pulumi CLI that reads, run to its end without the SDK, whose import costs as much as such a command.

What writes goes through `cli`, whose commands are interrupted with care.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded.services.errors import ServicesError
from embedded.services.programs.pulumi import find_pulumi, oldest
from program.config import cache_folder
from providers.errors import EngineError, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from embedded.services.programs.pulumi import Cli


# Seconds; a state of 10,000 CRs is read in 5.
_DEADLINE = 300.0


class CliFailed(Exception):
    """The CLI ended with an error; `stderr` is what it printed there."""

    def __init__(self, stderr: str) -> None:
        super().__init__(one_line(stderr))
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command printed."""

    stdout: str


class Reader:
    """The CLI at `path`, for commands that read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def run(self, args: Sequence[str], cwd: str, additional_env: Mapping[str, str]) -> Printed:
        """Run one command in the folder `cwd` to its end.

        Raises:
            CliFailed: it ended with an error.
            EngineError: it could not be run.
        """
        env = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}
        try:
            done = subprocess.run(
                [str(self._path), "--non-interactive", *args],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd=cwd,
                env=env,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=_DEADLINE,
            )
        except subprocess.TimeoutExpired:
            raise EngineError(
                f"the Pulumi CLI has had no answer from the backend for {_DEADLINE:.0f} s; check the network and the backend"
            ) from None
        except OSError as error:
            raise EngineError(f"the Pulumi CLI {self._path} cannot be run: {error.strerror}") from None
        if done.returncode < 0:
            raise EngineError(f"the Pulumi CLI was ended by signal {-done.returncode} before it had answered")
        if done.returncode:
            raise CliFailed(done.stderr)
        return Printed(done.stdout)


def found_cli(env: Mapping[str, str]) -> Cli:
    """The CLI to run with.

    Raises:
        EngineError: there is none, or the one that HHSYNC_PULUMI names does not do.
    """
    try:
        found = find_pulumi(cache_folder(), env)
    except ServicesError as error:
        raise EngineError(str(error)) from None
    if found is None:
        raise EngineError(
            f"no Pulumi CLI of {oldest()} or newer is on PATH, in ~/.pulumi/bin, named by HHSYNC_PULUMI, or built; install "
            f"Pulumi, or run: make setup"
        )
    return found
