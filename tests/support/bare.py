"""Bare repositories as servers have them, each with a cache of its own, and CRs to put into them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authoring.options import Author, Authoring
from providers.settings import GitSettings
from tests.support.repositories import ENVIRONMENT, Repository

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = Authoring(author=Author("Ops", "ops@example.com"))


def vpc(name: str, vlan: int = 1001, third: int | None = None, extra: str = "") -> str:
    third = vlan % 250 if third is None else third
    return (
        f"apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata:\n  name: {name}\n  namespace: default\n{extra}"
        f"spec:\n  subnets:\n    default:\n      subnet: 10.0.{third}.0/24\n      vlan: {vlan}\n"
    )


@dataclass
class Bare:
    """A bare repository, seen as its server sees it."""

    path: Path
    work: Repository
    folder: str = "fabric-1"
    caches: int = field(default=0)

    @property
    def settings(self) -> GitSettings:
        return GitSettings(url=str(self.path), path=self.folder)

    def git(self, *arguments: str) -> str:
        ran = subprocess.run(
            ["git", *arguments], cwd=self.path, env=ENVIRONMENT, check=True, capture_output=True, text=True
        )
        return ran.stdout.rstrip("\n")

    def push(self, files: dict[str, str | None], message: str = "a change") -> str:
        """Somebody else's commit, by way of a work tree."""
        self.work.git("fetch", "--quiet", "origin")
        if self.git("branch", "--list", "main"):
            self.work.git("reset", "--quiet", "--hard", "origin/main")
        commit = self.work.commit({f"{self.folder}/{name}": text for name, text in files.items()}, message)
        self.work.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
        return commit

    def head(self, branch: str = "main") -> str:
        return self.git("rev-parse", branch)

    def files(self, branch: str = "main") -> dict[str, str]:
        names = self.git("ls-tree", "-r", "--name-only", f"{branch}:{self.folder}").splitlines()
        return {name: self.read(name, branch) for name in names}

    def read(self, name: str, branch: str = "main") -> str:
        ran = subprocess.run(
            ["git", "show", f"{branch}:{self.folder}/{name}"],
            cwd=self.path,
            env=ENVIRONMENT,
            check=True,
            capture_output=True,
        )
        return ran.stdout.decode()

    def commits(self, branch: str = "main") -> int:
        return int(self.git("rev-list", "--count", branch))

    def hook(self, script: str) -> None:
        path = self.path / "hooks" / "pre-receive"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


def options(**changes: Any) -> Authoring:
    return OPTIONS if not changes else Authoring(author=OPTIONS.author, **changes)
