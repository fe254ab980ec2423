"""Verbs about how a fabric stands: drift, check, status and orphans, the only one that may write."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from automation.cli.terminal import Fabric, Terminal, verb
from automation.reports.format_names import CheckFormat, Format

group = typer.Typer()


@group.command()
@verb
def drift(
    out: Terminal,
    fabric: Fabric,
    format: Annotated[
        Format | None, typer.Option("--format", help="text (default), json, markdown (a comment), or html (one page).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there, whole or not at all.")
    ] = None,
) -> None:
    """Compare Git, the state, the cluster and NetBox. Read-only, runs no engine. Exit 2 on drift or pending changes."""
    from automation.reports import formats

    wanted = formats.resolve_format(format, as_json=out.as_json, output=output)
    workspace = out.reading(fabric)
    from automation import context
    from automation.reports import as_json, as_text

    read = context.read(workspace, fabric, out.progress(f"{fabric}: "), across=False, with_convergence=True)
    found, seconds = read.report(), read.seconds
    text = formats.render(found, seconds, wanted)
    if output is not None:
        formats.save(text, output)
        text = f"{as_text.summary(found)}; the report is in {output}"
    reported = () if out.shows_text and wanted is Format.TEXT and not output else as_json.drift_errors(found)
    out.result(text, as_json.drift_json(found, seconds), found.exit_code, reported)


@group.command()
@verb
def check(
    out: Terminal,
    fabric: Fabric,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Use the cluster's own CRDs, and look there for what Git only names.")
    ] = False,
    schemas: Annotated[
        Path | None,
        typer.Option("--schemas", metavar="DIR", help="Use the CRDs in this folder instead of the bundled ones."),
    ] = None,
    format: Annotated[
        CheckFormat | None,
        typer.Option("--format", help="text (default), json, sarif (2.1.0), or github (annotations of a workflow)."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the findings there, whole or not at all."),
    ] = None,
) -> None:
    """Read and validate Git only; every finding with its file and line."""
    from automation.operations import check as checking
    from automation.reports import check as check_forms
    from automation.reports import formats

    wanted = check_forms.resolve_format(format, as_json=out.as_json, output=output)
    found = checking.check(out.workspace(), fabric, live=cluster, folder=schemas)
    text = check_forms.render(found, wanted)
    if output is not None:
        formats.save(text, output)
        text = f"{found.summary}; the findings are in {output}"
    out.result(text, found.to_json(), found.exit_code)


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
    from automation.operations import status as current_state

    found = current_state.status(workspace, fabric, out.progress(f"{fabric}: "), kinds=kind or (), states=state or ())
    errors = () if out.shows_text else found.errors
    out.result(current_state.status_text(found), found.to_json(), found.exit_code, errors)


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
