"""`hhsync ingest`: the plan of raw/ as one commit, and a result that is counted from Git."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authoring import layout, repository, write
from authoring.ingest import plan
from authoring.ingest.plan import IngestPlan, Left
from authoring.validation import Validator
from gitops.desired import MANAGED, RAW

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from authoring.logs import Entry
    from authoring.options import Authoring
    from authoring.write import Outcome, Source
    from providers.core.schema import Schema
    from providers.settings import GitSettings

_EMPTIED = b""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What an ingest did, counted from Git after the push (of a dry run: what it would do).

    `created` are new files of managed/, `moved` originals that left raw/; `documents` maps each original document of
    this run to its file; `left` is what is in raw/ now.
    """

    fabric: str
    branch: str
    commit: str
    base: str
    moved: Mapping[str, str]
    created: tuple[str, ...]
    documents: tuple[dict[str, Any], ...] = field(repr=False, default=())
    left: tuple[Left, ...] = ()
    mode: str = "ingest"
    has_raw: bool = True

    @property
    def partial(self) -> bool:
        """Whether a YAML file stays in raw/."""
        return any(one.read for one in self.left)

    @property
    def errors(self) -> tuple[str, ...]:
        """Every reason for which a YAML file stays."""
        return tuple(reason for one in self.left if one.read for reason in one.reasons)

    @property
    def exit_code(self) -> int:
        """1 where a file stays; 2 where a dry run would do something; else 0."""
        if self.partial:
            return 1
        return 2 if self.mode == "dry-run" and self.moved else 0

    def to_json(self) -> dict[str, Any]:
        """The shape that `--json` prints."""
        return {
            "verb": "ingest",
            "fabric": self.fabric,
            "ok": not self.partial,
            "exit_code": self.exit_code,
            "mode": self.mode,
            "partial": self.partial,
            "branch": self.branch,
            "base": self.base,
            "commit": self.commit,
            "files_moved": len(self.moved),
            "crs_created": len(self.created),
            "moved": [{"from": old, "to": new} for old, new in sorted(self.moved.items())],
            "created": list(self.created),
            "documents": list(self.documents),
            "left": [{"path": one.path, "reasons": list(one.reasons)} for one in self.left],
            "errors": list(self.errors),
        }


def ingest(
    settings: GitSettings,
    cache: Path,
    options: Authoring,
    fabric: str,
    *,
    dry_run: bool = False,
    validate_only: bool = False,
    by_kind: Mapping[str, Schema] | None = None,
) -> IngestResult:
    """Bring what is in raw/ into managed/, as one commit that is pushed once, or nothing.

    Raises:
        GitError: the repository cannot be read, or the commit cannot be written (`write.WriteFailed` says what is there).
    """
    validator = Validator(by_kind)
    made = IngestPlan()

    def planner(source: Source) -> write.Plan:
        nonlocal made
        write.require_folder(settings, source)
        made = plan.plan(source.folder, source.entries, validator)
        return write.Plan(_with_books(source, made), _message(options, fabric, made))

    dry = dry_run or validate_only
    outcome = write.publish(settings, cache, options, planner, dry_run=dry)
    mode = "validate-only" if validate_only else "dry-run" if dry_run else "ingest"
    return _result(fabric, settings.path, made, outcome, mode)


def _with_books(source: Source, made: IngestPlan) -> dict[str, repository.Content]:
    if not made.files:
        return {}
    root = source.folder.root
    paths = {path: source.entries[path] for path in (layout.joined(root, layout.MANIFEST), layout.joined(root, layout.LOG))
             if path in source.entries}  # fmt: skip
    there = repository.contents(source.command, paths)
    manifest, log = (there.get(layout.joined(root, name)) for name in (layout.MANIFEST, layout.LOG))
    files = {**made.files, **plan.books(manifest, log, made, root)}
    for name in (
        RAW,
        MANAGED,
    ):  # Git keeps no empty folder, and without managed/ and raw/ the folder would be read whole
        start = layout.joined(root, f"{name}/")
        stays = [path for path in source.entries if path.startswith(start) and files.get(path, b"") is not None]
        if not stays and not any(path.startswith(start) and content is not None for path, content in files.items()):
            files[start + layout.KEPT] = _EMPTIED
    return files


def _message(options: Authoring, fabric: str, made: IngestPlan) -> str:
    crs, files = len(made.created), len(made.moved)
    summary = f"Ingest {crs} CR{'s' * (crs != 1)} from {files} file{'s' * (files != 1)} of raw/"
    return options.message_for(summary=summary, verb="ingest", fabric=fabric, count=crs)


def _result(fabric: str, root: str, made: IngestPlan, outcome: Outcome, mode: str) -> IngestResult:
    def inside(name: str) -> str:
        return layout.joined(root, f"{name}/")

    gone = {path for path, how in outcome.changed.items() if how == "D" and path.startswith(inside(RAW))}
    come = {path for path, how in outcome.changed.items() if how == "A"}
    moved = {
        layout.joined(root, old): layout.joined(root, new)
        for old, new in made.moved.items()
        if layout.joined(root, old) in gone and layout.joined(root, new) in {*come, *outcome.tree}
    }
    created = tuple(
        sorted(path for path in come if path.startswith(inside(MANAGED)) and not path.endswith(layout.KEPT))
    )
    return IngestResult(
        fabric=fabric,
        branch=outcome.branch,
        commit=outcome.commit,
        base=outcome.base,
        moved=moved,
        created=created,
        documents=tuple(_document(root, entry) for entry in made.entries if entry.ref is not None),
        left=_left(root, made, outcome, moved),
        mode=mode,
        has_raw=made.has_raw,
    )


def _document(root: str, entry: Entry) -> dict[str, Any]:
    return {
        "from": layout.joined(root, entry.raw),
        "document": entry.document,
        "line": entry.line,
        "cr": str(entry.ref),
        "path": layout.joined(root, entry.path),
        "archive": layout.joined(root, entry.archive),
        "outcome": entry.outcome,
    }


def _left(root: str, made: IngestPlan, outcome: Outcome, moved: Mapping[str, str]) -> tuple[Left, ...]:
    """What Git has in raw/, with the plan's reasons."""
    known = {one.path: one for one in made.left}
    start = layout.joined(root, f"{RAW}/")
    there = [path for path in sorted(outcome.tree) if path.startswith(start) and not path.endswith(layout.KEPT)]
    return tuple(known.get(path, Left(path, ("came in meanwhile",))) for path in there if path not in moved)
