"""Plan → commit → push → count, again on a newer head when somebody pushed first. Git is as before, or completely changed.

A plan is made from a folder at a commit, so it can be made anew. What the outcome says is read from Git after the push.
"""

from __future__ import annotations

import hashlib
import random
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from authoring import repository
from authoring.folder import Folder, blob_id
from authoring.options import Author, Authoring
from authoring.repository import BranchMoved, Content, PushRefused
from gitops.git import trust
from gitops.git.command import CommandFailed, GitCommand
from gitops.git.lock import alone
from providers.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from authoring.repository import Entry
    from providers.settings import GitSettings

# Pushes that may lose the race. Of any number of writers one wins each time, so 40 writers at once all get through.
ATTEMPTS = 40

_LONGEST_PAUSE = 2.0


class WriteFailed(GitError):
    """Nothing was written, or it is not known: the text says which. `arrived` is False or, where not known, None."""

    def __init__(self, message: str, arrived: bool | None = False) -> None:
        super().__init__(message)
        self.arrived = arrived


@dataclass(frozen=True, slots=True)
class Source:
    """The repository as a plan sees it: the folder's files at the head, and a way to read any other commit."""

    command: GitCommand = field(repr=False)
    head: str
    entries: Mapping[str, Entry] = field(repr=False)
    folder: Folder = field(repr=False)

    def at(self, commit: str) -> Source:
        """This source at another commit of the repository."""
        return source(self.command, commit, self.folder.root, self.folder.branch)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one commit is to hold: paths from the repository's root to their content. No files: nothing to do."""

    files: Mapping[str, Content]
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write did. `commit` is "" where there was nothing to do, or it was a dry run.

    `changed` is counted from Git after the push (in a dry run: as planned): path → "A", "M" or "D". `tree` are the folder's
    files at the commit, or at the base where there is none; `after` is the folder's content at the commit, as Git has it.
    """

    branch: str
    base: str
    commit: str
    changed: Mapping[str, str]
    tree: Mapping[str, Entry] = field(default_factory=dict, repr=False)
    after: Folder | None = field(default=None, repr=False)
    attempts: int = 1
    dry_run: bool = False


def source(command: GitCommand, commit: str, root: str, branch: str) -> Source:
    """Read the fabric's folder at a commit."""
    entries = repository.tree(command, commit, root)
    good, issues = repository.readable(entries)
    files = repository.contents(command, good)
    folder = Folder(root, commit, branch, files, frozenset(entries), tuple(issues))
    return Source(command, commit, entries, folder)


@contextmanager
def reading(settings: GitSettings, cache: Path) -> Iterator[Source]:
    """The folder at the head of its branch.

    Raises:
        GitError: the repository, branch or credentials do not work, or there is no such folder.
    """
    with repository.fetched(settings, cache) as (command, head):
        found = source(command, head, settings.path, settings.branch)
        require_folder(settings, found)
        yield found


def require_folder(settings: GitSettings, found: Source) -> None:
    """Refuse a folder that the commit does not have.

    Raises:
        GitError: it is so.
    """
    if settings.path and not found.entries:
        raise GitError(
            f'Git repository {settings.url} has no folder "{settings.path}" on branch {settings.branch} (hhsync:gitPath); '
            f"make it with: hhsync init FABRIC --scaffold"
        )


def publish(
    settings: GitSettings,
    cache: Path,
    options: Authoring,
    planner: Callable[[Source], Plan],
    *,
    onto: str | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Make the planned commit the new head of the branch; `onto` is an edit branch that gets it instead.

    The planner is called again for every head that turned out not to be the newest. It may raise what it likes.

    Raises:
        GitError: the repository cannot be read; nothing was written.
        WriteFailed: the server did not take the commit, or cannot be asked whether it did.
    """
    with _one_writer(settings, cache):
        for attempt in range(1, ATTEMPTS + 1):
            target = existing(settings, cache, onto)
            try:
                return replace(_attempt(target, cache, options, planner, onto, dry_run=dry_run), attempts=attempt)
            except BranchMoved:
                time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.05 * attempt)))  # noqa: S311  # no secret depends on it
    raise WriteFailed(
        f"{settings.url}: the branch {onto or settings.branch} moved {ATTEMPTS} times while hhsync tried to push; nothing was "
        f"written; run the same command again"
    )


def existing(settings: GitSettings, cache: Path, onto: str | None) -> GitSettings:
    """The settings to read from: those of the edit branch where it exists already, so that edits add up."""
    if onto is None:
        return settings
    with repository.fetched(settings, cache) as (command, _):
        there = repository.head_of(command, onto) is not None
    return replace(settings, branch=onto) if there else settings


def _attempt(
    settings: GitSettings,
    cache: Path,
    options: Authoring,
    planner: Callable[[Source], Plan],
    onto: str | None,
    *,
    dry_run: bool,
) -> Outcome:
    branch = onto or settings.branch
    with repository.fetched(settings, cache) as (command, head):
        found = source(command, head, settings.path, settings.branch)
        plan = planner(found)
        files = _real(found, plan.files)
        if not files or dry_run:
            return Outcome(branch, head, "", _as_planned(found, files), found.entries, dry_run=dry_run)
        require_signature(settings, options)
        try:
            author = options.author or default_author(command)
            commit = repository.build(command, head, files, plan.message, author, options.signing_key)
        except (CommandFailed, OSError) as failure:
            why = command.meaning(failure) if isinstance(failure, CommandFailed) else failure.strerror
            raise WriteFailed(f"the commit could not be made in {cache}: {why}; nothing was written to Git") from None
        try:
            trust.require_signature(command, settings, commit)
        except GitError as error:
            raise WriteFailed(
                f"hhsync:gitSigningKey is no good for this stack: {error}; nothing was written to Git"
            ) from None
        expected = head if branch == settings.branch else None
        _push(settings, command, commit, branch, expected)
    return _confirmed(replace(settings, branch=branch), cache, head, commit)


def _push(settings: GitSettings, command: GitCommand, commit: str, branch: str, expected: str | None) -> None:
    try:
        repository.push(command, commit, branch, expected)
    except PushRefused as refused:
        raise WriteFailed(
            f"{settings.url} refused the push to {branch}: {refused}; nothing was written to Git"
        ) from None
    except CommandFailed as failure:
        why = command.meaning(failure)
        try:
            tip = repository.head_of(command, branch)
        except (CommandFailed, GitError):
            raise WriteFailed(
                f"the push of {commit[:12]} to {branch} of {settings.url} broke off ({why}), and the server cannot be asked "
                f"whether it arrived: run the same command again, which writes nothing twice",
                arrived=None,
            ) from None
        if tip == commit:
            return
        if tip != expected:
            raise BranchMoved from None
        raise WriteFailed(f"the push to {branch} of {settings.url} failed: {why}; nothing was written to Git") from None


def _confirmed(settings: GitSettings, cache: Path, base: str, commit: str) -> Outcome:
    """What Git has now, from a fetch of its own."""
    try:
        with repository.fetched(settings, cache) as (command, tip):
            if not repository.contains(command, tip, commit):
                raise WriteFailed(
                    f"{commit[:12]} was pushed to {settings.branch} of {settings.url}, and is not there any more: somebody "
                    f"moved the branch back"
                )
            changed = repository.changed(command, base, commit, settings.path)
            there = source(command, commit, settings.path, settings.branch)
            return Outcome(settings.branch, base, commit, changed, there.entries, there.folder)
    except WriteFailed:
        raise
    except GitError as error:
        raise WriteFailed(
            f"{commit[:12]} was pushed to {settings.branch}, but what is there could not be read back: {error}",
            arrived=True,
        ) from None


def default_author(command: GitCommand) -> Author:
    """The user's own git identity, else hhsync's."""
    name, mail = repository.identity(command)
    name, mail = (re.sub(r"[<>\x00-\x1f]", "", one).strip() for one in (name, mail))
    return Author(name or "hhsync", mail or "hhsync@localhost")


def require_signature(settings: GitSettings, options: Authoring) -> None:
    """Refuse to make a commit that the stack's own rule would refuse to read.

    Raises:
        GitError: the stack wants signed commits, and there is no key to sign with.
    """
    if settings.signed and not options.signing_key:
        raise GitError(
            "stack config hhsync:gitVerify asks for signed commits, and hhsync has no key to sign its own: set "
            "hhsync:gitSigningKey (the path of an SSH key, or a GPG key's id); nothing was written"
        )


def _real(found: Source, files: Mapping[str, Content]) -> dict[str, Content]:
    """Without what would leave a file as it is."""
    real: dict[str, Content] = {}
    for path, content in files.items():
        entry = found.entries.get(path)
        if content is None:
            same = entry is None
        elif isinstance(content, bytes):
            same = entry is not None and entry.blob == blob_id(content)
        else:
            same = entry == content.entry
        if not same:
            real[path] = content
    return real


def _as_planned(found: Source, files: Mapping[str, Content]) -> dict[str, str]:
    return {
        path: "D" if content is None else "M" if path in found.entries else "A"
        for path, content in sorted(files.items())
    }


def _one_writer(settings: GitSettings, cache: Path) -> AbstractContextManager[object]:
    """Writers of one machine take turns; those of other machines are met at the server."""
    name = hashlib.sha256(settings.url.encode()).hexdigest()[:32]
    return alone(cache / "git" / f"{name}.write.lock", f"writing to {settings.url}")
