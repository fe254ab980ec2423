"""The branches of a repository, as the server lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops.git.command import CommandFailed, GitCommand
from providers.errors import GitError

if TYPE_CHECKING:
    from pathlib import Path

    from providers.settings import GitSettings

_HEADS = "refs/heads/"


def matching(settings: GitSettings, cache: Path, prefix: str) -> tuple[str, ...]:
    """The names of the branches that begin with a prefix (ending in "/"), by name; one request, nothing is fetched.

    Raises:
        GitError: the repository cannot be listed.
    """
    command = GitCommand(settings, cache)
    try:
        listed = command.run("ls-remote", "--heads", "--", command.url, f"{_HEADS}{prefix}*", network=True)
    except CommandFailed as failure:
        raise GitError(f"Git repository {command.url}: {command.meaning(failure)}") from None
    names = (line.partition("\t")[2].removeprefix(_HEADS) for line in listed.decode("utf-8", "replace").splitlines())
    return tuple(sorted(name for name in names if name.startswith(prefix)))
