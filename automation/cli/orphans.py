"""The verb about what is on the servers and not in Git."""

from __future__ import annotations

from typing import Annotated

import typer

from automation.cli.arguments import Fabric
from automation.cli.terminal import Terminal, verb

group = typer.Typer()


@group.command()
@verb
def orphans(
    out: Terminal,
    fabric: Fabric,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="KIND/NAME", help="Delete this unmanaged CR from both servers; repeatable."),
    ] = None,
    yes: Annotated[
        str | None, typer.Option("--yes", metavar="NAME", help="The fabric's name, instead of asking.")
    ] = None,
) -> None:
    """List CRs that are on the servers and not in Git; delete unmanaged ones that are named."""
    from automation.cli import prompts
    from automation.operations import orphans as found

    workspace, progress = out.workspace(), out.progress(f"{fabric}: ")
    if remove:
        refs = [found.parse(one) for one in dict.fromkeys(remove)]
        named = ", ".join(map(str, refs))
        prompts.confirm_name(fabric, yes, f"This deletes {named} from the cluster and NetBox of {fabric}.")
        result = found.remove(workspace, fabric, refs, progress)
    else:
        result = found.listed(workspace, fabric, progress)
    out.result(result.text(), result.to_json(), result.exit_code, result.errors)
