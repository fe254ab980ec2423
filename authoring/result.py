"""What a write-back changes, and what it did: the CRs, the difference as text, and the result's stable JSON shape. Pure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from providers.core.diff import FieldChange
from providers.core.diff import changes as differences
from providers.core.equality import MISSING, canonical
from providers.core.field_path import dotted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from authoring.folder import Folder
    from authoring.pull_requests import PullRequest
    from providers.core.identity import ObjectRef

CREATED, UPDATED, DELETED = "create", "update", "delete"


@dataclass(frozen=True, slots=True)
class Changed:
    """One CR that a commit changes: `path` is its file (for a deleted one: where it was)."""

    ref: ObjectRef
    action: str
    path: str
    properties: tuple[FieldChange, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """`{"ref", "action", "path", "properties": [{"path", "old"?, "new"?}]}`; an absent side has no key."""
        return {
            "ref": str(self.ref),
            "action": self.action,
            "path": self.path,
            "properties": [_property(one) for one in self.properties],
        }


def _property(change: FieldChange) -> dict[str, Any]:
    result: dict[str, Any] = {"path": dotted(change.path)}
    if change.old is not MISSING:
        result["old"] = change.old
    if change.new is not MISSING:
        result["new"] = change.new
    return result


@dataclass(frozen=True, slots=True)
class Preview:
    """What a commit would change: the CRs, and the difference of the files as unified diff."""

    base: str
    changed: tuple[Changed, ...]
    diff: str


@dataclass(frozen=True, slots=True)
class EditResult:
    """What a write-back did. `commit` is "" where nothing was to do (`note` says why), in a dry run, and where it was declined.

    `changed` and `files` (path → A, M or D) are counted from Git after the push.
    """

    verb: str
    fabric: str
    branch: str
    base: str
    commit: str
    changed: tuple[Changed, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    diff: str = field(default="", repr=False)
    dry_run: bool = False
    note: str = ""
    attempts: int = 1
    pull_request: PullRequest | None = None

    @property
    def exit_code(self) -> int:
        """2 where a dry run would write a commit, else 0."""
        return 2 if self.dry_run and self.changed else 0

    def to_json(self) -> dict[str, Any]:
        """The shape that `--json` prints."""
        return {
            "verb": self.verb,
            "fabric": self.fabric,
            "ok": True,
            "exit_code": self.exit_code,
            "dry_run": self.dry_run,
            "branch": self.branch,
            "base": self.base,
            "commit": self.commit,
            "changes": [one.to_json() for one in self.changed],
            "files": dict(self.files),
            "diff": self.diff,
            "note": self.note,
            "pull_request": self.pull_request.to_json() if self.pull_request else None,
            "errors": [],
        }


def file_changes(before: Folder, after: Folder) -> dict[str, bytes | None]:
    """The files that differ: path → new bytes, None for one that is gone."""
    paths = before.files.keys() | after.files.keys()
    return {path: after.files.get(path) for path in sorted(paths) if before.files.get(path) != after.files.get(path)}


def previewed(before: Folder, after: Folder, refs: Sequence[ObjectRef]) -> Preview:
    """The difference of two contents of the folder, as text and CR by CR."""
    moved = file_changes(before, after)
    diff = "".join(_unified(path, before.files.get(path), data) for path, data in moved.items())
    changed = [one for ref in refs if (one := _changed(before, after, ref)) is not None]
    return Preview(before.commit, tuple(changed), diff)


def _changed(before: Folder, after: Folder, ref: ObjectRef) -> Changed | None:
    old, new = before.find(ref), after.find(ref)
    if not old and not new:
        return None
    if not new:
        return Changed(ref, DELETED, old[0].path)
    if not old:
        return Changed(ref, CREATED, new[0].path)
    if old[0].text == new[0].text and old[0].path == new[0].path:
        return None
    return Changed(ref, UPDATED, new[0].path, tuple(differences(canonical(old[0].value), canonical(new[0].value))))


def _unified(path: str, old: bytes | None, new: bytes | None) -> str:
    def lines(data: bytes | None) -> list[str]:
        return (data or b"").decode("utf-8", "replace").replace("\r\n", "\n").splitlines()

    names = (f"a/{path}" if old is not None else "/dev/null", f"b/{path}" if new is not None else "/dev/null")
    return "".join(f"{line}\n" for line in difflib.unified_diff(lines(old), lines(new), *names, lineterm=""))
