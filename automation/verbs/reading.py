"""Verbs that only read: drift and check."""

from __future__ import annotations

from typing import Annotated

import typer

from automation.terminal import Terminal, verb
from automation.verbs.arguments import Fabric

group = typer.Typer()


@group.command()
@verb
def drift(out: Terminal, fabric: Fabric) -> None:
    """Compare Git, the state, the cluster and NetBox. Read-only, runs no engine. Exit 2 on drift or pending changes."""
    from automation import drift as gathering
    from automation import report

    found, seconds = gathering.drift(out.workspace(), fabric, out.progress(f"{fabric}: "))
    told = () if out.shows_text else report.drift_errors(found)
    out.result(report.drift_text(found, seconds), report.drift_json(found, seconds), found.exit_code, told)


@group.command()
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
