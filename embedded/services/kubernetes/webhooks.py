"""The emulator of a fabric's webhooks and controller: its process, and its registration with the API server."""

from __future__ import annotations

import json
import ssl
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded.services.certificates import Authority
from embedded.services.errors import ServicesError
from embedded.services.files import PROJECT_ROOT
from embedded.services.kubernetes.access import encoded
from embedded.services.kubernetes.api import apply, delete, install_crd
from embedded.services.ports import LOOPBACK, Ports
from embedded.services.process import Server
from embedded.services.status import state_of
from embedded.services.steps import build_folder, restart_folder
from embedded.services.web import Api, wait_until
from embedded.webhooks.agents import crd
from embedded.webhooks.cluster import Cluster
from embedded.webhooks.registration import NAME, PATHS, manifests

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.services.facts import PartStatus

_START_SECONDS = 60.0
_EFFECTIVE_SECONDS = 30.0
_PROBE_PATH = "/apis/vpc.githedgehog.com/v1beta1/namespaces/default/vpcs?dryRun=All"
_FORBIDDEN, _BAD_REQUEST = 403, 400


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The stand-in of one fabric. `settings` is a file that a test writes to change what it does."""

    fabric: str
    home: Path
    ports: Ports

    @property
    def server(self) -> Server:
        """Its process."""
        return Server(f"{self.fabric}-webhooks", self.home, patience=5.0)

    @property
    def settings(self) -> Path:
        """The settings file, see docs/webhooks.md."""
        return self.home / self.fabric / "webhooks.json"

    def admin(self, kubeconfig: Path) -> Api:
        """The API server, with the token of a kubeconfig."""
        cluster = Cluster.of(kubeconfig)
        return Api(f"https://{cluster.host}:{cluster.port}", cluster.token, cluster.tls)

    def start(self, kubeconfig: Path, api: Api) -> None:
        """Start it when it does not run and answer, and register it; returns when the API server asks it."""
        build_folder(self._keys, self._make_keys)
        install_crd(api, crd())
        if not self._answers():
            self.server.stop()
            self._start(kubeconfig)
        apply(api, manifests(self._url, encoded(self._keys / "ca.crt")))
        self._wait_for(api, registered=True)

    def remove(self, api: Api) -> None:
        """Stop it and tell the API server to ask nobody; returns when that holds. Agents stay as they are."""
        deleted = [delete(api, f"{path}/{NAME}") for path in PATHS.values()]
        if any(deleted):
            self._wait_for(api, registered=False)
        self.server.stop()

    def stop(self) -> None:
        """Stop the process; it stays registered, and writes are refused until it runs again."""
        self.server.stop()

    def status(self) -> list[PartStatus]:
        """Its state; nothing when it was never started."""
        return [state_of(self.server, self._answers, self._url)] if self._keys.is_dir() else []

    @property
    def _keys(self) -> Path:
        return self.home / self.fabric / "webhook-keys"

    @property
    def _url(self) -> str:
        return f"https://{LOOPBACK}:{self.ports.get(self.server.name) or 0}"

    def _make_keys(self, part: Path) -> None:
        restart_folder(part)
        part.chmod(0o700)
        Authority.make(f"{self.fabric} webhooks", part / "ca.crt").issue(
            "webhooks", part / "server.crt", part / "server.key"
        )

    def _start(self, kubeconfig: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "embedded.webhooks",
            f"--kubeconfig={kubeconfig}",
            f"--certificate={self._keys / 'server.crt'}",
            f"--key={self._keys / 'server.key'}",
            f"--settings={self.settings}",
            f"--port={self.ports.claim(self.server.name)}",
        ]
        self.server.start(command, {"PYTHONPATH": str(PROJECT_ROOT)})
        wait_until(self.server, self._answers, _START_SECONDS)

    def _answers(self) -> bool:
        if self.server.process() is None or not self.ports.get(self.server.name):
            return False
        tls = ssl.create_default_context(cafile=str(self._keys / "ca.crt"))
        return Api(self._url, tls=tls).call("GET", "/healthz")[0] == 200

    def _wait_for(self, api: Api, *, registered: bool) -> None:
        """Wait until dry runs show that the API server asks, or asks no more: it takes up configurations by and by."""
        deadline = time.monotonic() + _EFFECTIVE_SECONDS
        while (found := _asked(api)) != {registered}:
            if time.monotonic() > deadline:
                what = "asked for" if registered else "left out of"
                raise ServicesError(f"{self.server.name} is not {what} writes by {api.url} yet: {sorted(found)}")
            time.sleep(0.1)


def _asked(api: Api) -> set[bool]:
    """Whether the defaulting and the validating webhook of VPCs are asked, found out with two VPCs that each refuses."""
    out_of_range: dict[str, object] = {"subnets": {"probe": {"vlan": 1 << 20}}}
    return {_status(api, out_of_range) == _BAD_REQUEST, _status(api, {}) == _FORBIDDEN}


def _status(api: Api, spec: dict[str, object]) -> int:
    body = {"apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": {"name": "hhsync-x"}, "spec": spec}
    return api.call("POST", _PROBE_PATH, json.dumps(body).encode())[0]
