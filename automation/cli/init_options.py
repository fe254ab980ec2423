"""The options of `hhsync init` → flat stack config: what was given, and the secrets from file, environment or prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automation.cli import prompts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from automation.engine.workspace import Workspace

VARIABLES = {
    "gitToken": "HHSYNC_GIT_TOKEN",
    "gitSshKey": "HHSYNC_GIT_SSH_KEY",
    "gitProxyPassword": "HHSYNC_GIT_PROXY_PASSWORD",
    "netboxToken": "HHSYNC_NETBOX_TOKEN",
    "clusterToken": "HHSYNC_CLUSTER_TOKEN",
}
_NAMES = {
    "gitToken": "the Git token",
    "gitSshKey": "the SSH key for Git",
    "gitProxyPassword": "the proxy's password",
    "netboxToken": "NetBox's API token",
    "clusterToken": "the cluster's token",
}


def given(
    workspace: Workspace,
    fabric: str,
    plain: Mapping[str, str | bool | None],
    files: Mapping[str, Path | None],
) -> dict[str, str]:
    """The config values that were given; a token that is needed and nowhere given is asked for.

    Raises:
        ConfigError: a token file cannot be read, or a token is missing and nobody can be asked.
    """
    values = {
        key: "true" if value is True else str(value) for key, value in plain.items() if value not in (None, False)
    }
    known = fabric in workspace.stacks()
    needed = {"netboxToken": True, "clusterToken": bool(values.get("clusterUrl"))}
    for key, variable in VARIABLES.items():
        secret = prompts.secret(
            _NAMES[key], files.get(key), variable, workspace.env, ask=needed.get(key, False), known=known
        )
        if secret:
            values[key] = secret
    return values
