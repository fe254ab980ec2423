"""The cluster of a stack's config as pulumi-kubernetes wants it: a kubeconfig, and a context of it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from providers.errors import ConfigError
from providers.settings import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.settings import ClusterSettings

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True, slots=True)
class Access:
    """A path or contents of a kubeconfig; `secret` when the contents hold credentials."""

    kubeconfig: str = field(repr=False)
    context: str | None = None
    secret: bool = False


def access(settings: ClusterSettings, environment: Mapping[str, str]) -> Access:
    """How to reach the cluster of `settings`.

    Raises:
        ConfigError: a file cannot be read, or a kubeconfig has no such context.
    """
    overrides = settings.token or settings.ca_file or settings.insecure
    if settings.kubeconfig and not overrides:
        return Access(str(Path(settings.kubeconfig).expanduser()), settings.context)
    if settings.kubeconfig:
        cluster, user = _chosen(settings)
    elif settings.in_cluster:
        host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "")
        if not host:
            raise ConfigError(f"{NAMESPACE}:inCluster is true, but this is no pod of a cluster")
        server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
        cluster = {"server": server, "certificate-authority": f"{SERVICE_ACCOUNT}/ca.crt"}
        user = {"tokenFile": f"{SERVICE_ACCOUNT}/token"}
    else:
        cluster, user = {"server": settings.url}, {}
    if settings.token:
        user = {"token": settings.token}
    if settings.ca_file:
        cluster = {key: value for key, value in cluster.items() if not key.startswith("certificate-authority")}
        cluster["certificate-authority-data"] = _encoded(settings.ca_file)
    if settings.insecure:
        cluster = {key: value for key, value in cluster.items() if not key.startswith("certificate-authority")}
        cluster["insecure-skip-tls-verify"] = True
    return Access(_contents(cluster, user), secret=not settings.in_cluster)


def _contents(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> str:
    """One context, as JSON, which is YAML."""
    name = "fabric"
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        },
        sort_keys=True,
    )


def _chosen(settings: ClusterSettings) -> tuple[dict[str, Any], dict[str, Any]]:
    """The cluster and user of the context, with paths made absolute."""
    path = Path(settings.kubeconfig or "").expanduser()
    try:
        config = yaml.safe_load(path.read_text("utf-8"))
        contexts = _by_name(config, "context")
        context = contexts[settings.context or config["current-context"]]
        cluster = _by_name(config, "cluster")[context["cluster"]]
        user = _by_name(config, "user").get(str(context.get("user")), {})
    except OSError as error:
        raise ConfigError(f"{NAMESPACE}:kubeconfig: {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        # What is wrong is not quoted: the file holds credentials.
        wanted = f"context {settings.context!r}" if settings.context else "current context"
        raise ConfigError(f"{NAMESPACE}:kubeconfig: {path} has no usable {wanted}") from None
    return _absolute(cluster, path.parent), _absolute(user, path.parent)


def _by_name(config: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {str(entry["name"]): entry[kind] for entry in config[f"{kind}s"] or ()}


def _absolute(section: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    files = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
    return {key: str(folder / value) if key in files and value else value for key, value in section.items()}


def _encoded(file: str) -> str:
    try:
        return base64.b64encode(Path(file).read_bytes()).decode()
    except OSError as error:
        raise ConfigError(f"{NAMESPACE}:clusterCaFile: {file} cannot be read: {error.strerror}") from None
