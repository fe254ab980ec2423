"""`hhsync revert COMMIT`: undo one commit's changes of this fabric's folder, and of nothing else."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from authoring import edits, repository, write
from authoring.changes import ChangeRefused
from authoring.folder import Folder, identity, objects
from authoring.repository import Content, Moved
from authoring.result import (
    EditResult,
    Preview,
    file_changes,
    previewed,
)
from authoring.text import timestamps
from authoring.validation import Validator
from gitops import documents
from gitops.git.command import CommandFailed, GitCommand

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from authoring.edits import Request
    from authoring.options import Authoring
    from authoring.write import Source
    from providers.core.identity import ObjectRef
    from providers.settings import GitSettings


@dataclass(slots=True)
class _Planned:
    """What the last plan was made of."""

    before: Folder | None = None
    after: Folder | None = None
    outside: int = 0


def revert(
    settings: GitSettings,
    cache: Path,
    options: Authoring,
    commit: str,
    request: Request,
    validator: Validator | None = None,
) -> EditResult:
    """Take back one commit; a file that changed since is merged line by line, and a conflict is refused.

    `request.changes` is not used: what changes follows from the commit.

    Raises:
        ChangeRefused: the commit is not one that can be taken back here; the text says why.
        ValidationFailed, GitError: as `edits.change`.
    """
    validated = validator or Validator()
    read = write.existing(settings, cache, request.branch)
    planned = _Planned()

    def planner(source: Source) -> write.Plan:
        return _plan(source, commit, request, validated, planned)

    with write.reading(read, cache) as source:
        first = planner(source)
        seen = _preview(planned)
        base = source.head
    branch = request.branch or settings.branch
    if not first.files:
        return EditResult(request.verb, request.fabric, branch, base, "", dry_run=request.dry_run, note=edits.NOTHING)
    if not request.dry_run and not request.confirm(seen):
        note = "not confirmed; nothing was written"
        return EditResult(request.verb, request.fabric, branch, base, "", diff=seen.diff, note=note)
    outcome = write.publish(settings, cache, options, planner, onto=request.branch, dry_run=request.dry_run)
    if outcome.after is not None:
        planned.after = outcome.after
    done = _preview(planned)
    others = f"the commit also changed {planned.outside} files outside the folder; they stay as they are"
    return EditResult(
        verb=request.verb,
        fabric=request.fabric,
        branch=outcome.branch,
        base=outcome.base,
        commit=outcome.commit,
        changed=done.changed if outcome.commit or request.dry_run else (),
        files=outcome.changed,
        diff=done.diff,
        dry_run=request.dry_run,
        note=others if planned.outside else "",
        attempts=outcome.attempts,
    )


def _preview(planned: _Planned) -> Preview:
    assert planned.before is not None  # a plan was made
    assert planned.after is not None
    moved = file_changes(planned.before, planned.after)
    return previewed(planned.before, planned.after, _refs(planned.before, planned.after, moved))


def _refs(before: Folder, after: Folder, paths: Iterable[str]) -> list[ObjectRef]:
    """The CRs that are written in these files, on either side."""
    refs: dict[ObjectRef, None] = {}
    for path in paths:
        for folder in (before, after):
            if path in folder.layout.desired and path in folder.files:
                for _, _, value in objects(documents.parse(path, folder.files[path])[0]):
                    ref = identity(value)
                    if ref is not None:
                        refs[ref] = None
    return sorted(refs)


def _plan(source: Source, named: str, request: Request, validator: Validator, planned: _Planned) -> write.Plan:
    command, root = source.command, source.folder.root
    commit, parent = _commit(source, named)
    changed = repository.changed(command, parent, commit, root)
    if not changed:
        raise ChangeRefused(
            f'commit {commit[:12]} changed nothing in the folder "{root or "."}", so there is nothing to take back'
        )
    planned.outside = len(repository.changed(command, parent, commit, "")) - len(changed)
    old, new = repository.tree(command, parent, root) if parent else {}, repository.tree(command, commit, root)
    files: dict[str, Content] = {}
    conflicts = []
    for path in changed:
        was, became, is_now = old.get(path), new.get(path), source.entries.get(path)
        if is_now == became:
            files[path] = Moved(was) if was else None
        elif is_now != was:
            merged = _merged(command, is_now, became, was)
            if merged is None:
                conflicts.append(path)
            else:
                files[path] = merged
    if conflicts:
        raise ChangeRefused(
            f"commit {commit[:12]} cannot be taken back: {', '.join(conflicts[:5])} changed in "
            f"the same places since; nothing was written; make the change by hand with hhsync edit"
        )
    before = source.folder
    after = before.with_files(_bytes(command, files))
    moved = file_changes(before, after)
    if moved and all(_only_time(before, path, data) for path, data in moved.items()):
        files = {}
    planned.before, planned.after = before, after
    if files:
        gone = validator.assembled(before)[0].manifests.keys() - validator.assembled(after)[0].manifests.keys()
        edits.require_valid(before, after, sorted(gone), validator)
    return write.Plan(files, request.message or _message(command, commit))


def _only_time(before: Folder, path: str, data: bytes | None) -> bool:
    old = before.files.get(path)
    return old is not None and data is not None and timestamps.only_moves(old.decode("utf-8"), data.decode("utf-8"))


def _commit(source: Source, named: str) -> tuple[str, str | None]:
    """The commit and its parent.

    Raises:
        ChangeRefused: there is no such commit on the branch, or it is a merge.
    """
    command = source.command
    commit = repository.resolved(command, named, source.head)
    if commit is None:
        raise no_such_commit(source, named)
    parents = command.run("rev-list", "--parents", "-n", "1", commit, "--").decode().split()[1:]
    if len(parents) > 1:
        raise ChangeRefused(f"commit {commit[:12]} is a merge; name the commits that it brought in, the newest first")
    return commit, parents[0] if parents else None


def no_such_commit(source: Source, named: str) -> ChangeRefused:
    """The error for a commit that the branch does not have."""
    return ChangeRefused(
        f'the branch {source.folder.branch} has no commit "{named}"; git log names those that there are'
    )


def _merged(
    command: GitCommand, current: repository.Entry | None, base: repository.Entry | None, other: repository.Entry | None
) -> bytes | None:
    """The current file with the difference from `base` to `other` made to it; None where they meet."""
    if current is None or base is None or other is None:
        return None
    blobs = {"current": current, "base": base, "other": other}
    texts = repository.contents(command, blobs)
    with tempfile.TemporaryDirectory(prefix="hhsync-") as folder:
        paths = []
        for name, data in texts.items():
            path = Path(folder) / name
            path.write_bytes(data)
            paths.append(str(path))
        try:
            return command.run("merge-file", "--quiet", "-p", *paths)
        except CommandFailed:  # as many conflicts as its exit code says
            return None


def _bytes(command: GitCommand, files: Mapping[str, Content]) -> dict[str, bytes | None]:
    """The content of YAML files, as the folder has it."""
    moved = {path: content.entry for path, content in files.items() if isinstance(content, Moved)}
    good, _ = repository.readable(moved)
    found: dict[str, bytes | None] = dict(repository.contents(command, good))
    found |= {path: content for path, content in files.items() if isinstance(content, bytes) or content is None}
    return found


def _message(command: GitCommand, commit: str) -> str:
    subject = command.run("show", "-s", "--format=%s", commit, "--").decode("utf-8", "replace").strip()
    return f'Revert "{subject}"\n\nThis reverts commit {commit}.'
