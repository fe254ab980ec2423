"""A temporary project with one fabric in a Git repository of its own, used as a user would: by the hhsync command."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from automation.engines import choose_engine
from bench.measure import Cost, run

if TYPE_CHECKING:
    from collections.abc import Mapping

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

    def configure(self, netbox: NetBoxAccess, cluster: FabricAccess) -> None:
        """Make the stack and its config, and let hhsync try the connections."""
        options = {
            "--git-url": str(self.repository),
            "--git-path": FOLDER,
            "--netbox-url": netbox.url,
            "--kubeconfig": cluster.hhsync_kubeconfig,
        }
        flat = [text for option in options.items() for text in option]
        self.hhsync("init", *flat, environment={"HHSYNC_NETBOX_TOKEN": netbox.token})

    def engine(self) -> str:
        """Name and version of the engine that the verbs run on."""
        return str(choose_engine(os.environ).info)

    def hhsync(self, verb: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Cost:
        """Run one verb on the fabric."""
        argv = [str(Path(sys.executable).with_name("hhsync")), verb, FABRIC, *arguments]
        number = len(list((self.folder / "logs").iterdir()))
        log = self.folder / "logs" / f"{number:02}-{verb}.log"
        return run(argv, cwd=self.folder, log=log, environment={**self.environment, **(environment or {})})
