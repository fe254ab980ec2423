"""The `hhsync` command: arguments → operation → text or JSON → exit code. No logic; heavy imports wait for their verb."""

from __future__ import annotations

from typing import Annotated

import typer

from automation.terminal import Terminal, run, verb

app = typer.Typer(
    name="hhsync",
    help="Keeps a Hedgehog network fabric, NetBox and Git in step.\n\n"
    "Exit codes: 0 in sync or done, 1 error, 2 drift or pending changes, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
services = typer.Typer(
    help="The embedded servers: NetBox, Kubernetes API servers, a Git repository.", no_args_is_help=True
)
netbox = typer.Typer(help="What hhsync made in NetBox.", no_args_is_help=True)
app.add_typer(services, name="services")
app.add_typer(netbox, name="netbox")

Fabric = Annotated[str, typer.Argument(metavar="FABRIC", help="The fabric's name, which is its stack's name.")]


@app.command()
@verb
def preview(out: Terminal, fabric: Fabric) -> None:
    """Show what a sync would change, property by property. Changes nothing. Exit 2 when there are changes."""
    from automation import operations, report

    result = operations.preview(out.workspace(), fabric, out.progress(f"{fabric}: "))
    out.result(report.operation_text(result), result.to_json(), result.exit_code, result.errors)


@app.command()
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


@app.command()
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


@app.command()
@verb
def drift(out: Terminal, fabric: Fabric) -> None:
    """Compare Git, the state, the cluster and NetBox. Read-only, runs no engine. Exit 2 on drift or pending changes."""
    from automation import drift as gathering
    from automation import report

    found, seconds = gathering.drift(out.workspace(), fabric, out.progress(f"{fabric}: "))
    out.result(report.drift_text(found, seconds), report.drift_json(found, seconds), found.exit_code)


@app.command()
@verb
def check(
    out: Terminal,
    fabric: Fabric,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Use the cluster's own CRDs instead of the bundled ones.")
    ] = False,
) -> None:
    """Read and validate Git only; every finding with its file and line."""
    from automation import checking, report

    found = checking.check(out.workspace(), fabric, live=cluster)
    out.result(report.check_text(found), found.to_json(), found.exit_code)


def main() -> None:
    """The console script."""
    raise SystemExit(run(app))


if __name__ == "__main__":
    main()
