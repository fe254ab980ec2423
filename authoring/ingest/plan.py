"""raw/ → managed/: which files go, which CRs they make, what stays and why. Pure: a folder's content in, a plan out.

The rules, each with its test (docs/authoring.md):
- One document that cannot be ingested keeps its whole file in raw/; other files go on.
- Two documents with one identity: equal ones make one CR; different ones keep all their files in raw/.
- A CR that managed/ has already: equal, the original is archived and nothing is made; different, its file stays.
- A file whose CRs would not be valid together with the rest of the folder stays.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from authoring import layout, logs
from authoring.ingest import read as ingest_read
from authoring.logs import (
    CREATED,
    IDENTICAL,
    MANAGED,
    Entry,
)
from authoring.repository import Moved
from authoring.text.nodes import same
from gitops.desired import RAW
from providers.core.diff import changes
from providers.core.equality import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from authoring.folder import Folder
    from authoring.ingest.read import Found, RawFile
    from authoring.repository import Content
    from authoring.repository import Entry as TreeEntry
    from authoring.validation import Validator
    from gitops.desired import DesiredState
    from providers.core.finding import Finding
    from providers.core.identity import ObjectRef

NOT_YAML = "no YAML file (.yaml or .yml), so it is not read"


@dataclass(frozen=True, slots=True)
class Left:
    """A file that stays in raw/, and why, one line each. `read` is False for what is no YAML at all."""

    path: str
    reasons: tuple[str, ...]
    read: bool = True


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """What one ingest would do. `files` is what the commit changes, paths from the repository's root."""

    files: Mapping[str, Content] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    left: tuple[Left, ...] = ()
    has_raw: bool = True

    @property
    def moved(self) -> dict[str, str]:
        """Original → archived, from the fabric's folder."""
        return {entry.raw: entry.archive for entry in self.entries}

    @property
    def created(self) -> tuple[Entry, ...]:
        """The documents that become a file of their own."""
        return tuple(entry for entry in self.entries if entry.outcome == CREATED)


def plan(folder: Folder, tree: Mapping[str, TreeEntry], validator: Validator) -> IngestPlan:
    """Plan the ingest of a folder; `tree` are its files as Git has them.

    Raises:
        GitError: the manifest cannot be read.
    """
    start = layout.joined(folder.root, f"{RAW}/")
    raw = sorted(path for path in folder.paths if path.startswith(start))
    others = [
        Left(path, (NOT_YAML,), read=False) for path in raw if not _is_yaml(path) and not path.endswith(layout.KEPT)
    ]
    unread = defaultdict(list)
    for issue in folder.issues:
        unread[issue.origin.path].append(str(issue))
    drafts = dict.fromkeys(path for path in folder.layout.drafts if path in folder.files)
    files = [ingest_read.read(path, folder.files[path], validator.schemas) for path in drafts]
    left = {one.path: one.reasons for one in files if one.reasons}
    left |= {path: tuple(unread.get(path, [f"{path}: its name starts with a dot, so it is not read"]))
             for path in raw if _is_yaml(path) and path not in drafts}  # fmt: skip
    state, _ = validator.assembled(folder)
    good = _without_conflicts(folder, [one for one in files if not one.reasons], state, left)
    good = _valid_together(folder, good, validator, state, left)
    made = _made(folder, tree, good, state)
    stays = sorted([*(Left(path, reasons) for path, reasons in left.items()), *others], key=lambda one: one.path)
    return IngestPlan(made[0], made[1], tuple(stays), bool(raw))


def _is_yaml(path: str) -> bool:
    return path.endswith((".yaml", ".yml"))


def _without_conflicts(
    folder: Folder, files: Sequence[RawFile], state: DesiredState, left: dict[str, tuple[str, ...]]
) -> list[RawFile]:
    """The files none of whose CRs is written elsewhere with another content."""
    by_ref: dict[ObjectRef, list[Found]] = defaultdict(list)
    for one in files:
        for found in one.found:
            by_ref[found.ref].append(found)
    reasons: dict[str, list[str]] = defaultdict(list)
    for ref, group in by_ref.items():
        if any(not same(group[0].content, other.content) for other in group[1:]):
            for found in group:
                where = ", ".join(f"{one.raw}:{one.line}" for one in group if one is not found)
                reasons[found.raw].append(
                    f"{found.raw}:{found.line}: {ref} is written with another content at {where}; keep one of them"
                )
        for found in group:
            if reported := _against_managed(folder, found, state):
                reasons[found.raw].append(f"{found.raw}:{found.line}: {reported}")
    left |= {path: tuple(reported) for path, reported in reasons.items()}
    return [one for one in files if one.path not in reasons]


def _against_managed(folder: Folder, found: Found, state: DesiredState) -> str:
    """Why a CR cannot be made because of what managed/ has, or ""."""
    manifest = state.manifests.get(found.ref)
    if manifest is None:
        places = folder.find(found.ref)
        if places:
            return (
                f"{found.ref} is in {places[0].document.origin} already, where it is not valid; correct it there first"
            )
        return ""
    there = ingest_read.content_of(
        {
            "metadata": {"labels": dict(manifest.labels), "annotations": dict(manifest.annotations)},
            "spec": manifest.spec,
        }
    )
    different = changes(canonical(there), canonical(found.content))
    if not different:
        return ""
    more = f" and {len(different) - 1} more" if len(different) > 1 else ""
    return (
        f"{found.ref} is in {manifest.origin} already, with another content ({different[0]}{more}); change it with hhsync edit "
        f"{found.ref.kind}/{found.ref.name}, or take the document out of raw/"
    )


def _valid_together(
    folder: Folder,
    files: list[RawFile],
    validator: Validator,
    state: DesiredState,
    left: dict[str, tuple[str, ...]],
) -> list[RawFile]:
    """The files that bring no new error into the folder, found by halving where not all are good."""

    def errors(chosen: Sequence[RawFile]) -> list[Finding]:
        new = _created(folder, chosen, state)
        after = folder.with_files({layout.joined(folder.root, path): found.data for path, found in new.items()})
        return validator.new_errors(folder, after)

    good: list[RawFile] = []
    _halved(files, good, errors, left)
    return sorted(good, key=lambda one: one.path)


def _halved(
    files: list[RawFile],
    good: list[RawFile],
    errors: Callable[[Sequence[RawFile]], list[Finding]],
    left: dict[str, tuple[str, ...]],
) -> None:
    """Add to `good` what can be added; a file that alone brings errors stays, with these as its reasons."""
    if not files:
        return
    found = errors([*good, *files])
    if not found:
        good += files
    elif len(files) == 1:
        left[files[0].path] = tuple(
            dict.fromkeys(f"{files[0].path}: would not be valid in managed/: {one}" for one in found)
        )
    else:
        middle = len(files) // 2
        _halved(files[:middle], good, errors, left)
        _halved(files[middle:], good, errors, left)


def _created(folder: Folder, files: Sequence[RawFile], state: DesiredState) -> dict[str, Found]:
    """The new files: path from the fabric's folder → the CR. The first document of an identity makes it."""
    taken = {layout.within(folder.root, path).lower() for path in folder.paths}
    new: dict[str, Found] = {}
    seen: set[ObjectRef] = set(state.manifests)
    for one in sorted(files, key=lambda each: each.path):
        for found in one.found:
            if found.ref not in seen:
                seen.add(found.ref)
                path = layout.free_path(found.ref, taken)
                taken.add(path.lower())
                new[path] = found
    return new


def _made(
    folder: Folder, tree: Mapping[str, TreeEntry], files: Sequence[RawFile], state: DesiredState
) -> tuple[dict[str, Content], tuple[Entry, ...]]:
    """What the commit changes, and what the books say."""
    if not files:
        return {}, ()
    new = _created(folder, files, state)
    path_of = {found.ref: path for path, found in new.items()}
    made_by = {id(found) for found in new.values()}
    taken = {layout.within(folder.root, path).lower() for path in folder.paths}
    result: dict[str, Content] = {layout.joined(folder.root, path): found.data for path, found in new.items()}
    entries: list[Entry] = []
    for one in files:
        raw = layout.within(folder.root, one.path)
        archive = layout.archive_path(raw, folder.files[one.path], taken)
        taken.add(archive.lower())
        result[one.path] = None
        result[layout.joined(folder.root, archive)] = Moved(tree[one.path])
        if not one.found:
            entries.append(Entry(raw, archive, one.sha256))
        for found in one.found:
            there = state.manifests.get(found.ref)
            path = layout.within(folder.root, there.origin.path) if there else path_of[found.ref]
            outcome = MANAGED if there else CREATED if id(found) in made_by else IDENTICAL
            entries.append(Entry(raw, archive, one.sha256, found.document, found.line, found.ref, path, outcome))
    return result, tuple(entries)


def books(manifest: bytes | None, log: bytes | None, made: IngestPlan, root: str) -> dict[str, Content]:
    """The manifest and the log after the ingest.

    Raises:
        GitError: the manifest cannot be read.
    """
    return {
        layout.joined(root, layout.MANIFEST): logs.manifest_with(manifest, made.entries),
        layout.joined(root, layout.LOG): logs.log_with(log, made.entries),
    }
