"""`hhsync init`: make a fabric's stack, write its config (secrets encrypted), and check each connection."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automation.engine.workspace import engine_errors
from automation.setup.connections import (
    FAILS,
    WORKS,
    PartCheck,
    check_all,
)
from providers import extra_settings
from providers.errors import ConfigError, EngineError, HhsyncError
from providers.settings import KEYS, NAMESPACE, SECRET_KEYS, ClusterSettings, GitSettings, NetBoxSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automation.engine.workspace import Workspace

# A stack's name that is a Kubernetes label value too, since every object carries it.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")

# The three ways to name a cluster, each with the keys that only it uses.
_WAYS = {
    "kubeconfig": ("kubeconfig", "kubeContext"),
    "clusterUrl": ("clusterUrl", "clusterToken", "clusterCaFile", "clusterInsecure"),
    "inCluster": ("inCluster",),
}

# Keys of which one takes the other's place.
_EITHER = {
    "gitToken": "gitTokenCommand",
    "gitTokenCommand": "gitToken",
    "gitSshKey": "gitSshKeyFile",
    "gitSshKeyFile": "gitSshKey",
}

_FILES: tuple[str, ...] = (
    "kubeconfig",
    "netboxCaFile",
    "clusterCaFile",
    "gitCaFile",
    "gitSshKeyFile",
    "gitKnownHostsFile",
)
_FILES += ("gitAllowedSignersFile", "gitKeyringFile")


@dataclass(frozen=True, slots=True)
class InitResult:
    """What `init` did: the stack file, whether the stack is new, and the checks ((), where they were skipped)."""

    fabric: str
    stack_file: Path
    created: bool
    checks: tuple[PartCheck, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 when a part fails, else 0."""
        return int(any(check.state == FAILS for check in self.checks))

    def to_json(self) -> dict[str, Any]:
        """The shape that `--json` prints."""
        return {
            "verb": "init",
            "fabric": self.fabric,
            "ok": self.exit_code == 0,
            "exit_code": self.exit_code,
            "stack_file": str(self.stack_file),
            "created": self.created,
            "checks": [check.to_json() for check in self.checks],
            "errors": [check.text for check in self.checks if check.state == FAILS],
        }


def init(
    workspace: Workspace, fabric: str, given: Mapping[str, str], *, check: bool = True, scaffold: bool = False
) -> InitResult:
    """Make the stack (or take the one that is there), set the given values, and try the connections.

    `given` has flat keys without namespace; what an existing stack has besides them stays. `scaffold` commits the folder's
    layout before Git is tried.

    Raises:
        ConfigError: a name or value is wrong; nothing was made then.
        EngineError: the backend or the stack's config refuses.
    """
    require_name(fabric)
    created = fabric not in workspace.stacks()
    before = {} if created else workspace.config(fabric)
    values = normalised(given)
    dropped = outdated(before, values)
    wanted = {**{key: value for key, value in before.items() if key not in dropped}, **values}
    validate(wanted)
    _write(workspace, fabric, {key: value for key, value in values.items() if before.get(key) != value}, dropped)
    made = (_scaffolded(wanted, fabric),) if scaffold else ()
    checks = (*made, *(check_all(wanted) if check else ()))
    return InitResult(fabric, workspace.stack_file(fabric), created, checks)


def _scaffolded(config: Mapping[str, str], fabric: str) -> PartCheck:
    """Commit the folders and the manifest; what became of it, as a line beside those of the connections."""
    from authoring.options import Authoring
    from authoring.scaffold import scaffold
    from program.config import cache_folder

    try:
        outcome = scaffold(GitSettings.from_config(config), cache_folder(), Authoring.from_config(config), fabric)
    except HhsyncError as error:
        return PartCheck("scaffold", FAILS, str(error))
    if not outcome.commit:
        return PartCheck("scaffold", WORKS, "raw/, managed/, archive/ and the manifest are there")
    made = ", ".join(sorted(outcome.changed))
    return PartCheck("scaffold", WORKS, f"commit {outcome.commit[:12]} on {outcome.branch}: {made}")


def require_name(fabric: str) -> None:
    """Refuse a fabric name that a stack, a label or a file cannot carry.

    Raises:
        ConfigError: it is such a name.
    """
    if not _NAME.fullmatch(fabric):
        raise ConfigError(
            f'"{fabric}" cannot be a fabric\'s name: use 1 to 63 letters, digits, "-", "_" or ".", with a letter or digit '
            f"at both ends"
        )


def normalised(given: Mapping[str, str]) -> dict[str, str]:
    """The values as the program can use them: paths absolute, since it runs in another folder; no secret in a URL.

    Raises:
        ConfigError: a key is unknown, a file is missing, or a URL carries credentials.
    """
    unknown = sorted(given.keys() - set(KEYS))
    if unknown:
        raise ConfigError(f"unknown stack config {', '.join(unknown)}; known are: {', '.join(KEYS)}")
    values = dict(given)
    for key in _FILES:
        if values.get(key):
            path = Path(values[key]).expanduser().resolve()
            if not path.is_file():
                raise ConfigError(f"{NAMESPACE}:{key} names {values[key]}, which is no file")
            values[key] = str(path)
    for key in ("netboxUrl", "clusterUrl"):
        _refuse_credentials(key, values.get(key, ""))
    url = values.get("gitUrl", "")
    if url and "://" not in url and Path(url).expanduser().is_dir():
        values["gitUrl"] = str(Path(url).expanduser().resolve())
    return values


def _refuse_credentials(key: str, url: str) -> None:
    if "://" in url and urllib.parse.urlsplit(url).password:
        token = {"netboxUrl": "HHSYNC_NETBOX_TOKEN"}.get(key, "HHSYNC_CLUSTER_TOKEN")
        raise ConfigError(f"{NAMESPACE}:{key} carries a password; leave it out of the URL and give it as {token}")


def outdated(before: Mapping[str, str], values: Mapping[str, str]) -> list[str]:
    """The keys of an earlier way to name the cluster or to log in to Git, when the given values name another way."""
    dropped = {other for key, other in _EITHER.items() if values.get(key) and other in before and not values.get(other)}
    named = [way for way in _WAYS if values.get(way)]
    if named:
        kept = {key for way in named for key in _WAYS[way]}
        dropped |= {key for keys in _WAYS.values() for key in keys if key in before and key not in kept}
    return sorted(dropped)


def validate(config: Mapping[str, str]) -> None:
    """Refuse config that the program would refuse.

    Raises:
        ConfigError: a value is missing or wrong; the text names the key.
    """
    GitSettings.from_config(config)
    NetBoxSettings.from_config(config)
    ClusterSettings.from_config(config)
    extra_settings.bootstrap(config)
    extra_settings.hooks_after_sync(config)


def _write(workspace: Workspace, fabric: str, values: Mapping[str, str], dropped: list[str]) -> None:
    from pulumi.automation import ConfigValue

    stack = workspace.create(fabric)
    with engine_errors(fabric):
        for key, value in values.items():
            stack.set_config(f"{NAMESPACE}:{key}", ConfigValue(value, secret=key in SECRET_KEYS))
        for key in dropped:
            stack.remove_config(f"{NAMESPACE}:{key}")
    if not workspace.stack_file(fabric).is_file():
        raise EngineError(
            f"the engine wrote no {workspace.stack_file(fabric)}; is stackConfigDir in Pulumi.yaml right?"
        )


def init_text(result: InitResult) -> str:
    """What `init` prints: where the config is, then one line per part."""
    made = "made" if result.created else "updated"
    lines = [f"{result.fabric}: stack {made}, config in {result.stack_file}", *(str(check) for check in result.checks)]
    if result.exit_code:
        lines.append(f"{result.fabric}: a connection fails; correct it and run hhsync init {result.fabric} again")
    return "\n".join(lines)
