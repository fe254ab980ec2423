"""The results of ingest and write-back as text for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from authoring.conflict import EditConflict
    from authoring.ingest.run import IngestResult
    from authoring.result import EditResult

_WORDS = {"create": "created", "update": "changed", "delete": "deleted"}


def ingest_text(result: IngestResult) -> str:
    """Files, CRs, what stays and why, and the one line that counts."""
    lines = [f"  {old} → {new}" for old, new in sorted(result.moved.items())]
    lines += [f"  new: {path}" for path in result.created]
    for one in result.left:
        lines.append(f"  stays: {one.path}")
        lines += [f"    {reason}" for reason in one.reasons]
    return "\n".join([*lines, f"{result.fabric}: {_ingest_line(result)}"])


def _ingest_line(result: IngestResult) -> str:
    files, crs, left = len(result.moved), len(result.created), len(result.left)
    stays = f"; {_counted(left, 'file')} stay{'s' * (left == 1)} in raw/" if left else ""
    partial = "partial: " if result.partial else ""
    if not result.has_raw:
        return "there is no raw/ with files, so nothing to ingest"
    what = f"{_counted(files, 'file')} moved to archive/, {_counted(crs, 'CR')} created"
    if result.mode == "validate-only":
        good = f"{_counted(files, 'file')} can be ingested" if files else "nothing can be ingested"
        return f"{partial}{good}{stays}; nothing was written"
    if result.mode == "dry-run":
        would = f"{_counted(files, 'file')} would move to archive/, {_counted(crs, 'CR')} would be created"
        return f"{partial}{would}{stays}; nothing was written (dry run)"
    if not result.commit:
        return f"{partial}nothing to commit{stays}; {result.branch} stays at {result.base[:12]}"
    return f"{partial}{what}, commit {result.commit[:12]} on {result.branch}{stays}"


def edit_text(result: EditResult, *, with_diff: bool = True) -> str:
    """The difference, what became of it, and how the pull request is opened."""
    lines = [result.diff.rstrip("\n")] if with_diff and result.diff else []
    done = [f"{one.ref.kind}/{one.ref.name} {_WORDS[one.action]}" for one in result.changed]
    named = ", ".join(done[:5]) + (f" and {len(done) - 5} more" if len(done) > 5 else "")
    if result.commit:
        lines.append(f"{result.fabric}: {named}: commit {result.commit[:12]} on {result.branch}")
    elif result.dry_run and result.changed:
        lines.append(f"{result.fabric}: {named}: nothing was written (dry run)")
    if result.note:
        lines.append(f"{result.fabric}: {result.note}")
    if result.pull_request is not None:
        pull = result.pull_request
        if pull.opened:
            lines.append(f"{result.fabric}: pull request {pull.url}")
        else:
            lines.append(f"{result.fabric}: {pull.note}" + (f": {pull.url}" if pull.url else ""))
        lines.append(f"{result.fabric}: on {result.branch} the change is a Draft; a sync takes it when it is merged")
    return "\n".join(lines)


def conflict_text(error: EditConflict) -> str:
    """The three versions of every document that changed on both sides."""
    lines = []
    for one in error.conflicts:
        for title, text in (("base", one.base), ("theirs", one.theirs), ("ours", one.ours)):
            lines += [f"--- {one.ref}, {title}", text if text is not None else "(not there)"]
    return "\n".join(lines)


def conflict_json(verb: str, fabric: str, error: EditConflict) -> Mapping[str, Any]:
    """The five keys that every verb has, and the three versions."""
    from automation.results import failure

    conflicts = [
        {"ref": str(one.ref), "base": one.base, "theirs": one.theirs, "ours": one.ours} for one in error.conflicts
    ]
    return {**failure(verb, fabric, [str(error)]), "conflicts": conflicts}


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
