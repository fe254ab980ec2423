"""Pulumi.yaml: where the project lives, what it is called, and how its program is run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded.engine import yaml_text
from embedded.engine.errors import EngineError, NotSupported, ProjectNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}$")


@dataclass(frozen=True, slots=True)
class Project:
    """One Pulumi.yaml, read and checked."""

    name: str
    path: Path
    """The project file itself, absolute."""
    main: str = ""
    """`main:` as written; may be a folder or a file, relative to `root`, or absolute."""
    runtime: str = "python"
    runtime_options: Mapping[str, Any] = field(default_factory=dict)
    refresh: bool = False
    """`options: {refresh: always}`."""
    stack_config_dir: str = ""
    backend_url: str = ""
    config_defaults: Mapping[str, Any] = field(default_factory=dict)
    """`namespace:key` -> default value of the `config:` section."""
    config_required: tuple[str, ...] = ()
    """Keys of the `config:` section, in the project's namespace, that every stack must set; without the namespace."""

    @property
    def root(self) -> Path:
        """The folder that holds Pulumi.yaml: `RunRequest.info.root_directory`."""
        return self.path.parent

    @property
    def program_dir(self) -> Path:
        """The folder the program runs in (`RunRequest.pwd`): `main` if it is a folder, else the folder of that file."""
        target = self.root / self.main if self.main else self.root
        return target.parent if target.is_file() else target

    @property
    def entry_point(self) -> str:
        """What is run, relative to `program_dir`: `.`, or the name of the file that `main` names."""
        target = self.root / self.main if self.main else self.root
        return target.name if target.is_file() else "."

    def stack_file(self, stack: str) -> Path:
        """Where the configuration of the stack with this short name lives."""
        return self.root / self.stack_config_dir / f"Pulumi.{stack}{self.path.suffix}"


def find(start: Path) -> Path:
    """The nearest Pulumi.yaml at `start` or above it. Raises ProjectNotFound when there is none."""
    start = start.resolve()
    for folder in (start, *start.parents):
        for name in ("Pulumi.yaml", "Pulumi.yml"):
            if (folder / name).is_file():
                return folder / name
        if (folder / "Pulumi.json").is_file():
            raise NotSupported(f"{folder / 'Pulumi.json'} (a project file in JSON)", "write it as Pulumi.yaml")
    raise ProjectNotFound(start)


def load(path: Path) -> Project:
    """Read and check a project file. Raises EngineError, naming the file and the key."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"could not read {path}: {error}") from None
    raw = yaml_text.load(text, str(path))
    if not isinstance(raw, dict):
        raise EngineError(f"could not validate {path}: expected a mapping with the keys name and runtime")
    name = _text(raw, "name", path)
    if not _NAME.match(name):
        raise EngineError(
            f"could not validate {path}: the project name {name!r} must be 1 to 100 letters, digits, '-', '_' or '.'"
        )
    runtime, options = _runtime(raw, path)
    config = raw.get("config")
    defaults, required = _config(config, name, path)
    return Project(
        name=name,
        path=path.resolve(),
        main=_text(raw, "main", path),
        runtime=runtime,
        runtime_options=options,
        refresh=_text(_mapping(raw, "options", path), "refresh", path) == "always",
        stack_config_dir=config if isinstance(config, str) else _text(raw, "stackConfigDir", path),
        backend_url=_text(_mapping(raw, "backend", path), "url", path),
        config_defaults=defaults,
        config_required=required,
    )


def _text(raw: dict[str, Any], key: str, path: Path) -> str:
    value = raw.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise EngineError(f"could not validate {path}: {key} must be a text")
    return value


def _mapping(raw: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise EngineError(f"could not validate {path}: {key} must be a mapping")
    return value


def _runtime(raw: dict[str, Any], path: Path) -> tuple[str, dict[str, Any]]:
    given: Any = raw.get("runtime")
    value, options = (given.get("name"), given.get("options") or {}) if isinstance(given, dict) else (given, {})
    if not isinstance(value, str) or not isinstance(options, dict):
        raise EngineError(f"could not validate {path}: runtime must be a name, or a mapping with name and options")
    return value, options


def _config(config: Any, project: str, path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(defaults, required keys). An entry is a value, or a mapping with `default` or `value`, or with neither:
    required."""
    if config is None or isinstance(config, str):
        return {}, ()
    if not isinstance(config, dict):
        raise EngineError(f"could not validate {path}: config must be a mapping")
    defaults: dict[str, Any] = {}
    required: list[str] = []
    for key, entry in sorted(config.items()):
        qualified = key if ":" in key else f"{project}:{key}"
        value = entry.get("default", entry.get("value")) if isinstance(entry, dict) else entry
        if value is not None:
            defaults[qualified] = value
        elif qualified.startswith(f"{project}:"):
            required.append(key)
    return defaults, tuple(required)
