"""From ClusterSettings to a client that reaches the cluster: kubeconfig, in-cluster service account, or URL with token and CA.

Knows the kubeconfig format (v1 Config) as kubectl reads it. What it does not do it refuses by name: `auth-provider` (gone
from Kubernetes 1.26 on) and impersonation (`as`). lightkube 1.0.1's reader was not enough: no exec plugin of version v1, no
client certificate from one, one plugin run per thread, and neither `proxy-url` nor `tls-server-name`.
"""

from __future__ import annotations

import base64
import binascii
import os
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import yaml

from providers import errors
from providers.settings import NAMESPACE
from providers.targets import http
from providers.targets.cluster.credentials import (
    Credential,
    ExecPlugin,
    RenewableAuth,
    read_token_file,
)
from providers.targets.tls import private_ca, tls_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from providers.settings import ClusterSettings

KUBECONFIG_KEY = f"{NAMESPACE}:kubeconfig"
CONTEXT_KEY = f"{NAMESPACE}:kubeContext"
URL_KEY = f"{NAMESPACE}:clusterUrl"
TOKEN_KEY = f"{NAMESPACE}:clusterToken"
CA_KEY = f"{NAMESPACE}:clusterCaFile"

# Where Kubernetes mounts a pod's service account (documentation: "Accessing the Kubernetes API from a Pod").
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class Login:
    """How to reach a cluster and log in, ready for `http.HttpTarget`."""

    endpoint: http.Endpoint
    tls: ssl.SSLContext
    auth: httpx2.Auth | None = field(default=None, repr=False)
    proxy: str | None = None
    tls_name: str | None = None


class _Bearer(httpx2.Auth):
    """A token that stays the same."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx2.Request) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def login(settings: ClusterSettings) -> Login:
    """Read what the settings name; no connection is made and no plugin run.

    Raises:
        ConfigError: a file, context, user or value is missing or wrong; the text names it and what there is instead.
    """
    if settings.kubeconfig:
        return _from_kubeconfig(settings, Path(settings.kubeconfig).expanduser())
    if settings.in_cluster:
        return _from_service_account(settings)
    return _from_url(settings)


def _from_url(settings: ClusterSettings) -> Login:
    if not settings.url:
        raise errors.ConfigError(f"stack config {URL_KEY} is missing")
    if not settings.token:
        raise errors.ConfigError(
            f"stack config {TOKEN_KEY} is missing; set it with: pulumi config set --secret {TOKEN_KEY}"
        )
    endpoint = http.Endpoint("cluster", "cluster", settings.url, URL_KEY, TOKEN_KEY, CA_KEY)
    _refuse_clear_text(endpoint, settings)
    tls = tls_context(ca_file=settings.ca_file, insecure=settings.insecure, key=CA_KEY)
    return Login(endpoint, tls, _Bearer(settings.token))


def _from_service_account(settings: ClusterSettings) -> Login:
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    key = f"{NAMESPACE}:inCluster"
    if not host or not port:
        raise errors.ConfigError(
            f"{key} is true, but this is no pod of a cluster (KUBERNETES_SERVICE_HOST is not set); use {KUBECONFIG_KEY}"
        )
    url = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    ca_file = settings.ca_file or str(SERVICE_ACCOUNT / "ca.crt")
    endpoint = http.Endpoint("cluster", "cluster", url, key, "the pod's service account", CA_KEY)
    tls = tls_context(ca_file=ca_file, insecure=settings.insecure, key=key)
    token_file = SERVICE_ACCOUNT / "token"
    return Login(endpoint, tls, _renewable(lambda: read_token_file(token_file, key), tls, key))


def _from_kubeconfig(settings: ClusterSettings, path: Path) -> Login:
    config = _load(path)
    context_name, context = _context(config, settings.context, path)
    where = f"context {context_name!r} of {path} ({KUBECONFIG_KEY})"
    cluster = _entry(config, "cluster", context.get("cluster"), where)
    user = _entry(config, "user", context["user"], where) if context.get("user") else {}
    server = cluster.get("server")
    if not isinstance(server, str) or not server:
        raise errors.ConfigError(f"{where}: its cluster names no server")
    credentials_key = TOKEN_KEY if settings.token else f"user {context.get('user')!r} of {path}"
    endpoint = http.Endpoint("cluster", "cluster", server, where, credentials_key, CA_KEY)
    _refuse_clear_text(endpoint, settings)
    tls = _cluster_tls(settings, cluster, path, where)
    auth = _Bearer(settings.token) if settings.token else _user_auth(user, cluster, path, tls, f"{credentials_key}")
    return Login(
        endpoint, tls, auth, proxy=cluster.get("proxy-url") or None, tls_name=cluster.get("tls-server-name") or None
    )


def _load(path: Path) -> Mapping[str, Any]:
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise errors.ConfigError(f"{KUBECONFIG_KEY}: {path} does not exist") from None
    except OSError as error:
        raise errors.ConfigError(f"{KUBECONFIG_KEY}: {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        # A YAML error quotes the text around it, which here may be a key or token.
        raise errors.ConfigError(f"{KUBECONFIG_KEY}: {path} is no YAML") from None
    if not isinstance(config, dict) or not isinstance(config.get("contexts"), list):
        raise errors.ConfigError(f"{KUBECONFIG_KEY}: {path} is no kubeconfig (it has no contexts)")
    return config


def _named(config: Mapping[str, Any], kind: str) -> dict[str, Mapping[str, Any]]:
    """The list `clusters`, `contexts` or `users` as a mapping from name to its `cluster`, `context` or `user`."""
    entries = config.get(f"{kind}s") or []
    found = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get(kind), dict)]
    return {str(entry.get("name")): entry[kind] for entry in found}


def _context(config: Mapping[str, Any], wanted: str | None, path: Path) -> tuple[str, Mapping[str, Any]]:
    contexts = _named(config, "context")
    existing = f"it has: {', '.join(sorted(contexts)) or 'none'}"
    name = wanted or config.get("current-context")
    if not name:
        raise errors.ConfigError(f"{path} ({KUBECONFIG_KEY}) has no current context; set {CONTEXT_KEY}; {existing}")
    if name not in contexts:
        source = CONTEXT_KEY if wanted else "current-context"
        raise errors.ConfigError(f"{path} ({KUBECONFIG_KEY}) has no context {name!r} ({source}); {existing}")
    return str(name), contexts[name]


def _entry(config: Mapping[str, Any], kind: str, name: Any, where: str) -> Mapping[str, Any]:
    entries = _named(config, kind)
    if name not in entries:
        raise errors.ConfigError(
            f"{where} names {kind} {name!r}, which is missing; there are: {', '.join(sorted(entries)) or 'none'}"
        )
    return entries[name]


def _data(section: Mapping[str, Any], name: str, path: Path, where: str) -> bytes | None:
    """A value that a kubeconfig holds inline in base64 (`<name>-data`) or by file; inline wins, as in kubectl."""
    inline, file = section.get(f"{name}-data"), section.get(name)
    if inline:
        try:
            return base64.b64decode(inline, validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise errors.ConfigError(f"{where}: {name}-data is no base64") from None
    if not file:
        return None
    try:
        return (path.parent / str(file)).read_bytes()
    except OSError as error:
        raise errors.ConfigError(f"{where}: {name} {file} cannot be read: {error.strerror}") from None


def _cluster_tls(settings: ClusterSettings, cluster: Mapping[str, Any], path: Path, where: str) -> ssl.SSLContext:
    authority = None if settings.ca_file else _data(cluster, "certificate-authority", path, where)
    insecure = settings.insecure or (cluster.get("insecure-skip-tls-verify") is True and not settings.ca_file)
    if insecure or authority is None:
        return tls_context(ca_file=settings.ca_file, insecure=insecure, key=CA_KEY)
    try:
        return private_ca(ssl.create_default_context(cadata=authority.decode("ascii")))
    except (ssl.SSLError, ValueError):
        raise errors.ConfigError(f"{where}: its certificate-authority holds no PEM certificate") from None


def _user_auth(
    user: Mapping[str, Any], cluster: Mapping[str, Any], path: Path, tls: ssl.SSLContext, where: str
) -> httpx2.Auth | None:
    """Load a client certificate into `tls`, and give what signs each request; precedence as in kubectl."""
    for unsupported in ("auth-provider", "as", "as-uid", "as-groups", "as-user-extra"):
        if user.get(unsupported):
            raise errors.ConfigError(f"{where}: {unsupported} is not supported; use a token, certificate or exec")
    certificate = _data(user, "client-certificate", path, where)
    key = _data(user, "client-key", path, where)
    if certificate or key:
        if not certificate or not key:
            raise errors.ConfigError(f"{where}: a client certificate needs both client-certificate and client-key")
        _load_certificate(tls, certificate, key, where)
    if user.get("tokenFile"):
        token_file = path.parent / str(user["tokenFile"])
        return _renewable(lambda: read_token_file(token_file, where), tls, where)
    if user.get("token"):
        return _Bearer(str(user["token"]))
    if user.get("username"):
        return httpx2.BasicAuth(str(user["username"]), str(user.get("password") or ""))
    if user.get("exec"):
        plugin = ExecPlugin.from_user(user["exec"], path.parent, cluster, where)
        return _renewable(plugin.fetch, tls, where)
    return None


def _renewable(fetch: Callable[[], Credential], tls: ssl.SSLContext, where: str) -> RenewableAuth:
    return RenewableAuth(fetch, lambda certificate, key: _load_certificate(tls, certificate, key, where))


def _load_certificate(tls: ssl.SSLContext, certificate: bytes, key: bytes, where: str) -> None:
    """Load a client certificate. Python's ssl reads only files, so they exist for a moment, readable by us alone."""
    with tempfile.TemporaryDirectory(prefix="hhsync-") as folder:
        certificate_file, key_file = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        certificate_file.write_bytes(certificate)
        key_file.write_bytes(key)
        try:
            # Without a password function OpenSSL would ask the terminal for an encrypted key's.
            tls.load_cert_chain(certificate_file, key_file, password=lambda: "")
        except (ssl.SSLError, ValueError):
            raise errors.ConfigError(
                f"{where}: its client certificate and key are no PEM, do not belong together, or the key is encrypted"
            ) from None


def _refuse_clear_text(endpoint: http.Endpoint, settings: ClusterSettings) -> None:
    url = httpx2.URL(endpoint.url)
    if url.scheme == "http" and not http.is_loopback(url.host) and not settings.insecure:
        raise errors.ConfigError(
            f"{endpoint.url_key}: {endpoint.server} would carry the credentials in clear; use https://, or set "
            f"{NAMESPACE}:clusterInsecure to true"
        )
