"""The Pulumi project and its stacks: the root, the backend, the passphrase; config and state, each by one CLI process.

The CLI is asked by its command line. The SDK's save_project_settings would drop `stackConfigDir` and `options` from
Pulumi.yaml, and its stack_settings looks for stack files in the root alone; neither is used.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automation.engine import folder_backend, passphrase
from automation.engine.messages import (
    BACKEND,
    PASSPHRASE,
    PASSPHRASE_FILE,
    StackMissing,
    engine_errors,
    without_secrets,
)
from automation.engine.process import CliFailed, Reader, found_cli
from automation.engine.project import (
    CREDENTIALS,
    DEFAULT_BACKEND,
    PROJECT,
    PULUMI_HOME,
    TOKEN,
    backend_of,
    find_root,
    project_file,
)
from automation.engine.stack_file import plain_values
from providers.errors import EngineError, one_line
from providers.settings import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pulumi.automation import LocalWorkspace, Stack

    from automation.engine.cli import Engine

__all__ = [
    "BACKEND",
    "PASSPHRASE",
    "PASSPHRASE_FILE",
    "Workspace",
    "engine_errors",
    "find_root",
    "project_file",
]

_PASSED_ON = (PASSPHRASE, PASSPHRASE_FILE, PULUMI_HOME, CREDENTIALS, TOKEN, BACKEND)


@dataclass(frozen=True)
class Workspace:
    """One project on one backend with one engine. `env` is the environment that decides; nothing else reads it."""

    root: Path
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @classmethod
    def find(cls, project: Path | None = None, env: Mapping[str, str] | None = None) -> Workspace:
        """The workspace of the project at or above `project` (default: the current folder)."""
        return cls(find_root(project), dict(os.environ if env is None else env))

    @cached_property
    def engine(self) -> Engine:
        """The engine, chosen once."""
        from automation.engine.cli import choose_engine

        return choose_engine(self.env)

    @cached_property
    def reader(self) -> Reader:
        """The CLI for commands that read, without the SDK."""
        return Reader(found_cli(self.env).path)

    @cached_property
    def project(self) -> Mapping[str, Any]:
        """Pulumi.yaml's content."""
        return project_file(self.root / "Pulumi.yaml")

    @cached_property
    def backend(self) -> str:
        """The state backend's URL, which may hold a password; "" where only the CLI can tell it."""
        return backend_of(self.env, self.project)

    @property
    def shown_backend(self) -> str:
        """The backend for people, without a password."""
        return without_secrets(self.backend) or "the backend of `pulumi login`"

    @property
    def home(self) -> Path:
        """Where hhsync keeps what is no source: `.hhsync` in the project."""
        return self.root / ".hhsync"

    def stack_file(self, fabric: str) -> Path:
        """Where the stack's config is."""
        folder = self.project.get("stackConfigDir") or "."
        return self.root / str(folder) / f"Pulumi.{fabric}.yaml"

    def sdk(self, extra: Mapping[str, str] | None = None) -> LocalWorkspace:
        """The SDK's workspace, with `extra` environment for the engine and the program."""
        from pulumi.automation import LocalWorkspace

        return LocalWorkspace(
            work_dir=str(self.root), pulumi_command=self.engine.command, env_vars=self.variables(extra)
        )

    def variables(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment that this workspace gives the CLI, with `extra`."""
        given = {key: self.env[key] for key in _PASSED_ON if key in self.env}
        if self.backend == DEFAULT_BACKEND:
            given[BACKEND] = DEFAULT_BACKEND
        return {**given, **(extra or {})}

    def _read(self, *arguments: str) -> str:
        """What a command that reads prints.

        A folder is tried twice: a CLI that was killed while it saved has left a file that stops every
        later one, and while one saves, that file is empty for a moment.
        """
        try:
            return self._printed(arguments)
        except CliFailed:
            folder = self.backend_folder
            if folder is None:
                raise
            folder_backend.remove_broken(folder, PROJECT)
            return self._printed(arguments)

    def _printed(self, arguments: Sequence[str]) -> str:
        return str(self.reader.run(list(arguments), str(self.root), self.variables()).stdout)

    @property
    def backend_folder(self) -> Path | None:
        """The folder that is the backend, None where it is none."""
        if not folder_backend.is_folder(self.backend):
            return None
        return folder_backend.folder_of(self.backend, self.root, Path(self.env.get("HOME") or Path.home()))

    def require_room(self, fabric: str) -> None:
        """Refuse to write a state into a folder that may have no room for it.

        Raises:
            EngineError: the disk is nearly full.
        """
        folder = self.backend_folder
        if folder is not None:
            folder_backend.require_room(folder, PROJECT, fabric)

    def _write(self, *arguments: str) -> None:
        """Run a command that writes."""
        self.engine.command.run(list(arguments), str(self.root), self.variables())

    def select(self, fabric: str, extra: Mapping[str, str] | None = None) -> Stack:
        """The fabric's stack, selected, as the SDK's object.

        Raises:
            EngineError: there is no such stack (the text names those that exist), or the backend cannot be read.
            ConfigError: no passphrase is set.
        """
        from pulumi.automation import Stack

        self.require_passphrase(fabric)
        return self._of_stack(fabric, lambda: Stack.select(fabric, self.sdk(extra)))

    def _of_stack[T](self, fabric: str, ask: Callable[[], T]) -> T:
        """What `ask` gets of a stack, with the CLI's failures as ours."""
        try:
            with engine_errors(fabric, self.shown_backend):
                return ask()
        except StackMissing:
            raise self.no_such_stack(fabric) from None

    def no_such_stack(self, fabric: str) -> EngineError:
        """The error for a stack that does not exist."""
        names = self.stacks()
        existing = f"existing stacks: {', '.join(names)}" if names else "there is no stack yet"
        return EngineError(
            f"there is no stack {fabric} on {self.shown_backend} ({existing}); make it with: hhsync init {fabric} --git-url …"
        )

    def create(self, fabric: str) -> Stack:
        """The fabric's stack, made if it does not exist.

        Raises:
            EngineError: the backend refuses.
            ConfigError: no passphrase is set.
        """
        from pulumi.automation import Stack

        self.require_passphrase(fabric)
        self.stack_file(fabric).parent.mkdir(parents=True, exist_ok=True)
        with engine_errors(fabric, self.shown_backend):
            return Stack.create_or_select(fabric, self.sdk())

    def stacks(self) -> list[str]:
        """The names of the project's stacks on this backend, sorted."""
        with engine_errors(backend=self.shown_backend):
            found = _json(self._read("stack", "ls", "--json"), list, "stacks")
        return sorted(str(stack["name"]).rsplit("/", 1)[-1] for stack in found)

    def config(self, fabric: str) -> dict[str, str]:
        """The stack's config of our namespace, secrets in clear, as a flat mapping without the namespace; one CLI process.

        Raises:
            EngineError: there is no such stack, or the config cannot be read.
            ConfigError: the passphrase is missing or wrong.
        """
        self.require_passphrase(fabric)
        asked = ("config", "--show-secrets", "--json", "--stack", fabric)
        values = _json(self._of_stack(fabric, lambda: self._read(*asked)), dict, "config")
        prefix = f"{NAMESPACE}:"
        return {key.removeprefix(prefix): item["value"] for key, item in values.items() if key.startswith(prefix)}

    def plain_config(self, fabric: str, keys: Collection[str]) -> dict[str, str] | None:
        """What `config` has of `keys`, read from the stack's file alone; None where the CLI has to be asked."""
        return plain_values(self.stack_file(fabric), self.project, keys)

    def export(self, fabric: str, path: Path) -> None:
        """Write the stack's state to a file, secrets encrypted; one CLI process.

        Raises:
            EngineError: there is no such stack, or its state cannot be read.
        """
        self._of_stack(fabric, lambda: self._read("stack", "export", "--stack", fabric, "--file", str(path)))

    def export_in_clear(self, fabric: str) -> str:
        """The stack's state with its secrets, which no file gets to see."""
        asked = ("stack", "export", "--show-secrets", "--stack", fabric)
        return self._of_stack(fabric, lambda: self._read(*asked))

    def import_(self, fabric: str, path: Path) -> None:
        """Make a file the stack's state; the CLI drops pending operations.

        Raises:
            StackLocked, EngineError: another run holds the stack, or the state could not be written.
        """
        self.require_room(fabric)
        self._of_stack(fabric, lambda: self._write("stack", "import", "--stack", fabric, "--file", str(path)))

    def cancel(self, fabric: str) -> None:
        """Remove every lock of the stack.

        Raises:
            EngineError: the backend refuses.
        """
        self._of_stack(fabric, lambda: self._write("cancel", "--yes", "--stack", fabric))

    def secrets_provider(self, fabric: str) -> str:
        """What the stack's file names as the keeper of its secrets; "" where it names none."""
        path = self.stack_file(fabric)
        return str(project_file(path).get("secretsprovider") or "") if path.is_file() else ""

    def require_passphrase(self, fabric: str) -> None:
        """Refuse a run that could not read the stack's secrets.

        Raises:
            ConfigError: neither variable is set, or the file cannot be read.
        """
        passphrase.require(fabric, self.env, self.stack_file(fabric), self.backend)


def _json[T](text: str, kind: type[T], what: str) -> T:
    """What the CLI printed as JSON.

    Raises:
        EngineError: it is none.
    """
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, kind):
        raise EngineError(f"the Pulumi CLI printed no {what}, but: {one_line(text) or 'nothing'}")
    return found
