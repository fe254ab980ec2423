"""The `hhsync` command: arguments → operation → text or JSON → exit code. No logic; heavy imports wait for their verb."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations
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
    told = () if out.shows_text else report.drift_errors(found)
    out.result(report.drift_text(found, seconds), report.drift_json(found, seconds), found.exit_code, told)


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


@app.command()
@verb
def init(
    out: Terminal,
    fabric: Fabric,
    git_url: Annotated[str | None, typer.Option(help="Repository: URL or local path.")] = None,
    git_branch: Annotated[str | None, typer.Option(help="Branch; default main.")] = None,
    git_path: Annotated[str | None, typer.Option(help="Folder of the fabric in the repository.")] = None,
    git_username: Annotated[str | None, typer.Option(help="User name for HTTPS.")] = None,
    git_token_file: Annotated[Path | None, typer.Option(help="File with the HTTPS token; or HHSYNC_GIT_TOKEN.")] = None,
    netbox_url: Annotated[str | None, typer.Option(help="NetBox's base URL.")] = None,
    netbox_token_file: Annotated[Path | None, typer.Option(help="File with the token; or HHSYNC_NETBOX_TOKEN.")] = None,
    netbox_ca_file: Annotated[str | None, typer.Option(help="CA certificate for NetBox.")] = None,
    netbox_insecure: Annotated[
        bool, typer.Option("--netbox-insecure", help="Do not verify NetBox's certificate.")
    ] = False,
    kubeconfig: Annotated[str | None, typer.Option(help="The cluster, by kubeconfig file.")] = None,
    kube_context: Annotated[
        str | None, typer.Option(help="Context in the kubeconfig; default its current one.")
    ] = None,
    in_cluster: Annotated[bool, typer.Option("--in-cluster", help="The cluster that hhsync runs in.")] = False,
    cluster_url: Annotated[str | None, typer.Option(help="The cluster, by URL.")] = None,
    cluster_token_file: Annotated[
        Path | None, typer.Option(help="File with its token; or HHSYNC_CLUSTER_TOKEN.")
    ] = None,
    cluster_ca_file: Annotated[str | None, typer.Option(help="CA certificate for the cluster.")] = None,
    cluster_insecure: Annotated[
        bool, typer.Option("--cluster-insecure", help="Do not verify its certificate.")
    ] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="Do not try the connections.")] = False,
) -> None:
    """Make a fabric's stack and its config (secrets encrypted), and check each connection for real.

    Run it again to change values: what is not given stays. Tokens come from a file, the environment or a prompt.
    """
    from automation import init_options, stack_init

    workspace = out.workspace()
    given = init_options.given(
        workspace,
        fabric,
        plain={
            "gitUrl": git_url,
            "gitBranch": git_branch,
            "gitPath": git_path,
            "gitUsername": git_username,
            "netboxUrl": netbox_url,
            "netboxCaFile": netbox_ca_file,
            "netboxInsecure": netbox_insecure,
            "kubeconfig": kubeconfig,
            "kubeContext": kube_context,
            "inCluster": in_cluster,
            "clusterUrl": cluster_url,
            "clusterCaFile": cluster_ca_file,
            "clusterInsecure": cluster_insecure,
        },
        files={"gitToken": git_token_file, "netboxToken": netbox_token_file, "clusterToken": cluster_token_file},
    )
    result = stack_init.init(workspace, fabric, given, check=not no_check)
    out.result(stack_init.init_text(result), result.to_json(), result.exit_code)


@services.command("start")
@verb
def services_start(
    out: Terminal,
    fabrics: Annotated[int, typer.Option("--fabrics", min=1, metavar="N", help="How many API servers, one each.")] = 1,
) -> None:
    """Start what does not run; set up first what is missing."""
    from automation import servers

    progress = out.progress()
    running = servers.services(out.workspace().root, progress.line).start(fabrics)
    out.result(servers.running_text(running), servers.running_json(running), 0)


@services.command("stop")
@verb
def services_stop(out: Terminal) -> None:
    """Stop every server; the data stay."""
    from automation import servers

    servers.services(out.workspace().root, out.progress().line).stop()
    out.result("stopped; the data stay", {"verb": "services stop", "ok": True, "exit_code": 0, "errors": []}, 0)


@services.command("status")
@verb
def services_status(out: Terminal) -> None:
    """Show every server. Exit 1 unless all run."""
    from automation import servers

    parts = servers.services(out.workspace().root, out.progress().line).status()
    out.result(servers.status_text(parts), servers.status_json(parts), servers.status_code(parts))


@netbox.command("uninstall")
@verb
def netbox_uninstall(
    out: Terminal,
    fabric: Fabric,
    yes: Annotated[
        str | None, typer.Option("--yes", metavar="NAME", help="The fabric's name, instead of asking.")
    ] = None,
    with_fabrics: Annotated[
        bool, typer.Option("--with-fabrics", help="Even where fabrics are still recorded, whose records go too.")
    ] = False,
) -> None:
    """Delete hhsync's custom object types from the NetBox of a fabric, with every record of every fabric."""
    from automation import prompts, uninstall

    workspace = out.workspace()
    prompts.confirm_name(fabric, yes, f"This deletes hhsync's types from the NetBox of {fabric}, for all fabrics.")
    result = uninstall.uninstall(workspace, fabric, with_fabrics=with_fabrics)
    out.result(uninstall.text(result), result, 0)


@app.command("pulumi", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@verb
def pulumi_(
    out: Terminal,
    args: Annotated[list[str] | None, typer.Argument(metavar="-- ARGS", help="What the pulumi command gets.")] = None,
) -> None:
    """Run the Pulumi command line, on whichever engine is found, with this project's environment."""
    from automation import passthrough

    raise typer.Exit(passthrough.run(out.workspace(), args or []))


@app.command()
@verb
def demo(out: Terminal) -> None:
    """Tell the whole story on real servers with a sample fabric; asks nothing, and works again on what is there."""
    from automation.demo import Demo

    facts = Demo(out.workspace().root, out.say, out.progress()).run()
    out.result("", facts, 0)


def main() -> None:
    """The console script."""
    raise SystemExit(run(app))


if __name__ == "__main__":
    main()
