"""Reads kubeconfigs (v1 Config, as kubectl does): contents or files, contexts, clusters, users. No connection is made.

What it does not do it refuses by name: `auth-provider` (gone from Kubernetes 1.26 on) and impersonation.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from embedded.engine.failures import ProviderFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes mounts a pod's service account."""
_KINDS = ("cluster", "context", "user")


@dataclass(frozen=True, slots=True)
class Place:
    """One cluster and the user who goes there. `where` names the source in messages; `folder` resolves its paths."""

    where: str
    cluster: Mapping[str, Any] = field(repr=False)
    user: Mapping[str, Any] = field(repr=False)
    folder: Path = Path()
    namespace: str = "default"

    @property
    def server(self) -> str:
        """The API server's URL."""
        return str(self.cluster.get("server", ""))


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """Entries by kind and name, each with the folder of the file it comes from."""

    where: str
    current: str
    entries: Mapping[str, Mapping[str, tuple[Mapping[str, Any], Path]]] = field(repr=False)

    def place(self, context: str = "", cluster: str = "", namespace: str = "") -> Place:
        """The place that a context leads to; `cluster` and `namespace` replace the context's.

        Raises ProviderFailed: there is no such context, cluster or user, or the cluster has no server.
        """
        name = context or self.current
        if not name:
            raise self._problem("it has no current context; set `context`", "context")
        chosen, _ = self._entry("context", name)
        place, folder = self._entry("cluster", cluster or str(chosen.get("cluster") or ""))
        user: Mapping[str, Any] = {}
        if chosen.get("user"):
            user, folder = self._entry("user", str(chosen["user"]))
        if not isinstance(place.get("server"), str) or not place["server"]:
            raise self._problem(f"its cluster {cluster or chosen.get('cluster')!r} names no server", "cluster")
        return Place(
            where=f"context {name!r} of {self.where}",
            cluster=place,
            user=user,
            folder=folder,
            namespace=namespace or str(chosen.get("namespace") or "default"),
        )

    def _entry(self, kind: str, name: str) -> tuple[Mapping[str, Any], Path]:
        found = self.entries[kind].get(name)
        if found is None:
            raise self._problem(f"it has no {kind} {name!r}", kind)
        return found

    def _problem(self, what: str, kind: str) -> ProviderFailed:
        names = ", ".join(sorted(self.entries[kind])) or "none"
        return ProviderFailed(f"{self.where}: {what}; there are: {names}")


def load(text: str, environment: Mapping[str, str] = os.environ) -> Kubeconfig:
    """The kubeconfig that a provider's `kubeconfig` names: a path, contents, or "" for the usual places.

    The usual places are the files of $KUBECONFIG, else ~/.kube/config, else a pod's service account.

    Raises ProviderFailed: a file is missing or no kubeconfig. Contents are never quoted: they hold credentials.
    """
    if text.strip():
        path = Path(text).expanduser() if _may_be_path(text) else None
        if path is not None and path.exists():
            return _merged([path])
        if path is not None and ":" not in text:
            raise ProviderFailed(f"the kubeconfig {text} does not exist, and is no kubeconfig itself")
        return _joined("the provider's kubeconfig", [(_parsed(text, "the provider's kubeconfig"), Path())])
    named = [Path(part).expanduser() for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    usual = Path("~/.kube/config").expanduser()
    paths = [path for path in named if path.exists()]
    if named and not paths:
        raise ProviderFailed(f"$KUBECONFIG names {', '.join(map(str, named))}, which does not exist")
    if not paths and usual.exists():
        paths = [usual]
    if paths:
        return _merged(paths)
    return _of_pod(environment)


def _may_be_path(text: str) -> bool:
    return "\n" not in text.strip() and not text.lstrip().startswith("{") and len(text) < 4096


def _merged(paths: list[Path]) -> Kubeconfig:
    read = []
    for path in paths:
        try:
            read.append((_parsed(path.read_text(encoding="utf-8"), str(path)), path.parent))
        except OSError as error:
            raise ProviderFailed(f"the kubeconfig {path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ProviderFailed(f"the kubeconfig {path} is not text") from None
    return _joined(", ".join(map(str, paths)), read)


def _parsed(text: str, where: str) -> Mapping[str, Any]:
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ProviderFailed(f"{where} is no YAML") from None  # the error quotes the text around it: keys, tokens
    if not isinstance(config, dict) or not isinstance(config.get("clusters"), list):
        raise ProviderFailed(f"{where} is no kubeconfig (it has no clusters)")
    return config


def _joined(where: str, read: list[tuple[Mapping[str, Any], Path]]) -> Kubeconfig:
    """Several files as one: the first that names an entry, or a current context, wins."""
    entries: dict[str, dict[str, tuple[Mapping[str, Any], Path]]] = {kind: {} for kind in _KINDS}
    current = ""
    for config, folder in read:
        current = current or str(config.get("current-context") or "")
        for kind in _KINDS:
            for entry in config.get(f"{kind}s") or []:
                if isinstance(entry, dict) and isinstance(entry.get(kind), dict):
                    entries[kind].setdefault(str(entry.get("name")), (entry[kind], folder))
    return Kubeconfig(where, current, entries)


def _of_pod(environment: Mapping[str, str]) -> Kubeconfig:
    host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port:
        raise ProviderFailed(
            "there is no kubeconfig: set `kubeconfig` on the provider or kubernetes:kubeconfig in the stack's config, "
            "or $KUBECONFIG, or write ~/.kube/config"
        )
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    cluster = {"server": server, "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt")}
    user = {"tokenFile": str(SERVICE_ACCOUNT / "token")}
    try:
        namespace = (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    except OSError:
        namespace = "default"
    entries = {
        "cluster": {"pod": (cluster, Path())},
        "context": {"pod": ({"cluster": "pod", "user": "pod", "namespace": namespace}, Path())},
        "user": {"pod": (user, Path())},
    }
    return Kubeconfig("the pod's service account", "pod", entries)
