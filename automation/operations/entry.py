"""Preview and sync as the command and scripts ask for them: with an ingest before, or by a plan's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automation.editing import ingest_first
from automation.operations import preview as previewing
from automation.operations import sync as syncing

if TYPE_CHECKING:
    from pathlib import Path

    from automation.engine.workspace import Workspace
    from automation.progress import Progress
    from automation.results import OperationResult


def preview(
    workspace: Workspace,
    fabric: str,
    progress: Progress | None = None,
    *,
    plan: Path | None = None,
    allow_deletes: int | None = None,
) -> OperationResult:
    """What a sync would change, written to the file `plan` if one is named; see `preview.preview`."""
    if plan is not None:
        from automation.operations import plan_file  # with the reports, for the runs that ask for it

        return plan_file.preview(workspace, fabric, plan, progress, allow_deletes)
    return ingest_first.preview(
        workspace, fabric, lambda: previewing.preview(workspace, fabric, progress, allow_deletes)
    )


def sync(
    workspace: Workspace,
    fabric: str,
    progress: Progress | None = None,
    *,
    plan: Path | None = None,
    allow_deletes: int | None = None,
    partial: bool = False,
    wait: float | None = None,
) -> OperationResult:
    """Make the cluster and NetBox match Git; with `plan` exactly what that file says, or a refusal; see `sync.sync`."""
    if plan is not None:
        from automation.operations import plan_file

        plan_file.alone(allow_deletes=allow_deletes, partial=partial)
        return plan_file.sync(workspace, fabric, plan, progress, wait)
    return ingest_first.sync(
        workspace,
        fabric,
        progress,
        lambda: syncing.sync(workspace, fabric, progress, allow_deletes, valid_only=partial, wait=wait),
    )
