"""One fabric's Kubernetes API: an etcd and a kube-apiserver of its own, on loopback, with TLS and RBAC."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.services.certificates import Authority, write_signing_key
from embedded.services.facts import FabricAccess, PartStatus
from embedded.services.files import own_folder
from embedded.services.kubernetes import access
from embedded.services.kubernetes.api import install_access, install_crds
from embedded.services.kubernetes.webhooks import Webhooks
from embedded.services.ports import LOOPBACK, Ports
from embedded.services.process import Process, Server
from embedded.services.status import state_of
from embedded.services.steps import Progress, build_folder, restart_folder
from embedded.services.web import Api, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.services.programs.golang import GoTools

_START_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Fabric:
    """The API server of one fabric in one home."""

    name: str
    home: Path
    tools: GoTools
    ports: Ports
    progress: Progress

    @property
    def folder(self) -> Path:
        """Certificates, tokens, kubeconfigs and etcd's data."""
        return self.home / self.name

    @property
    def etcd(self) -> Server:
        """etcd's process."""
        return Server(f"{self.name}-etcd", self.home)

    @property
    def server(self) -> Server:
        """kube-apiserver's process; open watches may hold up its end for a while."""
        return Server(f"{self.name}-apiserver", self.home, patience=20.0)

    @property
    def webhooks(self) -> Webhooks:
        """The stand-in for Hedgehog's webhooks and controller."""
        return Webhooks(self.name, self.home, self.ports)

    def start(self, crds: Path, *, webhooks: bool = True) -> FabricAccess:
        """Start what does not run and answer; apply access rules and the CRDs of a folder.

        Without `webhooks` the API server takes whatever the CRDs' schemas let through, and there are no Agents.
        """
        own_folder(self.folder)
        build_folder(self._keys, self._make_keys)
        if not self._etcd_answers():
            self.server.stop()
            self._start_etcd()
        if not self._ready():
            self._start_apiserver()
        install_access(self._admin)
        names = install_crds(self._admin, crds)
        facts = self._write_access()
        if webhooks:
            self.webhooks.start(Path(facts.admin_kubeconfig), self._admin)
        else:
            self.webhooks.remove(self._admin)
        which = "Hedgehog's webhooks" if webhooks else "no webhooks"
        self.progress(f"{self.name}: ready at {facts.url} with {len(names)} kinds and {which}")
        return facts

    def stop(self) -> None:
        """Stop the webhooks, kube-apiserver, then etcd; the data stay."""
        self.webhooks.stop()
        self.server.stop()
        self.etcd.stop()

    def status(self) -> list[PartStatus]:
        """The state of the servers."""
        return [
            state_of(self.etcd, self._etcd_answers, f"{LOOPBACK}:{self.ports.get(self.etcd.name) or '-'}"),
            state_of(self.server, self._ready, self._url),
            *self.webhooks.status(),
        ]

    @property
    def _keys(self) -> Path:
        return self.folder / "keys"

    @property
    def _url(self) -> str:
        return f"https://{LOOPBACK}:{self.ports.get(self.server.name) or 0}"

    @property
    def _admin(self) -> Api:
        tls = ssl.create_default_context(cafile=str(self._keys / "ca.crt"))
        return Api(self._url, access.read_tokens(self._keys / "tokens.csv")[access.ADMIN_USER], tls)

    def _make_keys(self, part: Path) -> None:
        """Certificates and tokens, once; etcd has an authority of its own, so that no API client can reach it."""
        restart_folder(part)
        part.chmod(0o700)
        api = Authority.make(f"{self.name} API", part / "ca.crt")
        api.issue("kube-apiserver", part / "apiserver.crt", part / "apiserver.key")
        api.issue(access.HHSYNC_USER, part / "hhsync.crt", part / "hhsync.key")
        storage = Authority.make(f"{self.name} etcd", part / "etcd-ca.crt")
        storage.issue("etcd", part / "etcd.crt", part / "etcd.key")
        write_signing_key(part / "service-accounts.key")
        access.write_tokens(part / "tokens.csv")

    def _start_etcd(self) -> None:
        self.etcd.stop()
        keys = self._keys
        client = f"https://{LOOPBACK}:{self.ports.claim(self.etcd.name)}"
        peer = f"https://{LOOPBACK}:{self.ports.claim(self.etcd.name + '-peer')}"
        certificates = [
            f"--{prefix}{flag}={keys / file}"
            for prefix in ("", "peer-")
            for flag, file in (("cert-file", "etcd.crt"), ("key-file", "etcd.key"), ("trusted-ca-file", "etcd-ca.crt"))
        ]
        command = [
            str(self.tools.path("etcd")),
            f"--name={self.name}",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster={self.name}={peer}",
            "--client-cert-auth",
            "--peer-client-cert-auth",
            "--log-level=warn",
            *certificates,
        ]
        self.etcd.start(command)
        wait_until(self.etcd, self._etcd_answers, _START_SECONDS)

    def _start_apiserver(self) -> None:
        self.server.stop()
        keys, port = self._keys, self.ports.claim(self.server.name)
        self.progress(f"{self.name}: starting kube-apiserver")
        command = [
            str(self.tools.path("kube-apiserver")),
            f"--bind-address={LOOPBACK}",
            f"--advertise-address={LOOPBACK}",
            f"--secure-port={port}",
            # the addresses of other API servers are not kept: there are none, and a loopback one would be refused
            "--endpoint-reconciler-type=none",
            f"--etcd-servers=https://{LOOPBACK}:{self.ports.get(self.etcd.name)}",
            f"--etcd-cafile={keys / 'etcd-ca.crt'}",
            f"--etcd-certfile={keys / 'etcd.crt'}",
            f"--etcd-keyfile={keys / 'etcd.key'}",
            f"--tls-cert-file={keys / 'apiserver.crt'}",
            f"--tls-private-key-file={keys / 'apiserver.key'}",
            f"--client-ca-file={keys / 'ca.crt'}",
            f"--token-auth-file={keys / 'tokens.csv'}",
            "--anonymous-auth=false",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={keys / 'service-accounts.key'}",
            f"--service-account-signing-key-file={keys / 'service-accounts.key'}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--profiling=false",
        ]
        self.server.start(command)
        wait_until(self.server, self._ready, _START_SECONDS)

    def _etcd_answers(self) -> bool:
        def ask(port: int) -> bool:
            tls = ssl.create_default_context(cafile=str(self._keys / "etcd-ca.crt"))
            tls.load_cert_chain(self._keys / "etcd.crt", self._keys / "etcd.key")
            status, response = Api(f"https://{LOOPBACK}:{port}", tls=tls).call("GET", "/health")
            return status == 200 and isinstance(response, dict) and response.get("health") == "true"

        return self._when_running(self.etcd, ask)

    def _ready(self) -> bool:
        return self._when_running(self.server, lambda _: self._admin.call("GET", "/readyz")[0] == 200)

    def _when_running(self, server: Server, ask: Callable[[int], bool]) -> bool:
        process: Process | None = server.process()
        port = self.ports.get(server.name)
        return bool(process and port and ask(port))

    def _write_access(self) -> FabricAccess:
        keys = self._keys
        tokens = access.read_tokens(keys / "tokens.csv")
        certificate = {
            "client-certificate-data": access.encoded(keys / "hhsync.crt"),
            "client-key-data": access.encoded(keys / "hhsync.key"),
        }
        users = {
            "admin": {"token": tokens[access.ADMIN_USER]},
            "hhsync": {"token": tokens[access.HHSYNC_USER]},
            "reader": {"token": tokens[access.READER_USER]},
            "certificate": certificate,
        }
        files = {name: self.folder / f"{name}.kubeconfig" for name in users}
        for name, path in files.items():
            access.write_kubeconfig(path, self.name, self._url, keys / "ca.crt", users[name])
        return FabricAccess(
            name=self.name,
            url=self._url,
            ca_file=str(keys / "ca.crt"),
            admin_kubeconfig=str(files["admin"]),
            hhsync_kubeconfig=str(files["hhsync"]),
            reader_kubeconfig=str(files["reader"]),
            certificate_kubeconfig=str(files["certificate"]),
            admin_token=tokens[access.ADMIN_USER],
            hhsync_token=tokens[access.HHSYNC_USER],
            reader_token=tokens[access.READER_USER],
        )
