"""Three versions of a document → whether a change still applies after the branch moved. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authoring import changes as changing
from authoring.changes import Create
from providers.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authoring.changes import Change
    from authoring.folder import Folder
    from providers.core.identity import ObjectRef

APPLIES, DONE, CONFLICT = "applies", "done", "conflict"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One CR that changed on the branch while it was being changed here; None where a version does not have it."""

    ref: ObjectRef
    base: str | None
    theirs: str | None
    ours: str | None


class EditConflict(GitError):
    """The branch moved, and with it a document that was being changed. Nothing was written; `conflicts` has the versions."""

    def __init__(self, base: str, head: str, conflicts: Sequence[Conflict]) -> None:
        named = ", ".join(str(one.ref) for one in conflicts[:5]) + (", …" if len(conflicts) > 5 else "")
        super().__init__(
            f"the branch moved from {base[:12]} to {head[:12]}, and {named} changed there too; nothing was written: look at "
            f"the three versions and make the change again on the new one"
        )
        self.conflicts = tuple(conflicts)


def decide(base: str | None, theirs: str | None, ours: str | None) -> str:
    """Whether our change of a document still applies, is there already, or meets another one."""
    if theirs == base:
        return APPLIES
    if theirs == ours:
        return DONE
    return CONFLICT


def rebased(changes: Sequence[Change], base: Folder, ours: Folder, tip: Folder) -> list[Change]:
    """The changes that are still to be made on `tip`, where they were made on `base` and gave `ours`.

    Raises:
        EditConflict: a document that they change is another one on `tip`.
    """
    verdicts: dict[ObjectRef, str] = {}
    conflicts: list[Conflict] = []
    for ref in changing.touched(changes):
        versions = [text_of(folder, ref) for folder in (base, tip, ours)]
        verdicts[ref] = decide(versions[0], versions[1], versions[2])
        if verdicts[ref] == CONFLICT and not _is_same_creation(changes, ref, versions):
            conflicts.append(Conflict(ref, *versions))
    if conflicts:
        raise EditConflict(base.commit, tip.commit, conflicts)
    return [change for change in changes if verdicts[change.ref] != DONE]


def _is_same_creation(changes: Sequence[Change], ref: ObjectRef, versions: Sequence[str | None]) -> bool:
    """Whether both sides made the CR: then the change itself compares what they made."""
    return versions[0] is None and any(isinstance(one, Create) and one.ref == ref for one in changes)


def text_of(folder: Folder, ref: ObjectRef) -> str | None:
    """The text of a CR's document in a folder; None where it has none."""
    places = folder.find(ref)
    return "\n".join(place.text for place in places) if places else None
