"""Verbs about the parts underneath: services, pulumi and demo."""

from __future__ import annotations

from typing import Annotated

import typer

from automation.cli.terminal import Terminal, verb

group = typer.Typer()
services = typer.Typer(
    help="The embedded servers: NetBox, Kubernetes API servers, a Git repository.", no_args_is_help=True
)
group.add_typer(services, name="services")


@services.command("start")
@verb
def services_start(
    out: Terminal,
    fabrics: Annotated[int, typer.Option("--fabrics", min=1, metavar="N", help="How many API servers, one each.")] = 1,
    no_webhooks: Annotated[
        bool, typer.Option("--no-webhooks", help="API servers without the emulator of Hedgehog's webhooks.")
    ] = False,
) -> None:
    """Start what does not run; set up first what is missing."""
    from automation.setup import servers

    progress = out.progress()
    running = servers.services(out.workspace().root, progress.line).start(fabrics, webhooks=not no_webhooks)
    out.result(servers.running_text(running), servers.running_json(running), 0)


@services.command("stop")
@verb
def services_stop(out: Terminal) -> None:
    """Stop every server; the data stay."""
    from automation.setup import servers

    servers.services(out.workspace().root, out.progress().line).stop()
    out.result("stopped; the data stay", {"verb": "services stop", "ok": True, "exit_code": 0, "errors": []}, 0)


@services.command("status")
@verb
def services_status(out: Terminal) -> None:
    """Show every server. Exit 1 unless all run."""
    from automation.setup import servers

    parts = servers.services(out.workspace().root, out.progress().line).status()
    out.result(servers.status_text(parts), servers.status_json(parts), servers.status_code(parts))


@group.command("pulumi", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@verb
def pulumi_(
    out: Terminal,
    args: Annotated[list[str] | None, typer.Argument(metavar="-- ARGS", help="What the pulumi command gets.")] = None,
) -> None:
    """Run the Pulumi CLI that was found, with this project's backend, passphrase and plugins."""
    from automation.cli import passthrough

    raise typer.Exit(passthrough.run(out.workspace(), args or []))


@group.command()
@verb
def demo(out: Terminal) -> None:
    """Run an end-to-end scenario on real servers with a sample fabric; asks nothing, works again on what is there."""
    from automation.demo.run import Demo

    facts = Demo(out.workspace().root, out.say, out.progress()).run()
    out.result("", facts, 0)
