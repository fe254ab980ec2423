"""What a sync would say of a folder's content that is in no commit yet: the same parser, schemas and rules as for any input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops import (
    documents,
    load,
    manifests,
    schemas,
)
from gitops.cache.readings import Memory
from gitops.snapshot import Snapshot
from providers.core.manifest import Attribution

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authoring.folder import Folder
    from gitops.desired import DesiredState
    from providers.core.finding import Finding
    from providers.core.schema import Schema

_NOBODY = Attribution("", "", "1970-01-01T00:00:00Z")


class Validator(Memory):
    """Reads folders with these schemas; a file that two folders share is read once."""

    def __init__(self, by_kind: Mapping[str, Schema] | None = None) -> None:
        self.schemas = by_kind or schemas.bundled()
        self._readings: dict[tuple[str, bytes], manifests.Reading] = {}

    def assembled(self, folder: Folder) -> tuple[DesiredState, tuple[Finding, ...]]:
        """The desired state of this content, and every error."""
        snapshot = Snapshot(
            commit=folder.commit,
            branch=folder.branch,
            folder=folder.root,
            files=folder.files,
            attribution=dict.fromkeys(folder.files, _NOBODY),
            last_folder_commit=folder.commit,
            paths=tuple(sorted(folder.paths)),
            issues=folder.issues,
        )
        return load.assemble(snapshot, self)

    def new_errors(self, before: Folder, after: Folder) -> list[Finding]:
        """The errors that `after` has and `before` has not; a line that moved is no new error."""
        found = self.assembled(after)[1]
        if not found:
            return []
        known = {_reported(issue) for issue in self.assembled(before)[1]}
        return [issue for issue in found if _reported(issue) not in known]

    def reading(self, snapshot: Snapshot, path: str) -> manifests.Reading:
        """What one file holds."""
        data = snapshot.files[path]
        known = self._readings.get((path, data))
        if known is None:
            found, issues = documents.parse(path, data)
            known = manifests.read(found, {path: _NOBODY}, self.schemas)
            known.issues = [*issues, *known.issues]
            self._readings[path, data] = known
        return known


def _reported(issue: Finding) -> tuple[str, str, str]:
    return issue.origin.path, issue.field, issue.message
