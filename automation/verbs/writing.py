"""Verbs that run the engine on a fabric: preview, sync and destroy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automation.terminal import Terminal, verb
from automation.verbs.arguments import Fabric

if TYPE_CHECKING:
    from automation.results import OperationResult

group = typer.Typer()


@group.command()
@verb
def preview(
    out: Terminal,
    fabric: Fabric,
    plan: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", help="Write what would be done there, for sync --plan FILE."),
    ] = None,
    allow_deletes: Annotated[
        int | None, typer.Option("--allow-deletes", min=0, metavar="N", help="As the sync would get it.")
    ] = None,
) -> None:
    """Show what a sync would change, property by property. Changes nothing. Exit 2 when there are changes."""
    from automation import operations, report

    workspace, progress = out.workspace(), out.progress(f"{fabric}: ")
    if plan is None:
        from automation import ingest_first

        result = ingest_first.preview(
            workspace, fabric, lambda: operations.preview(workspace, fabric, progress, allow_deletes)
        )
    else:
        from automation import plan as planning

        result = planning.preview(workspace, fabric, plan, progress, allow_deletes)
    out.result(report.operation_text(result), result.to_json(), result.exit_code, result.errors)


@group.command()
@verb
def sync(
    out: Terminal,
    fabric: Fabric,
    allow_deletes: Annotated[
        int | None, typer.Option("--allow-deletes", min=0, metavar="N", help="Let that many managed CRs be deleted.")
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", help="Do exactly what this plan of preview says, or refuse."),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Sync the CRs that are valid, leave the others, and delete nothing.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the switches concerned run it; exit 2 when some are behind.")
    ] = False,
    wait_seconds: Annotated[
        float, typer.Option("--wait-seconds", min=1, metavar="S", help="How long --wait waits at most.")
    ] = 300,
) -> None:
    """Make the cluster and NetBox match Git."""
    from automation import operations, report

    workspace, progress = out.workspace(), out.progress(f"{fabric}: ")

    def run() -> OperationResult:
        if plan is None:
            from automation import ingest_first

            return ingest_first.sync(
                workspace,
                fabric,
                progress,
                lambda: operations.sync(workspace, fabric, progress, allow_deletes, valid_only=partial),
            )
        from automation import plan as planning

        planning.alone(allow_deletes=allow_deletes, partial=partial)
        return planning.sync(workspace, fabric, plan, progress)

    if wait:
        from automation import health

        result = health.followed_by(workspace, fabric, run, progress, wait_seconds)
    else:
        result = run()
    out.result(report.operation_text(result), result.to_json(), result.exit_code, result.errors)


@group.command()
@verb
def destroy(
    out: Terminal,
    fabric: Fabric,
    yes: Annotated[
        str | None, typer.Option("--yes", metavar="NAME", help="The fabric's name, instead of asking.")
    ] = None,
) -> None:
    """Delete all that hhsync manages of a fabric, from the cluster and NetBox. The stack stays, empty."""
    from automation import operations, prompts, report

    workspace = out.workspace()
    prompts.confirm_name(
        fabric, yes, f"This deletes every CR that hhsync manages of {fabric}, from its cluster and NetBox."
    )
    result = operations.destroy(workspace, fabric, out.progress(f"{fabric}: "))
    out.result(report.operation_text(result), result.to_json(), result.exit_code, result.errors)
