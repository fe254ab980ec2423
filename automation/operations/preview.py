"""`hhsync preview`: the plan, what a sync would refuse of it, and what the cluster would say to each change. Writes nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from automation import context as run_context
from automation.execution import outcome
from automation.operations import preflight
from automation.operations.refusals import refusals
from automation.results import PREVIEW, Counts, OperationResult, ResourceChange
from program import bootstrap
from providers.errors import ValidationFailed, error_lines

if TYPE_CHECKING:
    from automation.context import RunContext
    from automation.engine.workspace import Workspace
    from automation.progress import Progress


def preview(
    workspace: Workspace, fabric: str, progress: Progress | None = None, allow_deletes: int | None = None
) -> OperationResult:
    """What a sync would change; nothing is written anywhere. `allow_deletes` is what the sync would get.

    Raises:
        HhsyncError: Git, the stack or its state cannot be read.
    """
    started = time.monotonic()
    try:
        context = run_context.read(workspace, fabric, progress)
    except ValidationFailed as error:
        return failed(PREVIEW, fabric, error_lines(error), time.monotonic() - started)
    return of(context, allow_deletes, started)


def of(context: RunContext, allow_deletes: int | None, started: float) -> OperationResult:
    """The preview of what was read."""
    plan = context.plan
    refused = refusals(context, allow_deletes)
    # What a sync would not even begin is not tried on the cluster.
    verdicts = preflight.ask(context) if not refused else preflight.Verdicts()
    warnings = [f"{one.ref}: {one.note}" for one in context.facts.values() if one.note]
    warnings += dict.fromkeys(
        f"{one.ref}: {one.adoption.note}" for one in context.facts.values() if one.adoption and one.adoption.note
    )
    return OperationResult(
        verb=PREVIEW,
        fabric=context.fabric,
        counts=outcome.counts(plan, plan.touched),
        changes=outcome.changes(plan, plan.touched, verdicts.notes),
        fabric_changes=(*outcome.record_changes(plan), *_extras(context)),
        errors=(*refused, *verdicts.errors),
        warnings=(*warnings, *([verdicts.note] if verdicts.note else [])),
        duration_s=time.monotonic() - started,
        reassignment=outcome.reassignment(plan),
    )


def _extras(context: RunContext) -> list[ResourceChange]:
    """What the stack asks for besides its CRs and does not have yet."""
    found = []
    if context.needs_bootstrap:
        missing = [
            name for name in bootstrap.names(context.settings.bootstrap) if name not in context.recorded.bootstrap
        ]
        found += [ResourceChange(name, "create") for name in missing]
    wanted = {f"after-sync-{number}": text for number, text in enumerate(context.settings.hooks, 1)}
    writes = bool(context.plan.touched)
    for name in sorted(wanted.keys() | context.recorded.hooks.keys()):
        if name not in context.recorded.hooks:
            found.append(ResourceChange(name, "create"))
        elif name not in wanted:
            found.append(ResourceChange(name, "delete"))
        elif writes or context.recorded.hooks[name] != wanted[name]:
            found.append(ResourceChange(name, "replace"))
    return found


def failed(verb: str, fabric: str, errors: list[str], seconds: float) -> OperationResult:
    """The result of a verb that did nothing."""
    return OperationResult(verb, fabric, Counts(), errors=tuple(errors), duration_s=seconds)
