"""The verb that tells the state of every CR: status."""

from __future__ import annotations

from typing import Annotated

import typer

from automation.cli.arguments import Fabric
from automation.cli.terminal import Terminal, verb

group = typer.Typer()


@group.command()
@verb
def status(
    out: Terminal,
    fabric: Fabric,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help="Only this kind; repeatable.")
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option("--state", metavar="STATE", help="Only this state, e.g. Drifted or Draft; repeatable."),
    ] = None,
) -> None:
    """Show each CR's state (Draft, Orphaned, Committed, Pending, Drifted, Synced) and why. Read-only; exits as drift does."""
    workspace = out.reading(fabric)
    from automation.operations import status as gathering

    found = gathering.status(workspace, fabric, out.progress(f"{fabric}: "), kinds=kind or (), states=state or ())
    told = () if out.shows_text else found.errors
    out.result(gathering.status_text(found), found.to_json(), found.exit_code, told)
