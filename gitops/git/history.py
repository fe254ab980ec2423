"""Which commit last changed each file: one walk over the history, whatever the number of files. Pure: reads git's output.

The rule is that of `git log -1 -- FILE`, for all files at once. A file is handed from commit to parent as long as that
parent has the same content; at a merge it goes to the first parent with the same content. The commit whose parents all
differ is the one that last changed it, so a merge is named only where it made content of its own (a resolved conflict).
Dates play no part: a side branch that was merged and overruled is not named, however young its commits are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from providers.core.manifest import Attribution

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Every commit, children before parents, with its real parents and its difference to each of them.
LOG_ARGUMENTS = (
    "log", "--full-history", "--sparse", "--topo-order", "--parents", "--pretty=raw", "--no-decorate", "--no-abbrev",
    "-m", "--raw", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-color", "--no-show-signature", "--no-notes",
)  # fmt: skip

_BLOCK = 1 << 16
_FOLDER = b"\0folder"  # no path: git's paths hold no NUL


_AUTHOR = re.compile(rb"^author (.*?) ?<(.*?)> (-?[0-9]+) [+-][0-9]+$", re.MULTILINE)


@dataclass(slots=True)
class _Commit:
    """One commit, its parents, and the paths in which it differs from each parent ("" where it has none)."""

    name: str
    parents: tuple[str, ...]
    header: bytes
    changed: dict[str, set[bytes]]


@dataclass(frozen=True, slots=True)
class Changes:
    """Who last changed each path of a folder as seen from `head`, and the last commit that changed the folder at all."""

    head: str
    folder: str
    who: Mapping[bytes, Attribution]


def last_changes(log: IO[bytes], head: str, paths: Iterable[bytes], before: Changes | None = None) -> Changes | None:
    """Who last changed each path, and the last commit that changed anything that the log shows.

    `log` is the output of `LOG_ARGUMENTS head -- folder`; it is read until all paths are found. A path that the history
    does not explain (a damaged or cut history) is missing from the answer.

    `before` is what was found for an ancestor: `log` then ends there (`LOG_ARGUMENTS head ^ancestor -- folder`), and what is
    handed on to the ancestor is known. None where that is not enough: another commit below the log, or an unknown path.
    """
    waiting: dict[str, set[bytes]] = {head: {*paths, _FOLDER}}
    found: dict[bytes, Attribution] = {}
    folder = head
    for commit in _commits(log):
        mine = _hand_on(commit, waiting)
        if mine:
            who = _attribution(commit)
            if _FOLDER in mine:
                folder = commit.name
            found.update(dict.fromkeys(mine, who))
        if not waiting:
            break
    if before is not None:
        left = waiting.pop(before.head, set())
        if waiting or not before.who.keys() >= left - {_FOLDER}:
            return None
        folder = before.folder if _FOLDER in left else folder
        found.update((path, before.who[path]) for path in left - {_FOLDER})
    found.pop(_FOLDER, None)
    return Changes(head, folder, found)


def _hand_on(commit: _Commit, waiting: dict[str, set[bytes]]) -> set[bytes]:
    """Give what waits for this commit to the parents that have the same content; the rest was changed here."""
    mine = waiting.pop(commit.name, set())
    for parent in commit.parents:
        if not mine:
            break
        differs = commit.changed.get(parent)
        stays = mine & differs if differs else set()
        if differs and _FOLDER in mine:
            stays.add(_FOLDER)
        mine -= stays
        if mine:
            waiting[parent] = waiting[parent] | mine if parent in waiting else mine
        mine = stays
    return mine


def _attribution(commit: _Commit) -> Attribution:
    match = _AUTHOR.search(commit.header)
    if match is None:
        return Attribution(commit.name, "unknown", "1970-01-01T00:00:00Z")
    name, mail, seconds = match[1].decode("utf-8", "replace"), match[2].decode("utf-8", "replace"), int(match[3])
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # a year that no calendar has
        moment = datetime.fromtimestamp(0, UTC)
    return Attribution(commit.name, f"{name} <{mail}>", moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _commits(log: IO[bytes]) -> Iterator[_Commit]:
    """The commits of a log in its order; a merge comes as one block per parent and leaves as one commit."""
    commit: _Commit | None = None
    parent = ""
    tokens = _tokens(log)
    for token in tokens:
        if token.startswith(b"commit "):
            # Lines of a message are indented, so a colon at the start of a line is the first record.
            header, record, _ = token.partition(b"\n:")
            name, parents, parent = _hashes(header)
            if commit is None or commit.name != name:
                if commit is not None:
                    yield commit
                commit = _Commit(name, parents, header, {})
        else:
            record = token
        if record and commit is not None:
            commit.changed.setdefault(parent, set()).add(next(tokens, b""))
    if commit is not None:
        yield commit


def _hashes(header: bytes) -> tuple[str, tuple[str, ...], str]:
    """Of `commit HASH PARENT... [(from PARENT)]`: the commit, its parents, and the parent it is compared with."""
    line = header.partition(b"\n")[0].decode("ascii", "replace").removeprefix("commit ")
    hashes, _, compared = line.partition(" (from ")
    name, *parents = hashes.split()
    return name, tuple(parents), compared.rstrip(")") or (parents[0] if parents else "")


def _tokens(log: IO[bytes]) -> Iterator[bytes]:
    left = b""
    while block := log.read(_BLOCK):
        *tokens, left = (left + block).split(b"\0")
        yield from tokens
    if left:
        yield left
