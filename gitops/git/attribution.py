"""Who last changed each file of a folder: from the history, or from what an earlier run found plus the commits since then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops.git import history
from gitops.git.command import CommandFailed
from gitops.git.history import Changes
from providers.core.manifest import Attribution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops.cache.store import Store
    from gitops.git.command import GitCommand

# The form of what is stored, and the rule of `git_history`: a change of either needs another name.
SPACE = "attribution-1"


def changes(command: GitCommand, store: Store, head: str, folder: str, paths: Sequence[bytes]) -> Changes:
    """Who last changed these paths as seen from `head`.

    Raises:
        CommandFailed: the history cannot be read.
    """
    key = f"{command.url}\0{folder}"
    before = _of_json(store.get(SPACE, [key]).get(key))
    if before is not None and before.head == head and before.who.keys() >= set(paths):
        return before
    found = _since(command, before, head, folder, paths) or _walked(command, None, head, folder, paths)
    assert found is not None  # only a walk with `before` can give up
    store.put(SPACE, {key: _json(found)})
    return found


def _since(
    command: GitCommand, before: Changes | None, head: str, folder: str, paths: Sequence[bytes]
) -> Changes | None:
    """By the commits since an earlier run; None where there was none, or where it is no ancestor."""
    if before is None:
        return None
    try:
        command.run("merge-base", "--is-ancestor", before.head, head)
        return _walked(command, before, head, folder, paths)
    except CommandFailed:  # no ancestor, or no longer in the mirror
        return None


def _walked(
    command: GitCommand, before: Changes | None, head: str, folder: str, paths: Sequence[bytes]
) -> Changes | None:
    stop = (f"^{before.head}",) if before else ()
    scope = ("--", f"{folder}/") if folder else ()
    with command.stream(*history.LOG_ARGUMENTS, head, *stop, *scope) as log:
        return history.last_changes(log, head, paths, before)


def _json(found: Changes) -> dict[str, Any]:
    commits: dict[str, list[Any]] = {}
    for path, who in found.who.items():
        commits.setdefault(who.commit, [who.author, who.committed_at]).append(path.decode("utf-8", "surrogateescape"))
    return {"head": found.head, "folder": found.folder, "commits": commits}


def _of_json(value: Any) -> Changes | None:
    try:
        who = {
            path.encode("utf-8", "surrogateescape"): known
            for commit, (author, moment, *paths) in value["commits"].items()
            for known in [Attribution(commit, author, moment)]
            for path in paths
        }
        return Changes(value["head"], value["folder"], who)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
