"""`hhsync check`: Git read and validated, nothing else; every finding is listed, and which schemas judged is said."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from automation.reports.check import CheckReport
from gitops import load, schemas
from program.cluster_checks import on_cluster
from program.config import cache_folder
from providers.core.identity import KINDS, VERSION
from providers.core.rules.unresolved import NOTHING
from providers.core.schema import Schema
from providers.errors import ConfigError, NotInstalled
from providers.settings import KEYS, ClusterSettings, GitSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from automation.engine.workspace import Workspace
    from providers.targets.cluster.target import Cluster

# The config that says what is read, and which schemas judge it.
_NEEDED = frozenset(key for key in KEYS if key.startswith("git") or key == "schemasDir")

_GVK = "x-kubernetes-group-version-kind"


def check(workspace: Workspace, fabric: str, *, live: bool = False, folder: Path | None = None) -> CheckReport:
    """Read the fabric's folder and validate it: with the stack's schemas (as a sync does), those of `folder`, or the cluster's.

    With `live`, a CR that Git only names is looked up on the cluster, too.

    Raises:
        GitError: the repository, branch, folder or credentials do not work.
        TargetError: `live`, and the cluster's schemas cannot be read.
        ConfigError: `folder` has no schemas, or is given together with `live`.
        EngineError: there is no such stack.
    """
    if live and folder is not None:
        raise ConfigError("--cluster and --schemas both say which schemas judge; give one of the two")
    started = time.monotonic()
    # A check of Git alone needs no process of the CLI where none of what it needs is secret.
    config = (None if live else workspace.plain_config(fabric, _NEEDED)) or workspace.config(fabric)
    git = GitSettings.from_config(config)
    if live:
        from providers.targets.cluster.target import Cluster  # a check of Git alone does not wait for a client to load

        target = Cluster(ClusterSettings.from_config(config))
        try:
            by_kind, schemas_used = live_schemas(target), f"the schemas of the cluster at {target.server}"
            loaded = load.inspect(git, cache_folder(), by_kind, on_cluster(lambda: target, fabric))
        finally:
            target.close()
    else:
        by_kind, schemas_used = schemas.chosen(git) if folder is None else schemas.of_folder(folder)
        loaded = load.inspect(git, cache_folder(), by_kind, NOTHING)
    return CheckReport(fabric, loaded, schemas_used, time.monotonic() - started)


def live_schemas(cluster: Cluster) -> Mapping[str, Schema]:
    """The schemas of the 12 kinds as the cluster serves them.

    Raises:
        NotInstalled: a kind is not served.
        TargetError: by cause.
    """
    groups = sorted({kind.group for kind in KINDS.values()})
    with ThreadPoolExecutor(max_workers=len(groups)) as pool:
        documents = list(pool.map(cluster.openapi, groups))
    found = {kind: schema for document in documents for kind, schema in compiled(document).items()}
    missing = sorted(KINDS.keys() - found.keys())
    if missing:
        text = f"the cluster at {cluster.server} has no schema of {', '.join(missing)}; install Hedgehog's CRDs"
        raise NotInstalled(text, target="cluster", server=cluster.server)
    return found


def compiled(document: Mapping[str, Any]) -> dict[str, Schema]:
    """The schemas of our kinds in an OpenAPI v3 document. Each component names the kind that it describes."""
    result = {}
    for component in (document.get("components") or {}).get("schemas", {}).values():
        for named in component.get(_GVK) or ():
            kind = KINDS.get(named.get("kind"))
            if kind is not None and named.get("group") == kind.group and named.get("version") == VERSION:
                result[kind.name] = Schema(kind.name, kind.group, VERSION, component)
    return result
