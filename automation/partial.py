"""`hhsync sync --partial`: sync the CRs that are valid, leave the others as they are on the servers, and delete nothing."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from automation.engine import state
from automation.results import SYNC, OperationResult
from automation.running import run
from program import load, partial
from program.config import cache_folder
from providers.errors import ValidationFailed, one_line
from providers.settings import GitSettings

if TYPE_CHECKING:
    from automation.engine.workspace import Workspace
    from automation.progress import Progress

_NAMED = 5


def sync(workspace: Workspace, fabric: str, progress: Progress | None = None) -> OperationResult:
    """Sync what is valid. Every managed CR that the program does not register is excluded from the run, and not counted: the
    engine calls it unchanged, and nobody has looked at it.

    Raises:
        ValidationFailed: no CR is valid.
        HhsyncError: the run could not begin, or Git cannot be read.
    """
    loaded = load.inspect(GitSettings.from_config(workspace.config(fabric)), cache_folder())
    refs = partial.valid(loaded)
    if not refs:
        raise ValidationFailed("no CR in Git is valid, so there is nothing that --partial could sync", loaded.errors)
    recorded = state.read(workspace, fabric)
    others = {ref: urn for ref, urn in recorded.urns.items() if ref not in refs}
    selection = partial.Selection(loaded.last_folder_commit, refs, _left_out(loaded, len(others)))
    with tempfile.TemporaryDirectory(prefix="hhsync-") as folder:
        path = Path(folder) / "selection.json"
        selection.write(path)
        environment = {partial.PARTIAL_VARIABLE: str(path)}
        result = run(workspace, fabric, SYNC, progress, environment, excludes=sorted(others.values()))
    told = [f"not synced: {issue}" for issue in loaded.errors]
    kept = sorted(str(ref) for ref in others)
    if kept:
        more = f" and {len(kept) - _NAMED} more" if len(kept) > _NAMED else ""
        told.append(f"left as they are, since --partial deletes nothing: {', '.join(kept[:_NAMED])}{more}")
    left = set(kept)
    settled = tuple(name for name in result.settled if name not in left)
    counts = replace(result.counts, unchanged=result.counts.unchanged - (len(result.settled) - len(settled)))
    warnings = (*result.warnings, *(one_line(line) for line in told))
    return replace(result, partial=bool(told), settled=settled, counts=counts, warnings=warnings)


def _left_out(loaded: load.Loaded, others: int) -> str:
    """What the fabric's record says of a partial sync; "" where nothing was left out."""
    if loaded.errors:
        return one_line(f"partial: {len(loaded.errors)} findings in Git, the first: {loaded.errors[0]}")
    return f"partial: {others} CRs that are not in Git were left" if others else ""
