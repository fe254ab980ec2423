"""Real Git repositories for tests, made with the git command and nothing of the user's configuration."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}
FIRST_SECOND = 1_700_000_000  # 2023-11-14T22:13:20Z


class Repository:
    """A repository with a work tree; every commit is one minute younger than the one before."""

    def __init__(self, path: Path, branch: str = "main") -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._second = FIRST_SECOND
        self.git("init", "--quiet", "--initial-branch", branch)

    @property
    def url(self) -> str:
        return str(self.path)

    def git(self, *arguments: str, stdin: str = "") -> str:
        times = {"GIT_AUTHOR_DATE": f"{self._second} +0200", "GIT_COMMITTER_DATE": f"{self._second} +0200"}
        ran = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=ENVIRONMENT | times,
            input=stdin,
            check=True,
            capture_output=True,
            text=True,
        )
        return ran.stdout.strip()

    def commit(self, files: dict[str, str | None], message: str = "a change", author: str | None = None) -> str:
        """Write (or with None remove) files and commit them; returns the commit."""
        self._second += 60
        for name, text in files.items():
            target = self.path / name
            if text is None:
                target.unlink()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message, *([f"--author={author}"] if author else []))
        return self.head()

    def merge(self, branch: str, *options: str, content: dict[str, str] | None = None) -> str:
        """Merge a branch into the current one, `content` being what the merge makes of conflicting files."""
        self._second += 60
        if content is None:
            self.git("merge", "--quiet", "--no-ff", "-m", f"merge {branch}", *options, branch)
            return self.head()
        self.git("merge", "--quiet", "--no-ff", "--no-commit", "-s", "ours", branch)
        return self.commit(content, f"merge {branch}")

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")
