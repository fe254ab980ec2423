"""Credentials that change while we run: a token file, or an exec plugin of a kubeconfig (client.authentication.k8s.io).

Knows the ExecCredential protocol as the Kubernetes documentation gives it ("client-go credential plugins"). Runs a plugin
once for all threads, again when its credential expires or the server answers 401.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from providers import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")

# Seconds for an exec plugin: it may ask an identity provider over the network, but no person.
PLUGIN_DEADLINE = 60.0

# Seconds that a token read from a file is used: the kubelet rotates it at 80 % of its life (at least 10 minutes).
TOKEN_FILE_AGE = 60.0

# Seconds before its end at which a credential counts as expired, so that it does not end on the way.
EARLY = 10.0


@dataclass(frozen=True, slots=True)
class Credential:
    """What logs in: a bearer token, a client certificate with key (PEM), or both; `expires` in seconds since 1970."""

    token: str | None = field(default=None, repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)
    expires: float | None = None


class RenewableAuth(httpx2.Auth):
    """Logs in with what `fetch` gives, and fetches anew when that has expired or is refused. One fetch at a time."""

    def __init__(self, fetch: Callable[[], Credential], on_certificate: Callable[[bytes, bytes], None]) -> None:
        """Remember how to fetch; `on_certificate` gets each new client certificate and key."""
        self._fetch = fetch
        self._on_certificate = on_certificate
        self._lock = threading.Lock()
        self._current: Credential | None = None

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Send with the current credential; on 401 once more with a new one."""
        used = self.credential()
        self._sign(request, used)
        response = yield request
        if response.status_code == 401:
            self._sign(request, self.credential(refused=used))
            yield request

    def credential(self, refused: Credential | None = None) -> Credential:
        """The credential to use now: the current one, unless it has expired or is the one that was refused.

        Raises:
            ConfigError: there is none to be had.
        """
        with self._lock:
            current = self._current
            if current is None or current is refused or (current.expires and time.time() > current.expires - EARLY):
                current = self._fetch()
                if current.certificate and current.key:
                    self._on_certificate(current.certificate, current.key)
                self._current = current
            return current

    @staticmethod
    def _sign(request: httpx2.Request, credential: Credential) -> None:
        if credential.token:
            request.headers["Authorization"] = f"Bearer {credential.token}"


def read_token_file(path: Path, setting: str) -> Credential:
    """Read a bearer token from a file that someone else rotates; `setting` names where the path comes from.

    Raises:
        ConfigError: the file cannot be read or is empty.
    """
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise errors.ConfigError(f"{setting}: token file {path} cannot be read: {_why(error)}") from None
    if not token:
        raise errors.ConfigError(f"{setting}: token file {path} is empty")
    return Credential(token=token, expires=time.time() + TOKEN_FILE_AGE + EARLY)


def _why(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or "not text"


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A kubeconfig user's `exec` section, ready to run. `setting` names user and file for error texts."""

    setting: str
    command: str
    arguments: tuple[str, ...] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    version: str
    hint: str
    info: str

    @classmethod
    def from_user(
        cls, section: Mapping[str, Any], folder: Path, cluster: Mapping[str, Any], setting: str
    ) -> ExecPlugin:
        """Read the section.

        Args:
            section: the user's `exec`.
            folder: the kubeconfig's, for a relative command.
            cluster: the kubeconfig's cluster entry, told to a plugin with `provideClusterInfo`.
            setting: for error texts.

        Raises:
            ConfigError: the section is incomplete or asks for what cannot be done here.
        """
        version, command = section.get("apiVersion"), section.get("command")
        if version not in VERSIONS:
            raise errors.ConfigError(f"{setting}: exec apiVersion must be {' or '.join(VERSIONS)}, not {version!r}")
        if not isinstance(command, str) or not command:
            raise errors.ConfigError(f"{setting}: exec names no command")
        if section.get("interactiveMode") == "Always":
            raise errors.ConfigError(f"{setting}: exec plugin {command} wants a terminal (interactiveMode: Always)")
        if os.sep in command and not Path(command).is_absolute():
            command = str(folder / command)
        spec: dict[str, Any] = {"interactive": False}
        if section.get("provideClusterInfo"):
            spec["cluster"] = {key: value for key, value in cluster.items() if key != "extensions"}
        return cls(
            setting=setting,
            command=command,
            arguments=tuple(str(argument) for argument in section.get("args") or ()),
            environment={
                str(pair["name"]): str(pair.get("value") or "") for pair in section.get("env") or () if pair.get("name")
            },
            version=version,
            hint=str(section.get("installHint") or ""),
            info=json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": spec}),
        )

    def fetch(self) -> Credential:
        """Run the plugin and read its answer.

        Raises:
            ConfigError: it is missing, fails, hangs, or answers nothing usable.
        """
        try:
            done = subprocess.run(
                [self.command, *self.arguments],
                env={**os.environ, **self.environment, "KUBERNETES_EXEC_INFO": self.info},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PLUGIN_DEADLINE,
                check=False,
            )
        except FileNotFoundError:
            hint = f"; {self.hint}" if self.hint else "; install it, or correct the path"
            raise self._problem(f"was not found{hint}") from None
        except subprocess.TimeoutExpired:
            raise self._problem(f"did not finish within {PLUGIN_DEADLINE:g} s") from None
        except OSError as error:
            raise self._problem(f"cannot be run: {error.strerror}") from None
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            message = f": {lines[-1][:256]}" if lines else ""
            raise self._problem(f"failed with exit code {done.returncode}{message}")
        return self._credential(done.stdout)

    def _credential(self, output: bytes) -> Credential:
        try:
            answer = json.loads(output)
            status = answer["status"]
            token, certificate, key = (status.get(name) for name in ("token", "clientCertificateData", "clientKeyData"))
            until = status.get("expirationTimestamp")
            expires = datetime.fromisoformat(until).timestamp() if until else None
        except (ValueError, KeyError, TypeError, AttributeError):
            # The output holds the credential: none of it is shown.
            raise self._problem("did not answer with an ExecCredential that has a status") from None
        if answer.get("apiVersion") != self.version:
            raise self._problem(f"answered in another version than {self.version}")
        if not token and not (certificate and key):
            raise self._problem("answered neither a token nor a client certificate with key")
        return Credential(
            token=token or None,
            certificate=certificate.encode() if certificate else None,
            key=key.encode() if key else None,
            expires=expires,
        )

    def _problem(self, what: str) -> errors.ConfigError:
        return errors.ConfigError(f"{self.setting}: exec plugin {self.command} {what}")
