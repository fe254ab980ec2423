"""Pulumi.yaml: where the project lives, what it is called, and how its program is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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

    @property
    def root(self) -> Path:
        """The folder that holds Pulumi.yaml: `RunRequest.info.root_directory`."""
        return self.path.parent

    @property
    def program_dir(self) -> Path:
        """The folder the program runs in (`RunRequest.pwd`): `main` when it is a folder, else the folder `main` lies
        in."""
        target = self.root / self.main if self.main else self.root
        return target.parent if target.is_file() else target

    @property
    def entry_point(self) -> str:
        """What is run, relative to `program_dir`: `.`, or the name of the file that `main` names."""
        target = self.root / self.main if self.main else self.root
        return target.name if target.is_file() else "."
