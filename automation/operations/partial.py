"""`hhsync sync --partial`: the valid CRs of a folder with findings are synced, the others left as they are on the servers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from automation.operations.refusals import named
from gitops.load import Selection, valid_refs
from providers.errors import ValidationFailed, one_line

if TYPE_CHECKING:
    from automation.context import RunContext
    from automation.results import OperationResult
    from gitops.load import Loaded


def valid_only(context: RunContext) -> RunContext:
    """The context with the valid CRs alone.

    Raises:
        ValidationFailed: no CR is valid.
    """
    loaded = context.loaded
    refs = valid_refs(loaded)
    if not refs:
        raise ValidationFailed("no CR in Git is valid, so there is nothing that --partial could sync", loaded.errors)
    others = len(context.recorded.crs.keys() - refs)
    found = context.valid_only(Selection(refs, _left_out(loaded, others)))
    return replace(found, notes=tuple(one_line(f"not synced: {issue}") for issue in loaded.errors))


def _left_out(loaded: Loaded, others: int) -> str:
    """What the fabric's record says of a partial sync; "" where nothing was left out."""
    if loaded.errors:
        return one_line(f"partial: {len(loaded.errors)} findings in Git, the first: {loaded.errors[0]}")
    return f"partial: {others} CRs that are not in Git were left" if others else ""


def reported(result: OperationResult, context: RunContext) -> OperationResult:
    """The result, with what was left out."""
    if context.selection is None:
        return result
    message = list(context.notes)
    kept = context.recorded.crs.keys() - context.selection.refs
    if kept:
        message.append(one_line(f"left as they are, since --partial deletes nothing: {named(kept)}"))
    return replace(result, partial=bool(message), warnings=(*result.warnings, *message))
