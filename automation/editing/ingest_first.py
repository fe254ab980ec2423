"""Ingest as the first phase of a sync, where the stack says so (hhsync:ingestOnSync)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from authoring.options import Authoring
from automation.engine import ahead
from automation.engine.workspace import project_file
from providers.settings import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from authoring.ingest.run import IngestResult
    from automation.engine.workspace import Workspace
    from automation.progress import Progress
    from automation.results import OperationResult


def sync(
    workspace: Workspace, fabric: str, progress: Progress | None, then: Callable[[], OperationResult]
) -> OperationResult:
    """Ingest raw/, then do the sync; what stays in raw/ does not stop it, and is reported as warnings.

    Raises:
        GitError: the ingest could not read or write Git; the sync was not begun.
    """
    if not _wanted(workspace, fabric):
        return then()
    from automation.editing import commits  # with all that edits files, for the stacks that say so

    if progress is not None:
        progress.update("ingesting raw/")
    ingested = commits.ingest(workspace, fabric)
    ahead.forget(workspace, fabric)
    return _reported(then(), ingested, f"ingested {_counted(ingested)}, commit {ingested.commit[:12]}")


def preview(workspace: Workspace, fabric: str, then: Callable[[], OperationResult]) -> OperationResult:
    """The preview, and what the sync would ingest before; those CRs are not in the preview."""
    if not _wanted(workspace, fabric):
        return then()
    from automation.editing import commits

    planned = commits.ingest(workspace, fabric, dry_run=True)
    ahead.forget(workspace, fabric)
    return _reported(then(), planned, f"a sync would first ingest {_counted(planned)}, which this preview leaves out")


def _wanted(workspace: Workspace, fabric: str) -> bool:
    """Whether the stack says so, from its file: a stack that does not say so pays nothing for the question."""
    path = workspace.stack_file(fabric)
    config = (project_file(path).get("config") or {}) if path.is_file() else {}
    message = config.get(f"{NAMESPACE}:ingestOnSync", "false")
    return Authoring.from_config({"ingestOnSync": str(message)}).ingest_on_sync


def _reported(result: OperationResult, ingested: IngestResult, line: str) -> OperationResult:
    warnings = [line] if ingested.moved else []
    warnings += [f"stays in raw/: {reason}" for reason in ingested.errors]
    return replace(result, warnings=(*warnings, *result.warnings), ingest=ingested.to_json())


def _counted(ingested: IngestResult) -> str:
    files, crs = len(ingested.moved), len(ingested.created)
    return f"{crs} CR{'s' * (crs != 1)} from {files} file{'s' * (files != 1)} of raw/"
