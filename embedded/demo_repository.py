"""The demo's Git repository: a folder of files becomes a folder of the repository, as one commit, only if it differs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_IDENTITY = ("-c", "user.name=Demo Operator", "-c", "user.email=demo@example.com", "-c", "commit.gpgsign=false")
_TIMEOUT_SECONDS = 120


class RepositoryError(Exception):
    """Git failed; the text is one line."""


@dataclass(frozen=True, slots=True)
class Published:
    """The branch's head now, how many files the folder has, and whether a commit was made for it."""

    commit: str
    files: int
    committed: bool


def publish(url: str, branch: str, source: Path, folder: str, message: str) -> Published:
    """Make `folder` of the repository at `url` (a local path or URL) equal to `source`.

    Raises:
        RepositoryError: Git refuses.
    """
    with tempfile.TemporaryDirectory(prefix="hhsync-demo-") as scratch:
        work = Path(scratch) / "work"
        _git(Path(scratch), "clone", "--quiet", "--no-hardlinks", url, str(work))
        _git(work, "checkout", "--quiet", "-B", branch)
        target = work / folder
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
        _git(work, "add", "--all", "--", folder)
        differs = bool(_git(work, "status", "--porcelain", "--", folder))
        if differs:
            _git(work, *_IDENTITY, "commit", "--quiet", "-m", message)
            _git(work, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        files = len(_git(work, "ls-files", "--", folder).splitlines())
        return Published(_git(work, "rev-parse", "HEAD"), files, differs)


def _git(where: Path, *arguments: str) -> str:
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | quiet
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=where,
            env=env,
            capture_output=True,
            text=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        output = " ".join((getattr(error, "stderr", "") or str(error)).split())
        verb = next((word for word in arguments if not word.startswith("-") and "=" not in word), "")
        raise RepositoryError(f"git {verb} for the demo's repository failed: {output[-300:]}") from None
    return done.stdout.strip()
