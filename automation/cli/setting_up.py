"""Verbs that make a fabric known and take hhsync out of NetBox again: init, netbox uninstall."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from automation.cli.terminal import Fabric, Terminal, verb

group = typer.Typer()
netbox = typer.Typer(help="What hhsync made in NetBox.", no_args_is_help=True)
group.add_typer(netbox, name="netbox")


@group.command()
@verb
def init(
    out: Terminal,
    fabric: Fabric,
    git_url: Annotated[str | None, typer.Option(help="Repository: URL or local path.")] = None,
    git_branch: Annotated[str | None, typer.Option(help="Branch; default main.")] = None,
    git_path: Annotated[str | None, typer.Option(help="Folder of the fabric in the repository.")] = None,
    git_username: Annotated[str | None, typer.Option(help="User name for HTTPS.")] = None,
    git_token_file: Annotated[Path | None, typer.Option(help="File with the HTTPS token; or HHSYNC_GIT_TOKEN.")] = None,
    git_token_command: Annotated[
        str | None, typer.Option(help="Command that prints an HTTPS token, e.g. of a GitHub App.")
    ] = None,
    git_ca_file: Annotated[str | None, typer.Option(help="CA certificate for the Git server.")] = None,
    git_proxy: Annotated[
        str | None, typer.Option(help="Proxy for HTTPS; its password in HHSYNC_GIT_PROXY_PASSWORD.")
    ] = None,
    git_ssh_key_file: Annotated[
        str | None, typer.Option(help="Private key for SSH, by path; or its text in HHSYNC_GIT_SSH_KEY.")
    ] = None,
    git_known_hosts_file: Annotated[str | None, typer.Option(help="Host keys to expect over SSH.")] = None,
    git_verify: Annotated[str | None, typer.Option(help="signed: read only commits with a good signature.")] = None,
    git_allowed_signers_file: Annotated[str | None, typer.Option(help="SSH keys whose signatures are good.")] = None,
    git_keyring_file: Annotated[str | None, typer.Option(help="GPG keys whose signatures are good.")] = None,
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
    scaffold: Annotated[
        bool, typer.Option("--scaffold", help="Commit raw/, managed/, archive/ and the manifest to the repository.")
    ] = False,
) -> None:
    """Make a fabric's stack and its config (secrets encrypted), and check each connection for real.

    Run it again to change values: what is not given stays. Tokens come from a file, the environment or a prompt.
    """
    from automation.cli import init_options
    from automation.setup import init as stack_init

    workspace = out.workspace()
    given = init_options.given(
        workspace,
        fabric,
        plain={
            "gitUrl": git_url,
            "gitBranch": git_branch,
            "gitPath": git_path,
            "gitUsername": git_username,
            "gitTokenCommand": git_token_command,
            "gitCaFile": git_ca_file,
            "gitProxy": git_proxy,
            "gitSshKeyFile": git_ssh_key_file,
            "gitKnownHostsFile": git_known_hosts_file,
            "gitVerify": git_verify,
            "gitAllowedSignersFile": git_allowed_signers_file,
            "gitKeyringFile": git_keyring_file,
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
    result = stack_init.init(workspace, fabric, given, check=not no_check, scaffold=scaffold)
    out.result(stack_init.init_text(result), result.to_json(), result.exit_code)


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
    from automation.cli import prompts
    from automation.setup import uninstall

    workspace = out.workspace()
    prompts.confirm_name(fabric, yes, f"This deletes hhsync's types from the NetBox of {fabric}, for all fabrics.")
    result = uninstall.uninstall(workspace, fabric, with_fabrics=with_fabrics)
    out.result(uninstall.text(result), result, 0)
