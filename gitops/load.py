"""Git to the desired state in one call: fetch, parse, validate, join. The only place that knows the order of these steps.

What a file holds is a function of its bytes, and what a folder holds of its tree: `memory` keeps both between runs.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitops import (
    cross_resource,
    desired,
    manifests,
    schemas,
)
from gitops.cache.readings import Memory
from gitops.cache.store import Store
from gitops.desired import DesiredState, Draft, Layout
from gitops.git.source import STORE, read_snapshot
from providers.core.rules.unresolved import ASSUMED
from providers.errors import ValidationFailed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from gitops.snapshot import Snapshot
    from providers.core.finding import Finding
    from providers.core.identity import ObjectRef
    from providers.core.rules.unresolved import Outside
    from providers.core.schema import Schema
    from providers.settings import GitSettings


@dataclass(frozen=True, slots=True)
class Loaded:
    """The desired state of a fabric with the facts about where it comes from.

    `errors` is empty unless it comes from `inspect`, or from a load that not all of them stop; `seconds` is by phase: git,
    parse.
    """

    url: str
    branch: str
    folder: str
    commit: str
    last_folder_commit: str
    files: int
    desired: DesiredState
    errors: tuple[Finding, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """One line for progress: counts, commit and times."""
        state = self.desired
        kinds = len({ref.kind for ref in state.manifests})
        parts = [f"read {len(state.manifests)} CRs of {kinds} kinds from {self.files} files at {self.commit[:12]}"]
        if state.drafts:
            parts.append(f"{len(state.drafts)} drafts in raw/")
        if state.skipped:
            parts.append(
                "not touched: " + ", ".join(f"{name}: {count}" for name, count in sorted(state.skipped.items()))
            )
        if state.unread:
            parts.append(f"{len(state.unread)} files not read")
        if state.warnings:
            parts.append(f"{len(state.warnings)} warnings")
        times = ", ".join(f"{phase} {spent:.2f} s" for phase, spent in self.seconds.items())
        return "; ".join(parts) + (f" ({times})" if times else "")


def load_desired(settings: GitSettings, cache: Path, outside: Outside = ASSUMED) -> Loaded:
    """Read and validate one fabric at the head of its branch; `outside` knows which CRs exist that Git only names.

    Raises:
        ValidationFailed, GitError: as `require_valid` and `inspect`.
    """
    loaded = inspect(settings, cache, outside=outside)
    require_valid(loaded)
    return loaded


def require_valid(loaded: Loaded, *, across: bool = True) -> None:
    """Refuse a folder with errors; without `across`, what is wrong between CRs passes (for reports, which write nothing).

    Raises:
        ValidationFailed: with every finding; also where no CR would stay, since an empty folder never empties a fabric.
    """
    errors = tuple(one for one in loaded.errors if across or not cross_resource.is_across(one))
    if errors:
        count = len(errors)
        files = len({issue.origin.path for issue in errors})
        more = f" (and {count - 1} more in {files} file{'s' * (files > 1)})" if count > 1 else ""
        raise ValidationFailed(f"Git is not valid, nothing was written: {errors[0]}{more}", errors)
    if not loaded.desired.manifests:
        raise ValidationFailed(_empty(loaded), ())


def inspect(
    settings: GitSettings, cache: Path, by_kind: Mapping[str, Schema] | None = None, outside: Outside = ASSUMED
) -> Loaded:
    """Read and validate without refusing: findings are in `errors`, and what is valid is in `desired`.

    `by_kind` are other schemas than the stack's (those of its schemasDir, else the bundled ones), e.g. a cluster's own.

    Raises:
        ConfigError: the stack's folder of schemas cannot be used.
        GitError: the repository, branch, folder or credentials do not work.
    """
    started = time.perf_counter()
    memory = Memory(Store(cache / STORE), by_kind or schemas.chosen(settings)[0])
    snapshot = read_snapshot(settings, cache, _select, memory.known)
    read = time.perf_counter()
    state, errors = _assembled(snapshot, memory, outside)
    seconds = {"git": read - started, "parse": time.perf_counter() - read}
    return Loaded(
        url=settings.url,
        branch=snapshot.branch,
        folder=snapshot.folder,
        commit=snapshot.commit,
        last_folder_commit=snapshot.last_folder_commit,
        files=len(snapshot.files),
        desired=state,
        errors=errors,
        seconds=seconds,
    )


def _assembled(snapshot: Snapshot, memory: Memory, outside: Outside) -> tuple[DesiredState, tuple[Finding, ...]]:
    """What `assemble` returns, from the cache where this tree was validated before without asking a cluster."""
    remembered = memory.state(snapshot)
    if remembered is not None:
        return remembered
    asked: list[int] = []

    def exist(refs: Collection[ObjectRef]) -> Collection[ObjectRef]:
        asked.append(len(refs))
        return outside.exist(refs)

    state, errors = assemble(snapshot, memory, replace(outside, exist=exist))
    memory.keep(snapshot, None if asked else (state, errors))
    return state, errors


def assemble(
    snapshot: Snapshot, memory: Memory, outside: Outside = ASSUMED
) -> tuple[DesiredState, tuple[Finding, ...]]:
    """The desired state of a snapshot, and every error in order of path and line."""
    layout = desired.layout(snapshot.folder, snapshot.paths)
    reading = _read_files(snapshot, layout.desired, memory)
    state, conflicts = desired.build(reading.found)
    drafts, draft_warnings = _drafts(snapshot, layout, memory)
    in_drafts = set(layout.drafts)
    across = cross_resource.across(reading.found, reading.refused, reading.issues, outside)
    findings = [*reading.issues, *conflicts, *across, *draft_warnings, *state.warnings]
    findings += (_as_warning(one) if one.origin.path in in_drafts else one for one in snapshot.issues)
    findings.sort(key=lambda one: (one.origin.path, one.origin.line, one.field))
    state = replace(
        state,
        drafts=drafts,
        skipped=dict(sorted(reading.skipped.items())),
        warnings=tuple(one for one in findings if one.severity != "error"),
        unread=layout.unread,
    )
    return state, tuple(one for one in findings if one.severity == "error")


def _select(folder: str, paths: Sequence[str]) -> Collection[str]:
    layout = desired.layout(folder, paths)
    return (*layout.desired, *layout.drafts)


def _read_files(snapshot: Snapshot, paths: Sequence[str], memory: Memory) -> manifests.Reading:
    whole = manifests.Reading()
    for path in paths:
        if path not in snapshot.files:  # a link or too large: among the snapshot's issues
            continue
        reading = memory.reading(snapshot, path)
        whole.found += reading.found
        whole.issues += reading.issues
        whole.skipped += reading.skipped
        whole.refused += reading.refused
    return whole


def _drafts(snapshot: Snapshot, layout: Layout, memory: Memory) -> tuple[tuple[Draft, ...], list[Finding]]:
    """Drafts are listed; what is wrong with them is a warning, and their foreign objects are nobody's business."""
    reading = _read_files(snapshot, layout.drafts, memory)
    drafts = [Draft(each.manifest.ref, each.manifest.origin) for each in reading.found]
    unreadable = Counter(one.origin for one in reading.issues if one.severity == "error")
    drafts += (Draft(None, origin) for origin in unreadable)
    drafts.sort(key=lambda one: (one.origin.path, one.origin.line, str(one.ref)))
    return tuple(drafts), [_as_warning(one) for one in reading.issues]


def _as_warning(issue: Finding) -> Finding:
    return replace(issue, severity="warning")


def _empty(loaded: Loaded) -> str:
    where = f'folder "{loaded.folder}"' if loaded.folder else "the repository"
    drafts = len(loaded.desired.drafts)
    if drafts:
        reason = f"it has {drafts} drafts in raw/ and nothing in managed/; run: hhsync ingest"
    else:
        reason = "check hhsync:gitPath and hhsync:gitBranch; to remove a whole fabric run: hhsync destroy"
    return f"{where} of {loaded.url} has no CR at {loaded.commit[:12]}, and an empty folder never empties a fabric: {reason}"


@dataclass(frozen=True, slots=True)
class Selection:
    """The CRs that a partial sync takes, and one line about what it leaves out, "" where that is nothing."""

    refs: frozenset[ObjectRef]
    left_out: str = ""


def valid_refs(loaded: Loaded) -> frozenset[ObjectRef]:
    """The CRs of which no document has an error; of a CR that is written twice, neither document is taken."""
    places = {(issue.origin.path, issue.origin.document) for issue in loaded.errors}
    twice = set(loaded.desired.twice)
    return frozenset(
        ref
        for ref, one in loaded.desired.manifests.items()
        if (one.origin.path, one.origin.document) not in places and ref not in twice
    )
