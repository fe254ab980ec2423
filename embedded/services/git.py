"""The bare Git repository of a home."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from embedded.services.errors import ServicesError
from embedded.services.facts import PartStatus
from embedded.services.steps import build_folder, restart_folder

if TYPE_CHECKING:
    from pathlib import Path

BRANCH = "main"


def repository(home: Path) -> Path:
    """Where the repository is; its path is its URL."""
    return home / "git" / "fabrics.git"


def make_repository(home: Path) -> str:
    """Make the bare repository with an unborn branch `main` unless it is there; returns its URL (a path)."""

    def make(part: Path) -> None:
        restart_folder(part)
        command = ["git", "init", "--quiet", "--bare", "-b", BRANCH, str(part)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise ServicesError(f"git init of {part} failed: {' '.join(done.stderr.split())}")

    target = repository(home)
    build_folder(target, make)
    return str(target)


def status(home: Path) -> list[PartStatus]:
    """A repository needs no process: it is there or not."""
    target = repository(home)
    return [PartStatus("git", "running", None, str(target))] if target.exists() else []
