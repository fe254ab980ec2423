"""Verbs that change a fabric, or show how they would: preview, sync and destroy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from automation.cli.terminal import Fabric, Terminal, verb

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
    workspace = out.reading(fabric)
    from automation.operations import entry
    from automation.reports import summary

    progress = out.progress(f"{fabric}: ")
    result = entry.preview(workspace, fabric, progress, plan=plan, allow_deletes=allow_deletes)
    out.result(summary.operation_text(result), result.to_json(), result.exit_code, result.errors)


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
    workspace = out.reading(fabric)
    from automation.operations import entry
    from automation.reports import summary

    result = entry.sync(
        workspace,
        fabric,
        out.progress(f"{fabric}: "),
        plan=plan,
        allow_deletes=allow_deletes,
        partial=partial,
        wait=wait_seconds if wait else None,
    )
    out.result(summary.operation_text(result), result.to_json(), result.exit_code, result.errors)


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
    from automation.cli import prompts
    from automation.operations import destroy as destroying
    from automation.reports import summary

    workspace = out.workspace()
    prompts.confirm_name(
        fabric, yes, f"This deletes every CR that hhsync manages of {fabric}, from its cluster and NetBox."
    )
    result = destroying.destroy(workspace, fabric, out.progress(f"{fabric}: "))
    out.result(summary.operation_text(result), result.to_json(), result.exit_code, result.errors)
