"""The bare mirror of one repository in the cache: made, fetched incrementally, and mended when a kill left it broken.

Runs side by side take turns by a lock file: fetching alone, reading together. The mirror's name is a hash of the URL.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitops.git.access import GitAccess
from gitops.git.command import CommandFailed, GitCommand
from gitops.git.lock import alone
from providers.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from providers.settings import GitSettings

OLDEST_GIT = (2, 32)

# What git says when the mirror itself is damaged, e.g. by a kill in the middle of a fetch.
_BRANCH = re.compile(r"(?![-/.])(?!.*(?:\.\.|//|@\{|/\.))[^\x00-\x20\x7f~^:?*\[\\]+(?<!\.lock)(?<![/.])")

_DAMAGED = re.compile(
    r"File exists|not a git repository: |unable to create .*lock|bad object|corrupt|is empty|loose object"
)
_DELETE = "--format=delete %(refname)"
_MISSING_BRANCH = "couldn't find remote ref"


@contextmanager
def fetched(settings: GitSettings, cache: Path) -> Iterator[tuple[GitCommand, str]]:
    """Bring the mirror up to date; yields the command for it and the branch's head, protected from other runs' fetches.

    Raises:
        GitError: one line that distinguishes a wrong URL, missing repository or branch, credentials, TLS and network apart.
    """
    url = GitAccess(settings).url
    if not _BRANCH.fullmatch(settings.branch):
        raise GitError(f'hhsync:gitBranch "{settings.branch}" is not a branch name')
    if url.startswith("/") and not Path(url).is_dir():
        raise GitError(f"no Git repository at {url}: the folder does not exist; check hhsync:gitUrl")
    mirror = cache / "git" / hashlib.sha256(url.encode()).hexdigest()[:32]
    cache.mkdir(parents=True, exist_ok=True)
    mirror.parent.mkdir(mode=0o700, exist_ok=True)  # what a token opened is nobody else's to read
    command = GitCommand(settings, mirror)
    with alone(mirror.with_suffix(".lock"), f"fetching {url}") as share:
        head = _fetch(command, settings, mirror)
        share()
        yield command, head


def refused_push(settings: GitSettings, cache: Path) -> str:
    """Why the server would take no push to the branch; "" where it would. Asked by a push that sends nothing.

    Raises:
        GitError: as `fetched`.
    """
    with fetched(settings, cache) as (command, head):
        if command.url.startswith("/") and not os.access(command.url, os.W_OK):
            return "no permission: the folder cannot be written"
        try:
            target = f"{head}:refs/heads/{settings.branch}"
            command.run("push", "--dry-run", "--quiet", "--", command.url, target, network=True)
        except CommandFailed as failure:
            return command.explained(failure, "push").text
    return ""


def _fetch(command: GitCommand, settings: GitSettings, mirror: Path) -> str:
    ref = f"refs/hhsync/{hashlib.sha256(settings.branch.encode()).hexdigest()[:16]}"
    refspec = f"+refs/heads/{settings.branch}:{ref}"
    for last in (False, True):
        try:
            made = not (mirror / "HEAD").is_file()
            if made:
                _require_version(command)
                _make(command, mirror)
            command.run(
                "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
                "--", command.url, refspec, network=True,
            )  # fmt: skip
            if made:  # only now: the fetch took what the copied branches have for complete
                command.run("update-ref", "--stdin", stdin=command.run("for-each-ref", _DELETE, "refs/heads"))
            return command.run("rev-parse", "--verify", f"{ref}^{{commit}}").decode().strip()
        except CommandFailed as failure:
            if _MISSING_BRANCH in failure.words:
                raise _missing_branch(command, settings) from None
            if last or not _DAMAGED.search(failure.words):
                raise GitError(f"Git repository {command.url}: {command.meaning(failure)}") from None
            shutil.rmtree(mirror, ignore_errors=True)
    raise AssertionError("the second attempt returns or raises")


def _make(command: GitCommand, mirror: Path) -> None:
    """A new mirror: of a local repository by hard links, which costs nothing, else empty."""
    if command.url.startswith("/"):
        with suppress(CommandFailed):  # another file system, or something that only the fetch can explain
            command.run(
                "clone", "--quiet", "--bare", "--local", "--no-tags", "--", command.url, str(mirror), network=True
            )  # fmt: skip
            return
        shutil.rmtree(mirror, ignore_errors=True)
    command.run("init", "--bare", "--quiet", str(mirror))


def _require_version(command: GitCommand) -> None:
    """Older gits would pass over the configuration that we hand over in the environment, and the credentials with it."""
    output = command.run("version").decode("ascii", "replace")
    numbers = tuple(int(number) for number in re.findall(r"[0-9]+", output)[:2])
    if numbers < OLDEST_GIT:
        oldest = ".".join(str(number) for number in OLDEST_GIT)
        raise GitError(f"{output.strip()} is too old; hhsync needs git {oldest} or newer")


def _missing_branch(command: GitCommand, settings: GitSettings) -> GitError:
    try:
        listed = command.run("ls-remote", "--heads", "--", command.url, network=True).decode("utf-8", "replace")
    except CommandFailed as failure:
        return GitError(f"Git repository {command.url}: {command.meaning(failure)}")
    names = sorted(line.partition("refs/heads/")[2] for line in listed.splitlines())
    if not names:
        return GitError(f"Git repository {command.url} has no branch yet; push a first commit to {settings.branch}")
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    return GitError(
        f'Git repository {command.url} has no branch "{settings.branch}" (hhsync:gitBranch); it has: {shown}'
    )


_HEADS = "refs/heads/"


def branches(settings: GitSettings, cache: Path, prefix: str) -> tuple[str, ...]:
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
