"""Verbs that run the engine on a fabric: preview, sync and destroy."""

from __future__ import annotations

from typing import Annotated

import typer

from automation.terminal import Terminal, verb
from automation.verbs.arguments import Fabric

group = typer.Typer()


@group.command()
@verb
def preview(out: Terminal, fabric: Fabric) -> None:
    """Show what a sync would change, property by property. Changes nothing. Exit 2 when there are changes."""
    from automation import operations, report

    result = operations.preview(out.workspace(), fabric, out.progress(f"{fabric}: "))
    out.result(report.operation_text(result), result.to_json(), result.exit_code, result.errors)


@group.command()
@verb
def sync(
    out: Terminal,
    fabric: Fabric,
    allow_deletes: Annotated[
        int | None, typer.Option("--allow-deletes", min=0, metavar="N", help="Let that many managed CRs be deleted.")
    ] = None,
) -> None:
    """Make the cluster and NetBox match Git."""
    from automation import operations, report

    result = operations.sync(out.workspace(), fabric, out.progress(f"{fabric}: "), allow_deletes)
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
