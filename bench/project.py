"""A temporary project with one fabric in a Git repository of its own, used as a user would: by the hhsync command."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi.automation import ConfigValue

from automation.workspace import Workspace
from bench.measure import Cost, run
from providers.settings import NAMESPACE, SECRET_KEYS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from embedded.services import FabricAccess, NetBoxAccess

CLONE = Path(__file__).resolve().parents[1]
FABRIC = "bench"
FOLDER = "fabric"
#: Where the manifests are in the repository.


@dataclass(frozen=True, slots=True)
class Project:
    """The project in `folder`; its state is there too. `environment` is what its commands get besides ours."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, files: Mapping[str, str]) -> Project:
        """Lay out the project and commit the fabric's files."""
        for name in ("state", "stacks", "logs"):
            (folder / name).mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text((CLONE / "Pulumi.yaml").read_text())
        (folder / "program").symlink_to(CLONE / "program")
        project = cls(
            folder,
            {
                "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
                "PULUMI_CONFIG_PASSPHRASE": "bench",
                "HHSYNC_CACHE": str(folder / "cache"),
            },
        )
        project._commit(files)
        return project

    @property
    def repository(self) -> Path:
        """The Git repository."""
        return self.folder / "repository"

    @property
    def manifests(self) -> Path:
        """The fabric's files, checked out, for kubectl."""
        return self.repository / FOLDER

    def _commit(self, files: Mapping[str, str]) -> None:
        for path, text in files.items():
            file = self.manifests / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        who = ["-c", "user.name=bench", "-c", "user.email=bench@example.net"]
        for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-q", "-m", "The fabric"]):
            subprocess.run(["git", *command], cwd=self.repository, check=True)

    def configure(self, netbox: NetBoxAccess, cluster: FabricAccess) -> str:
        """Make the stack and its config; returns the engine's name and version."""
        workspace = Workspace.find(self.folder, {**os.environ, **self.environment})
        values = {
            "gitUrl": str(self.repository),
            "gitPath": FOLDER,
            "netboxUrl": netbox.url,
            "netboxToken": netbox.token,
            "kubeconfig": cluster.hhsync_kubeconfig,
        }
        stack = workspace.create(FABRIC)
        stack.set_all_config(
            {f"{NAMESPACE}:{key}": ConfigValue(value, secret=key in SECRET_KEYS) for key, value in values.items()}
        )
        return str(workspace.engine.info)

    def hhsync(self, verb: str, *arguments: str, accept: Collection[int] = (0,)) -> Cost:
        """Run one verb on the fabric."""
        argv = [str(Path(sys.executable).with_name("hhsync")), verb, FABRIC, *arguments]
        number = len(list((self.folder / "logs").iterdir()))
        log = self.folder / "logs" / f"{number:02}-{verb}.log"
        return run(argv, cwd=self.folder, log=log, environment=self.environment, accept=accept)
