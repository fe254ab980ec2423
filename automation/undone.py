"""What a failed sync left undone, and why: told from Git and from what the engine reported; no server is asked again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from automation.results import NotDone, OperationResult
from program import load
from program.config import cache_folder
from providers.errors import HhsyncError
from providers.settings import GitSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from automation.engine.workspace import Workspace
    from providers.core.identity import ObjectRef

_NOT_BEGUN = "not begun: the run ended before"


def told(workspace: Workspace, fabric: str, result: OperationResult) -> OperationResult:
    """The result with what was not done. A run that was refused before it began did nothing, and its errors say all."""
    if not (result.counts.changed or result.counts.failed):
        return result
    try:
        settings = GitSettings.from_config(workspace.config(fabric))
        desired = load.inspect(settings, cache_folder()).desired
    except HhsyncError:  # the first error is the one that counts, and it is in the result
        return result
    failed = set(result.failed)
    settled = set(result.settled) - failed
    return replace(result, not_done=left(desired.references, settled, failed, result.errors))


def left(
    references: Mapping[ObjectRef, Sequence[ObjectRef]], settled: set[str], failed: set[str], errors: Sequence[str]
) -> tuple[NotDone, ...]:
    """The CRs that are neither in sync nor were brought there, by name; `references` are in order of dependency."""
    why: dict[str, str] = {}
    for ref, parents in references.items():
        name = str(ref)
        if name in settled:
            continue
        waits = next((str(parent) for parent in parents if str(parent) in why), "")
        if name in failed:
            why[name] = next((line for line in errors if name in line), "refused")
        else:
            why[name] = f"waits for {waits}" if waits else _NOT_BEGUN
    for name in failed - why.keys():  # a delete that was refused
        why[name] = next((line for line in errors if name in line), "refused")
    return tuple(NotDone(name, reason) for name, reason in sorted(why.items()))
