"""Any number of changes of CRs as one commit: preview, validation, rebase, and a result that is counted from Git."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from authoring import changes as changing
from authoring import (
    conflict,
    layout,
    logs,
    repository,
    write,
)
from authoring.changes import Assign, Become, Change, ChangeRefused, Create, Patch, Remove, Retype, Unset
from authoring.result import (
    CREATED,
    DELETED,
    UPDATED,
    EditResult,
    Preview,
    file_changes,
    previewed,
)
from authoring.text import timestamps
from authoring.validation import Validator
from providers.core.field_path import dotted
from providers.core.references import references
from providers.errors import ValidationFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from authoring.folder import Folder
    from authoring.options import Authoring
    from authoring.write import Source
    from providers.core.identity import ObjectRef
    from providers.settings import GitSettings


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `changes` are made from the folder at the base; `base` None is the head of the branch."""

    verb: str
    fabric: str
    changes: Callable[[Folder], Sequence[Change]]
    base: str | None = None
    message: str | None = None
    branch: str | None = None
    dry_run: bool = False
    #: Gets the preview before anything is written; False ends it there.
    confirm: Callable[[Preview], bool] = lambda _: True


def change(
    settings: GitSettings, cache: Path, options: Authoring, request: Request, validator: Validator | None = None
) -> EditResult:
    """Make the changes one commit on the branch (or on an edit branch), or none.

    Raises:
        ChangeRefused: a change cannot be made.
        ValidationFailed: the folder would not be valid; nothing was written.
        EditConflict: the branch moved under a document that is being changed; nothing was written.
        GitError: the repository cannot be read or written; the text says what is there.
    """
    validated = validator or Validator()
    read = write.existing(settings, cache, request.branch)
    with write.reading(read, cache) as source:
        base = _base(source, request.base)
    changes = list(request.changes(base))
    ours, note = checked(base, changes, validated)
    seen = previewed(base, ours, changing.touched(changes))
    branch = request.branch or settings.branch
    if note or not seen.diff:
        return EditResult(
            request.verb, request.fabric, branch, base.commit, "", dry_run=request.dry_run, note=note or NOTHING
        )
    if not request.dry_run and not request.confirm(seen):
        declined = "not confirmed; nothing was written"
        return EditResult(request.verb, request.fabric, branch, base.commit, "", diff=seen.diff, note=declined)
    planner = _Planner(request, options, validated, base, ours, changes)
    outcome = write.publish(settings, cache, options, planner, onto=request.branch, dry_run=request.dry_run)
    done = seen if outcome.after is None else previewed(planner.before, outcome.after, changing.touched(changes))
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
        note="" if outcome.commit or request.dry_run else NOTHING,
        attempts=outcome.attempts,
    )


def _base(source: Source, named: str | None) -> Folder:
    """The folder that the changes are based on."""
    if named is None:
        return source.folder
    commit = repository.resolved(source.command, named, source.head)
    if commit is None:
        raise ChangeRefused(
            f'the branch {source.folder.branch} has no commit "{named}" to base a change on; git log names those that there are'
        )
    return source.folder if commit == source.head else source.at(commit).folder


NOTHING = "nothing to commit: Git says so already"
ONLY_TIME = "nothing to commit: only a timestamp would move"


class _Planner:
    """Makes the plan anew for every head that the branch turns out to be at."""

    def __init__(
        self,
        request: Request,
        options: Authoring,
        validator: Validator,
        base: Folder,
        ours: Folder,
        changes: Sequence[Change],
    ) -> None:
        self._request = request
        self._options = options
        self._validate = validator
        self._base = base
        self._ours = ours
        self._changes = changes
        self.before = base

    def __call__(self, source: Source) -> write.Plan:
        self.before = tip = source.folder
        ours = self._ours
        if tip.commit != self._base.commit:
            changes = conflict.rebased(self._changes, self._base, self._ours, tip)
            ours, _ = checked(tip, changes, self._validate)
        files: dict[str, repository.Content] = dict(file_changes(tip, ours))
        gone = [one.ref for one in self._changes if isinstance(one, Remove)]
        manifest = layout.joined(tip.root, layout.MANIFEST)
        if gone and files and manifest in source.entries:
            there = repository.contents(source.command, {manifest: source.entries[manifest]})[manifest]
            files[manifest] = logs.manifest_without(there, gone)
        return write.Plan(files, self._message())

    def _message(self) -> str:
        if self._request.message:
            return self._request.message
        refs = changing.touched(self._changes)
        return self._options.message_for(
            summary=summary(self._changes), verb=self._request.verb, fabric=self._request.fabric, count=len(refs)
        )


def checked(before: Folder, changes: Sequence[Change], validator: Validator) -> tuple[Folder, str]:
    """The folder after the changes, and "" or why there is nothing to commit.

    Raises:
        ChangeRefused, ValidationFailed: as `change`.
    """
    after = changing.applied(before, changes)
    moved = file_changes(before, after)
    if not moved:
        return after, NOTHING
    if all(_only_time(before, path, data) for path, data in moved.items()):
        return before, ONLY_TIME
    require_valid(before, after, [one.ref for one in changes if isinstance(one, Remove)], validator)
    return after, ""


def require_valid(before: Folder, after: Folder, removed: Sequence[ObjectRef], validator: Validator) -> None:
    """Refuse content that a sync would refuse, or that takes away what others name.

    Raises:
        ValidationFailed: with every finding that `before` has not.
        ChangeRefused: nothing would stay, or something that stays names what goes.
    """
    errors = validator.new_errors(before, after)
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise ValidationFailed(f"the change is not valid, nothing was written: {errors[0]}{more}", errors)
    state, _ = validator.assembled(after)
    if not state.manifests and validator.assembled(before)[0].manifests:
        raise ChangeRefused(
            "no CR would stay in the fabric's folder, and an empty folder never empties a fabric; nothing was written; to "
            "remove a whole fabric run: hhsync destroy"
        )
    gone = set(removed) - state.manifests.keys()
    for ref, manifest in state.manifests.items():
        for named in references(ref.kind, manifest.spec, ref.namespace):
            if named.ref in gone and not named.implied:
                raise ChangeRefused(
                    f"{ref} ({manifest.origin}) names {named.ref}, so a server would refuse to delete that; nothing was "
                    f"written; delete {ref.kind}/{ref.name} too, in the same command"
                )


def _only_time(before: Folder, path: str, data: bytes | None) -> bool:
    old = before.files.get(path)
    return old is not None and data is not None and timestamps.only_moves(old.decode("utf-8"), data.decode("utf-8"))


def summary(changes: Sequence[Change]) -> str:
    """One line for the commit: what is done to which CR."""
    refs = changing.touched(changes)
    if not refs:
        return "Change nothing"
    words = {CREATED: "Create", DELETED: "Delete", UPDATED: "Edit"}
    kinds = {_action(one) for one in changes}
    verb = words[kinds.pop()] if len(kinds) == 1 else "Change"
    if len(refs) > 1:
        named = ", ".join(f"{ref.kind}/{ref.name}" for ref in refs[:3]) + (", …" if len(refs) > 3 else "")
        return f"{verb} {len(refs)} CRs: {named}"
    fields = [dotted(one.path) for one in changes if isinstance(one, Assign | Unset)]
    what = f": {', '.join(fields[:3])}{', …' if len(fields) > 3 else ''}" if fields else ""
    return f"{verb} {refs[0].kind}/{refs[0].name}{what}"


def _action(change: Change) -> str:
    match change:
        case Create():
            return CREATED
        case Remove():
            return DELETED
        case Assign() | Unset() | Patch() | Become() | Retype():
            return UPDATED
