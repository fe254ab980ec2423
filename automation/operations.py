"""Preview, sync and destroy of one fabric: which engine runs a verb is made of."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from automation import adopting, handing_over, orphans, partial, preflight, publishing, undone
from automation.results import DESTROY, PREVIEW, SYNC, OperationResult
from automation.running import run
from program import guard
from program.config import ALLOW_DELETES_VARIABLE, VERB_VARIABLE
from providers import notes
from providers.errors import HhsyncError
from providers.planned import PLAN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automation.engine.workspace import Workspace
    from automation.progress import Progress

log = logging.getLogger("hhsync.operations")


def preview(
    workspace: Workspace, fabric: str, progress: Progress | None = None, allow_deletes: int | None = None
) -> OperationResult:
    """What a sync would change; nothing is written anywhere. `allow_deletes` is what the sync would get.

    Raises:
        HhsyncError: the run could not begin (no such stack, no passphrase).
    """
    with notes.collected(fabric) as (environment, said):
        extra = {VERB_VARIABLE: PREVIEW, **_allowing(allow_deletes), **environment}
        result = run(workspace, fabric, PREVIEW, progress, extra)
    result = replace(result, warnings=(*result.warnings, *said))
    if result.ok:
        result = adopting.told(workspace, fabric, result)
    if handing_over.needed(result):
        detour = handing_over.find(workspace, fabric).told
        warnings = tuple(line for line in result.warnings if guard.HAND_OVER not in line)
        result = replace(result, hand_over=detour, warnings=warnings)
    return preflight.told(workspace, fabric, result) if result.ok else result


def sync(
    workspace: Workspace,
    fabric: str,
    progress: Progress | None = None,
    allow_deletes: int | None = None,
    *,
    valid_only: bool = False,
    environment: Mapping[str, str] | None = None,
) -> OperationResult:
    """Make the cluster and NetBox match Git. `allow_deletes` lets that many managed CRs go whatever the prune rule says.

    `valid_only` syncs the valid CRs of a folder with findings, and deletes nothing (`automation.partial`). `environment` is
    for the program and the providers of this run.

    Raises:
        HhsyncError: the run could not begin (no such stack, no passphrase, another run holds the stack).
    """
    extra = {**_allowing(allow_deletes), **(environment or {})}
    if valid_only:
        result = partial.sync(workspace, fabric, progress)
    elif handing_over.needed(result := run(workspace, fabric, SYNC, progress, extra)):
        result = handing_over.sync(workspace, fabric, progress, allow_deletes)
    if not result.ok and not result.interrupted and (result.counts.changed or result.counts.failed):
        _tell_netbox(workspace, fabric, result)
        publishing.publish_after(workspace, fabric, settled=False)
    if not result.ok:
        return undone.told(workspace, fabric, result)
    if result.has_changes:  # a record that says Pending comes with a failed sync, which the fabric's record tells
        publishing.publish_after(workspace, fabric, settled=True)
    return result if PLAN_VARIABLE in extra else orphans.recorded(workspace, fabric, result)


def _allowing(deletes: int | None) -> dict[str, str]:
    return {} if deletes is None else {ALLOW_DELETES_VARIABLE: str(deletes)}


def destroy(workspace: Workspace, fabric: str, progress: Progress | None = None) -> OperationResult:
    """Delete every managed CR from the cluster and NetBox. The stack stays, empty; Git is not read.

    Raises:
        HhsyncError: the run could not begin.
    """
    return run(workspace, fabric, DESTROY, progress, {VERB_VARIABLE: DESTROY})


def _tell_netbox(workspace: Workspace, fabric: str, result: OperationResult) -> None:
    """Write the failure to the fabric's record, as far as NetBox can be reached; a second error must not hide the first."""
    from providers.outcome import record_failure

    try:
        record_failure(workspace.config(fabric), fabric, result.errors[0], wrote_something=bool(result.counts.changed))
    except HhsyncError as error:
        log.warning("the failure could not be written to NetBox: %s", error)
