"""Logs in to a cluster: TLS, tokens, client certificates, exec plugins (client.authentication.k8s.io)."""

from __future__ import annotations

import base64
import binascii
import json
import os
import ssl
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from embedded.engine.failures import ProviderFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from embedded.engine.plugins.kubernetes.kubeconfig import Place

_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_PLUGIN_SECONDS = 60.0
_TOKEN_FILE_SECONDS = 60.0
_EARLY_SECONDS = 10.0
_REFUSED = ("auth-provider", "as", "as-uid", "as-groups", "as-user-extra")


@dataclass(frozen=True, slots=True)
class Login:
    """How requests are signed and secured; `tls` already holds a client certificate that the kubeconfig has."""

    tls: ssl.SSLContext
    auth: httpx2.Auth | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Credential:
    token: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    expires: float = 0.0


class _Bearer(httpx2.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class _Renewable(httpx2.Auth):
    """Signs with what `fetch` gives; fetches anew when that has expired or was refused, one at a time."""

    def __init__(self, fetch: Callable[[], _Credential], load: Callable[[str, str], None]) -> None:
        self._fetch = fetch
        self._load = load
        self._lock = threading.Lock()
        self._current: _Credential | None = None

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        used = self._credential(None)
        self._sign(request, used)
        response = yield request
        if response.status_code == 401:
            self._sign(request, self._credential(used))
            yield request

    def _credential(self, refused: _Credential | None) -> _Credential:
        with self._lock:
            current = self._current
            expired = current is not None and current.expires and time.time() > current.expires - _EARLY_SECONDS
            if current is None or current is refused or expired:
                current = self._current = self._fetch()
                if current.certificate and current.key:
                    self._load(current.certificate, current.key)
            return current

    @staticmethod
    def _sign(request: httpx2.Request, credential: _Credential) -> None:
        if credential.token:
            request.headers["Authorization"] = f"Bearer {credential.token}"


def login(place: Place) -> Login:
    """The login of a place; an exec plugin runs at the first request. Raises ProviderFailed, naming what is wrong."""
    tls = _tls(place)
    user = place.user
    for name in _REFUSED:
        if user.get(name):
            raise ProviderFailed(
                f"{place.where}: {name} of the user is not supported; use a token, certificate or exec"
            )
    certificate, key = _data(user, "client-certificate", place), _data(user, "client-key", place)
    if certificate or key:
        if not certificate or not key:
            raise ProviderFailed(f"{place.where}: a client certificate needs client-certificate and client-key")
        _load(tls, certificate.decode("latin-1"), key.decode("latin-1"), place.where)

    def load(certificate: str, key: str) -> None:
        _load(tls, certificate, key, place.where)

    if user.get("tokenFile"):
        path = place.folder / str(user["tokenFile"])
        return Login(tls, _Renewable(lambda: _token_file(path, place.where), load))
    if user.get("token"):
        return Login(tls, _Bearer(str(user["token"])))
    if user.get("username"):
        return Login(tls, httpx2.BasicAuth(str(user["username"]), str(user.get("password") or "")))
    if isinstance(user.get("exec"), dict):
        return Login(tls, _Renewable(lambda: _run_plugin(user["exec"], place), load))
    return Login(tls)


def _tls(place: Place) -> ssl.SSLContext:
    authority = _data(place.cluster, "certificate-authority", place)
    try:
        context = ssl.create_default_context(cadata=authority.decode("ascii") if authority else None)
    except (ssl.SSLError, ValueError):
        raise ProviderFailed(f"{place.where}: its certificate-authority holds no PEM certificate") from None
    if authority:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # CAs of clusters often lack what strict asks for
    if place.cluster.get("insecure-skip-tls-verify") is True:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _data(section: Mapping[str, Any], name: str, place: Place) -> bytes | None:
    """A value that is inline in base64 (`<name>-data`) or in a file; inline wins, as in kubectl."""
    inline, file = section.get(f"{name}-data"), section.get(name)
    if inline:
        try:
            return base64.b64decode(inline, validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise ProviderFailed(f"{place.where}: {name}-data is no base64") from None
    if not file:
        return None
    try:
        return (place.folder / str(file)).read_bytes()
    except OSError as error:
        raise ProviderFailed(f"{place.where}: {name} {file} cannot be read: {error.strerror}") from None


def _load(tls: ssl.SSLContext, certificate: str, key: str, where: str) -> None:
    """Python's ssl reads certificates only from files, so they exist for a moment, readable by us alone."""
    with tempfile.TemporaryDirectory(prefix="embedded-") as folder:
        certificate_file, key_file = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        certificate_file.write_text(certificate, encoding="latin-1")
        key_file.write_text(key, encoding="latin-1")
        try:
            tls.load_cert_chain(certificate_file, key_file, password=lambda: "")
        except (ssl.SSLError, ValueError):
            raise ProviderFailed(
                f"{where}: its client certificate and key are no PEM, do not belong together, or the key is encrypted"
            ) from None


def _token_file(path: Path, where: str) -> _Credential:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text"
        raise ProviderFailed(f"{where}: token file {path} cannot be read: {why}") from None
    if not token:
        raise ProviderFailed(f"{where}: token file {path} is empty")
    return _Credential(token, expires=time.time() + _TOKEN_FILE_SECONDS + _EARLY_SECONDS)


def _run_plugin(section: Mapping[str, Any], place: Place) -> _Credential:
    """Run a user's `exec` section and read its answer, of which nothing is ever quoted."""
    version, command = section.get("apiVersion"), section.get("command")
    where = f"{place.where}: exec plugin {command}"
    if version not in _VERSIONS:
        raise ProviderFailed(f"{where} has apiVersion {version!r}; it has to be {' or '.join(_VERSIONS)}")
    if not isinstance(command, str) or not command or section.get("interactiveMode") == "Always":
        raise ProviderFailed(f"{where} is no command, or wants a terminal (interactiveMode: Always)")
    spec: dict[str, Any] = {"interactive": False}
    if section.get("provideClusterInfo"):
        spec["cluster"] = {key: value for key, value in place.cluster.items() if key != "extensions"}
    info = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": spec})
    pairs = {str(pair["name"]): str(pair.get("value") or "") for pair in section.get("env") or () if pair.get("name")}
    program = str(place.folder / command) if os.sep in command else command
    try:
        done = subprocess.run(
            [program, *map(str, section.get("args") or ())],
            env={**os.environ, **pairs, "KUBERNETES_EXEC_INFO": info},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PLUGIN_SECONDS,
            check=False,
        )
    except OSError as error:
        hint = str(section.get("installHint") or "install it, or correct the path").strip()
        raise ProviderFailed(f"{where} cannot be run: {error.strerror}; {hint}") from None
    except subprocess.TimeoutExpired:
        raise ProviderFailed(f"{where} did not finish within {_PLUGIN_SECONDS:g} s") from None
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise ProviderFailed(
            f"{where} failed with exit code {done.returncode}" + (f": {lines[-1][:256]}" if lines else "")
        )
    return _answered(done.stdout, where)


def _answered(output: bytes, where: str) -> _Credential:
    try:
        status = json.loads(output)["status"]
        until = status.get("expirationTimestamp")
        found = _Credential(
            str(status.get("token") or ""),
            str(status.get("clientCertificateData") or ""),
            str(status.get("clientKeyData") or ""),
            datetime.fromisoformat(until).timestamp() if until else 0.0,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ProviderFailed(f"{where} did not answer with an ExecCredential that has a status") from None
    if not found.token and not (found.certificate and found.key):
        raise ProviderFailed(f"{where} answered neither a token nor a client certificate with key")
    return found
