"""Any number of changes of one fabric's CRs as one commit, for scripts: `with fabric.batch("why") as batch: batch.set(…)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from authoring.changes import Assign, Change, ChangeRefused, Patch, Remove, Unset, parse_ref
from authoring.text import paths
from automation.editing import commits
from automation.editing.commits import Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from authoring.result import EditResult
    from automation.engine.workspace import Workspace
    from providers.core.field_path import FieldPath


class Batch:
    """Collects changes; leaving the `with` block without an exception commits them, once. `result` is what was done.

    A CR is named "KIND/NAME" or "KIND/NAMESPACE/NAME", a field "spec.subnets.default.vlan". Changes are made in order.
    """

    def __init__(
        self, workspace: Workspace, fabric: str, message: str | None, branch: str | None, base: str | None
    ) -> None:
        self._workspace = workspace
        self._fabric = fabric
        self._wanted = Wanted(message, branch, base)
        self._changes: list[Change] = []
        self.result: EditResult | None = None

    def set(self, cr: str, path: str, value: Any) -> Self:
        """Set one field to a JSON value; None removes it.

        Raises:
            ChangeRefused: the CR or the path cannot be read.
        """
        ref = parse_ref(cr)
        self._changes.append(Unset(ref, _path(path)) if value is None else Assign(ref, _path(path), value))
        return self

    def unset(self, cr: str, path: str) -> Self:
        """Remove one field.

        Raises:
            ChangeRefused: the CR or the path cannot be read.
        """
        self._changes.append(Unset(parse_ref(cr), _path(path)))
        return self

    def patch(self, cr: str, patch: Mapping[str, Any]) -> Self:
        """Apply a JSON merge patch (RFC 7396) to the document.

        Raises:
            ChangeRefused: the CR cannot be read.
        """
        self._changes.append(Patch(parse_ref(cr), dict(patch)))
        return self

    def create(self, cr: Mapping[str, Any] | str) -> Self:
        """A new CR: a Kubernetes object, or YAML text with one or more.

        Raises:
            ChangeRefused: it cannot be read, or is none of the 12 kinds.
        """
        if isinstance(cr, str):
            self._changes += commits.creations(cr, "text")
        else:
            self._changes.append(commits.created(dict(cr)))
        return self

    def delete(self, cr: str) -> Self:
        """Take a CR out of Git.

        Raises:
            ChangeRefused: the CR cannot be read.
        """
        self._changes.append(Remove(parse_ref(cr)))
        return self

    def preview(self) -> EditResult:
        """What the commit would change; nothing is written.

        Raises:
            HhsyncError: as `commit`.
        """
        return self._write(Wanted(self._wanted.message, self._wanted.branch, self._wanted.base, dry_run=True))

    def commit(self) -> EditResult:
        """Write everything as one commit, or nothing.

        Raises:
            ChangeRefused: a change cannot be made.
            ValidationFailed: the folder would not be valid.
            EditConflict: the branch moved under a document that is changed.
            GitError: the repository cannot be read or written; the text says what is there.
        """
        self.result = self._write(self._wanted)
        return self.result

    def _write(self, wanted: Wanted) -> EditResult:
        return commits.change(self._workspace, self._fabric, "batch", tuple(self._changes), wanted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self.result is None:
            self.commit()


def _path(text: str) -> FieldPath:
    try:
        return paths.parse(text)
    except paths.PathError as error:
        raise ChangeRefused(str(error)) from None
