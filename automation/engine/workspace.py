"""The Pulumi project and its stacks: finding the root, the backend, the passphrase; selecting, making and listing stacks.

The only user of the Automation API's workspace. It uses set_config, get_config and get_all_config only: the SDK's
save_project_settings would drop `stackConfigDir` and `options` from Pulumi.yaml, and stack_settings looks for stack files
in the root alone.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from providers.errors import ConfigError, EngineError, StackLocked, one_line
from providers.settings import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pulumi.automation import LocalWorkspace, Stack

    from automation.engines import Engine

PROJECT = "hhsync"
PASSPHRASE, PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"
BACKEND = "PULUMI_BACKEND_URL"
DEFAULT_BACKEND = "file://~"


def find_root(start: Path | None = None) -> Path:
    """The project's root: the nearest folder, from `start` (default: here) upward, whose Pulumi.yaml is hhsync's.

    Raises:
        ConfigError: there is none.
    """
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        settings = folder / "Pulumi.yaml"
        if settings.is_file() and project_file(settings).get("name") == PROJECT:
            return folder
    raise ConfigError(
        f"no Pulumi.yaml of the project {PROJECT} in {begin} or above it; go there, or give --project DIR"
    )


def project_file(path: Path) -> dict[str, Any]:
    """Pulumi.yaml's content.

    Raises:
        ConfigError: it is not a YAML mapping.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {one_line(str(error))}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path} is not a YAML mapping")
    return content


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
        from automation.engines import choose_engine

        return choose_engine(self.env)

    @cached_property
    def backend(self) -> str:
        """The state backend's URL: PULUMI_BACKEND_URL, else Pulumi.yaml's backend.url, else `file://~`."""
        named = self.env.get(BACKEND, "").strip()
        if named:
            return named
        declared = project_file(self.root / "Pulumi.yaml").get("backend") or {}
        return str(declared.get("url") or DEFAULT_BACKEND)

    @property
    def home(self) -> Path:
        """Where hhsync keeps what is no source: `.hhsync` in the project."""
        return self.root / ".hhsync"

    def stack_file(self, fabric: str) -> Path:
        """Where the stack's config is."""
        folder = project_file(self.root / "Pulumi.yaml").get("stackConfigDir") or "."
        return self.root / str(folder) / f"Pulumi.{fabric}.yaml"

    def sdk(self, extra: Mapping[str, str] | None = None) -> LocalWorkspace:
        """The SDK's workspace, with `extra` environment for the engine and the program."""
        from pulumi.automation import LocalWorkspace

        given = {key: self.env[key] for key in (PASSPHRASE, PASSPHRASE_FILE) if key in self.env}
        env_vars = {**given, BACKEND: self.backend, **(extra or {})}
        return LocalWorkspace(work_dir=str(self.root), pulumi_command=self.engine.command, env_vars=env_vars)

    def select(self, fabric: str, extra: Mapping[str, str] | None = None) -> Stack:
        """The fabric's stack.

        Raises:
            EngineError: there is no such stack (the text names those that exist), or the backend cannot be read.
            ConfigError: no passphrase is set.
        """
        from pulumi.automation import Stack

        self.require_passphrase(fabric)
        try:
            with engine_errors(fabric):
                return Stack.select(fabric, self.sdk(extra))
        except _sdk_errors().StackNotFoundError:
            raise self.no_such_stack(fabric) from None

    def no_such_stack(self, fabric: str) -> EngineError:
        """The error for a stack that does not exist."""
        names = self.stacks()
        existing = f"existing stacks: {', '.join(names)}" if names else "there is no stack yet"
        return EngineError(
            f"there is no stack {fabric} on {self.backend} ({existing}); make it with: hhsync init {fabric} --git-url …"
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
        with engine_errors(fabric):
            return Stack.create_or_select(fabric, self.sdk())

    def stacks(self) -> list[str]:
        """The names of the project's stacks on this backend, sorted."""
        with engine_errors():
            return sorted(summary.name.rsplit("/", 1)[-1] for summary in self.sdk().list_stacks())

    def config(self, fabric: str) -> dict[str, str]:
        """The stack's config of our namespace, secrets in clear, as a flat mapping without the namespace.

        Raises:
            EngineError: there is no such stack, or the config cannot be read.
        """
        stack = self.select(fabric)
        with engine_errors(fabric):
            values = stack.get_all_config()
        prefix = f"{NAMESPACE}:"
        return {key.removeprefix(prefix): item.value for key, item in values.items() if key.startswith(prefix)}

    def require_passphrase(self, fabric: str) -> None:
        """Refuse a run that could not read the stack's secrets.

        Raises:
            ConfigError: neither variable is set, or the file cannot be read.
        """
        if PASSPHRASE in self.env or not self._needs_passphrase(fabric):
            return
        named = self.env.get(PASSPHRASE_FILE, "")
        if not named:
            raise ConfigError(
                f"no passphrase for the secrets of stack {fabric}: set {PASSPHRASE_FILE} to a file that holds it, or "
                f"{PASSPHRASE}"
            )
        if not os.access(Path(named).expanduser(), os.R_OK):
            raise ConfigError(f"{PASSPHRASE_FILE} names {named}, which cannot be read")

    def _needs_passphrase(self, fabric: str) -> bool:
        """Secrets are kept by passphrase unless the stack file names another provider, or the backend is a service."""
        path = self.stack_file(fabric)
        if path.is_file():
            provider = str(project_file(path).get("secretsprovider") or "passphrase")
            return provider in {"passphrase", "default"}
        return self.backend.startswith("file:")


def _sdk_errors() -> Any:
    from pulumi.automation import errors

    return errors


@contextmanager
def engine_errors(fabric: str = "NAME") -> Iterator[None]:
    """Turn the SDK's exceptions into ours, one line each; StackNotFoundError passes."""
    errors = _sdk_errors()
    try:
        yield
    except errors.StackNotFoundError:
        raise
    except errors.ConcurrentUpdateError as error:
        raise locked(str(error), fabric) from None
    except errors.CommandError as error:
        raise EngineError("; ".join(stderr_lines(str(error))) or "the engine failed and did not say why") from None


def stderr_lines(text: str) -> Iterator[str]:
    """The `error:` lines of a failed command, as the SDK's exception text carries its stderr."""
    stderr = text.partition("\n stderr: ")[2]
    for line in stderr.splitlines():
        stripped = line.strip()
        if stripped.startswith("error: "):
            yield one_line(stripped.removeprefix("error: "))


def locked(text: str, fabric: str) -> StackLocked:
    """The error for a stack that another run holds; `text` has the engine's lines about the lock's owner."""
    holders = [
        line.strip().split(": created by ", 1)[1].rstrip(".") for line in text.splitlines() if ": created by " in line
    ]
    who = f" by {'; '.join(holders)}" if holders else ""
    return StackLocked(
        f"another run holds stack {fabric}{who}; wait until it ends, or, if it is gone, run: "
        f"hhsync pulumi -- cancel --yes --stack {fabric}"
    )
