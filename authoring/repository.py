"""Git plumbing on the bare mirror: a folder's files as values, a commit built without a work tree, and its push.

A commit is built by one `git fast-import`: however many files it changes, it is one process, and it exists whole or not at
all. The push names the commit that the branch must still be at.
"""

from __future__ import annotations

import re
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitops.git import mirror, trust
from gitops.git.command import CommandFailed, GitCommand
from gitops.yaml_values import DEFAULT_LIMITS
from providers.core.finding import Finding, whole
from providers.core.manifest import Origin
from providers.errors import GitError, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from authoring.options import Author
    from providers.settings import GitSettings

_FILE, _EXECUTABLE, _LINK = "100644", "100755", "120000"
_OUT = "refs/hhsync-out"
_MOVED = re.compile(
    r"\[rejected\].*\((?:stale info|fetch first|non-fast-forward|already exists)|needs merge"
    r"|\[remote rejected\].*\((?:.*cannot lock ref|.*failed to update ref|.*incorrect old value|reference already exists"
    r"|failed to lock|.*is at [0-9a-f]+ but expected|.*fetch first)"
)
_REFUSED = re.compile(r"\[remote rejected\][^\n]*?(?:\((?P<why>[^)\n]*)\))?\s*$", re.MULTILINE)
_REMOTE = re.compile(r"^remote: ?(?:error: |fatal: |ERROR: )?(.*?)\s*$", re.MULTILINE)


class BranchMoved(Exception):
    """Somebody pushed first; nothing of ours is there."""


class PushRefused(GitError):
    """The server got the commit and did not take it: a hook, a protected branch, no room. Git is as before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a tree: its mode, its blob's id and its size in bytes."""

    mode: str
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Content of a new file: a blob that the repository has already."""

    entry: Entry


# What a path becomes: new bytes, an existing blob, or nothing (removed).
type Content = bytes | Moved | None


def tree(command: GitCommand, commit: str, folder: str) -> dict[str, Entry]:
    """Every file below a folder at a commit, by path from the repository's root; also links and submodules."""
    scope = ("--", f"{folder}/") if folder else ()
    entries: dict[str, Entry] = {}
    for record in command.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit, *scope).split(b"\0"):
        if record:
            facts, _, path = record.partition(b"\t")
            mode, _, blob, size = facts.decode("ascii").split()
            with suppress(UnicodeDecodeError):  # such a file is reported by every read, and never ours to write
                entries[path.decode("utf-8")] = Entry(mode, blob, int(size) if size.isdigit() else 0)
    return entries


def contents(command: GitCommand, entries: Mapping[str, Entry]) -> dict[str, bytes]:
    """The bytes of each file, by one `cat-file --batch`."""
    if not entries:
        return {}
    asked = "".join(f"{entry.blob}\n" for entry in entries.values()).encode()
    response = command.run("cat-file", "--batch", stdin=asked)
    files: dict[str, bytes] = {}
    at = 0
    for path, entry in entries.items():
        line_end = response.index(b"\n", at)
        words = response[at:line_end].split()
        if len(words) != 3 or words[1] != b"blob":
            raise CommandFailed(f"fatal: bad object {entry.blob} of {path}")
        start, size = line_end + 1, int(words[2])
        files[path] = response[start : start + size]
        at = start + size + 1
    return files


def readable(entries: Mapping[str, Entry]) -> tuple[dict[str, Entry], list[Finding]]:
    """The YAML files of a folder that are read as CRs, and findings about those that are not."""
    good: dict[str, Entry] = {}
    issues: list[Finding] = []
    for path, entry in entries.items():
        if not path.endswith((".yaml", ".yml")):
            continue
        if entry.mode == _LINK:
            issues.append(whole(Origin(path, 1, 0), "a symbolic link, which is not followed; put the file itself here"))
        elif entry.mode in (_FILE, _EXECUTABLE) and entry.size > DEFAULT_LIMITS.file_bytes:
            text = f"the file has {entry.size} bytes, more than {DEFAULT_LIMITS.file_bytes}; split it"
            issues.append(whole(Origin(path, 1, 0), text))
        elif entry.mode in (_FILE, _EXECUTABLE):
            good[path] = entry
    return good, issues


def build(
    command: GitCommand,
    parent: str | None,
    files: Mapping[str, Content],
    message: str,
    author: Author,
    signing_key: str | None,
) -> str:
    """The commit that changes `files` on top of `parent` (None: a first commit). It is in the mirror and nowhere else.

    Raises:
        CommandFailed: git cannot write it, e.g. because the disk is full.
    """
    ref = f"{_OUT}/{uuid.uuid4().hex}"
    try:
        command.run("fast-import", "--quiet", "--date-format=raw", stdin=_stream(ref, parent, files, message, author))
        commit = command.run("rev-parse", "--verify", f"{ref}^{{commit}}").decode().strip()
        return _signed(command, commit, parent, message, author, signing_key) if signing_key else commit
    finally:
        with suppress(CommandFailed, GitError):
            command.run("update-ref", "-d", ref)


def _stream(ref: str, parent: str | None, files: Mapping[str, Content], message: str, author: Author) -> bytes:
    text = (message.rstrip() + "\n").encode()
    who = f"{author.name} <{author.mail}> {int(time.time())} +0000"
    parts = [f"commit {ref}\nauthor {who}\ncommitter {who}\ndata {len(text)}\n".encode(), text, b"\n"]
    if parent is not None:
        parts.append(f"from {parent}\n".encode())
    removed = sorted(path for path, content in files.items() if content is None)
    parts += [b"D " + _quoted(path) + b"\n" for path in removed]
    for path, content in sorted((path, content) for path, content in files.items() if content is not None):
        if isinstance(content, Moved):
            parts.append(f"M {content.entry.mode} {content.entry.blob} ".encode() + _quoted(path) + b"\n")
        else:
            parts += [b"M 100644 inline " + _quoted(path) + b"\n", f"data {len(content)}\n".encode(), content, b"\n"]
    return b"".join([*parts, b"done\n"])


def _quoted(path: str) -> bytes:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'.encode()


def _signed(command: GitCommand, commit: str, parent: str | None, message: str, author: Author, key: str) -> str:
    """Sign a commit, which makes another one: by SSH where the key is a file, else by GPG."""
    identity = ("-c", f"user.name={author.name}", "-c", f"user.email={author.mail}")
    ssh = key.startswith(("/", "~", "key::"))
    key = str(Path(key).expanduser()) if ssh else key
    how = ("-c", f"gpg.format={'ssh' if ssh else 'openpgp'}", "-c", f"user.signingkey={key}")
    onto = ("-p", parent) if parent else ()
    made = command.run(
        *identity, *how, "commit-tree", "-S", *onto, "-F", "-", f"{commit}^{{tree}}", stdin=(message.rstrip() + "\n").encode()
    )  # fmt: skip
    return made.decode().strip()


def push(command: GitCommand, commit: str, branch: str, expected: str | None) -> None:
    """Move the branch of the server from `expected` (None: it does not exist) to the commit.

    Raises:
        BranchMoved: it is elsewhere by now; nothing was written.
        PushRefused: the server says no; nothing was written.
        CommandFailed: anything else; whether the commit arrived is for `contains` to find out.
    """
    lease = f"--force-with-lease=refs/heads/{branch}:{expected or ''}"
    try:
        command.run(
            "push", "--quiet", "--no-verify", "--no-recurse-submodules", lease, "--", command.url,
            f"{commit}:refs/heads/{branch}", network=True,
        )  # fmt: skip
    except CommandFailed as failure:
        if _MOVED.search(failure.words):
            raise BranchMoved from None
        refused = _REFUSED.search(failure.words)
        if refused:
            if "currently checked out" in failure.words:
                raise PushRefused(
                    "it has a work tree in which this branch is checked out; name a bare repository (git clone --bare), or "
                    "type there: git config receive.denyCurrentBranch updateInstead"
                ) from None
            said = "; ".join(line for line in _REMOTE.findall(failure.words) if line)
            why = refused["why"] or "refused"
            raise PushRefused(one_line(f"{why}{': ' + said if said else ''}")) from None
        raise


def resolved(command: GitCommand, named: str, head: str) -> str | None:
    """The full id of a commit that a person names, in the history of `head` (which is what HEAD means); None for no such."""
    if not named or named.startswith("-"):
        return None
    if named.startswith("HEAD"):  # the mirror has none of its own
        named = head + named.removeprefix("HEAD")
    try:
        commit = command.run("rev-parse", "--verify", "--quiet", f"{named}^{{commit}}", "--").decode().split()[0]
    except (CommandFailed, IndexError):
        return None
    return commit if contains(command, head, commit) else None


def contains(command: GitCommand, tip: str, commit: str) -> bool:
    """Whether a branch's head has the commit in its history."""
    try:
        command.run("merge-base", "--is-ancestor", commit, tip)
    except CommandFailed:
        return False
    return True


def changed(command: GitCommand, before: str | None, after: str, folder: str) -> dict[str, str]:
    """What a commit changed below a folder, from its objects: path → "A" (added), "M" or "D" (removed)."""
    scope = ("--", f"{folder}/") if folder else ()
    sides = (before, after) if before else ("--root", after)
    words = command.run("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", "--name-status", *sides, *scope)
    parts = words.split(b"\0")
    return {
        path.decode("utf-8", "replace"): status.decode("ascii")
        for status, path in zip(parts[0:-1:2], parts[1::2], strict=True)
    }


def head_of(command: GitCommand, branch: str) -> str | None:
    """Where a branch of the server is; None where there is no such branch."""
    said = command.run("ls-remote", "--heads", "--", command.url, f"refs/heads/{branch}", network=True).decode()
    for line in said.splitlines():
        commit, _, ref = line.partition("\t")
        if ref == f"refs/heads/{branch}":
            return commit
    return None


@contextmanager
def fetched(settings: GitSettings, cache: Path) -> Iterator[tuple[GitCommand, str]]:
    """The mirror, up to date, and the branch's head, signed where the settings ask for it.

    Raises:
        GitError: as every read; what git says while the block reads on becomes one, too.
    """
    with mirror.fetched(settings, cache) as (command, head):
        try:
            trust.require_signature(command, settings, head)
            yield command, head
        except CommandFailed as failure:
            raise GitError(f"Git repository {command.url} at {head[:12]}: {command.meaning(failure)}") from None


def identity(command: GitCommand, names: Iterable[str] = ("user.name", "user.email")) -> tuple[str, ...]:
    """The user's own git identity, "" for what is not set."""
    found = []
    for name in names:
        try:
            found.append(command.run("config", "--get", name, network=True).decode("utf-8", "replace").strip())
        except CommandFailed:
            found.append("")
    return tuple(found)
