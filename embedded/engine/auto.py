"""The engine behind the Automation API, in this process: `LocalWorkspaceOptions(pulumi_command=EmbeddedCommand())`.

The API touches two things only, `run` and `version` (engine-contract §1.1); they behave as those of the class that
starts the real CLI, down to which errors are raised.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from pulumi.automation import CommandResult, OnOutput, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from embedded.engine.checkpoint import ENGINE_VERSION
from embedded.engine.command import execute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class EmbeddedCommand(PulumiCommand):
    """Runs engine commands without a child process. One object may serve several threads."""

    def __init__(self) -> None:
        """Does not look for a CLI."""
        self.command = "embedded"
        self.version = VersionInfo.parse(ENGINE_VERSION.removeprefix("v"))
        self._cancels: set[threading.Event] = set()

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Run one command line; the environment is os.environ as it is now, with `additional_env` over it.

        The callbacks get each line without trailing white space, as it comes. Raises CommandError or one of its kinds
        when the exit code is not 0.
        """
        stdout, stderr = _Lines(on_output), _Lines(on_error)
        cancel = threading.Event()
        self._cancels.add(cancel)
        try:
            code = execute(
                list(args),
                cwd=cwd,
                env={**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"},
                out=stdout.write,
                err=stderr.write,
                cancel=cancel,
            )
        finally:
            self._cancels.discard(cancel)
        result = CommandResult(stdout=stdout.text(), stderr=stderr.text(), code=code)
        if code != 0:
            raise create_command_error(result)
        return result

    def stop(self) -> None:
        """Ask every operation that this object runs to stop in good order; `run` then ends with its error."""
        for cancel in list(self._cancels):
            cancel.set()


class _Lines:
    """Collects lines from any thread and passes each on."""

    def __init__(self, callback: Callable[[str], object] | None) -> None:
        self._callback = callback
        self._lines: list[str] = []
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        for line in text.split("\n"):
            stripped = line.rstrip()
            with self._lock:
                self._lines.append(stripped)
            if self._callback is not None:
                self._callback(stripped)

    def text(self) -> str:
        with self._lock:
            return "\n".join(self._lines)
