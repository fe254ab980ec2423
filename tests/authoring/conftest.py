"""An empty bare repository on its server, and a cache, for every test."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.bare import Bare
from tests.support.repositories import ENVIRONMENT, Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bare(tmp_path: Path) -> Bare:
    path = tmp_path / "server.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(path)], env=ENVIRONMENT, check=True)
    work = Repository(tmp_path / "work")
    work.git("remote", "add", "origin", str(path))
    return Bare(path, work)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
