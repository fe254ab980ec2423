"""What a caller learns about the running servers, and the private file that tells other processes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from embedded.services.errors import ServicesError
from embedded.services.files import write_private

FACTS_FILE = "services.json"


@dataclass(frozen=True, slots=True)
class NetBoxAccess:
    """How to reach NetBox: the base URL, a superuser's login and a v2 API token (`nbt_KEY.SECRET`)."""

    url: str
    username: str
    password: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FabricAccess:
    """How to reach one fabric's API server, as administrator, as hhsync and as a reader.

    `certificate_kubeconfig` logs in as hhsync with a client certificate; the other kubeconfigs hold bearer tokens.
    All paths are absolute; each kubeconfig has one context, named as the fabric.
    """

    name: str
    url: str
    ca_file: str
    admin_kubeconfig: str
    hhsync_kubeconfig: str
    reader_kubeconfig: str
    certificate_kubeconfig: str
    admin_token: str = field(repr=False)
    hhsync_token: str = field(repr=False)
    reader_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GitAccess:
    """How to reach the Git repository: by path, by HTTPS (`ca_file` signed its certificate) and HTTP, and by SSH.

    `passwords` and `ssh_key_files` (private keys) are by user: hhsync may write, reader may read, outsider may log in and
    no more. `known_hosts_file` has the SSH server's host key.
    """

    path: str
    https_url: str
    http_url: str
    ca_file: str
    passwords: dict[str, str] = field(repr=False)
    ssh_url: str
    ssh_key_files: dict[str, str]
    known_hosts_file: str


@dataclass(frozen=True, slots=True)
class Running:
    """All that was started in one home: absent parts are None or empty; `pids` is server name → process id.

    `git_url` is the repository's path.
    """

    home: str
    netbox: NetBoxAccess | None = None
    fabrics: tuple[FabricAccess, ...] = ()
    git_url: str | None = None
    pids: dict[str, int] = field(default_factory=dict)
    git: GitAccess | None = None

    def fabric(self, name: str) -> FabricAccess:
        """The access to one fabric by name, e.g. "fabric-1"; ServicesError when it was not started."""
        for one in self.fabrics:
            if one.name == name:
                return one
        raise ServicesError(f"{name} has no API server in {self.home}: start it with --fabrics")

    def save(self) -> None:
        """Write the facts to `services.json` in the home, readable by the owner only."""
        write_private(Path(self.home) / FACTS_FILE, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, home: Path) -> Running | None:
        """Read the facts of a home, or None when nothing was ever started there; ServicesError on a broken file."""
        path = home / FACTS_FILE
        try:
            data: dict[str, Any] = json.loads(path.read_text())
            return cls(
                home=data["home"],
                netbox=NetBoxAccess(**data["netbox"]) if data["netbox"] else None,
                fabrics=tuple(FabricAccess(**one) for one in data["fabrics"]),
                git_url=data["git_url"],
                git=GitAccess(**data["git"]) if data.get("git") else None,
                pids=data["pids"],
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise ServicesError(f"{path} is not what `services start` writes ({error}): start again") from error


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One server's state: "running", "not answering" or "stopped"; `pid` is None unless its process is there."""

    name: str
    state: str
    pid: int | None
    url: str
    detail: str = ""
