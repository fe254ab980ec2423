"""A project with one fabric in a Git repository of its own, used as a user would: by the hhsync command."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import Cost, run
from bench.phases import newest, phases
from embedded.services.programs.pulumi import find_pulumi

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from embedded.services import FabricAccess, NetBoxAccess

CLONE = Path(__file__).resolve().parents[1]
HHSYNC = Path(sys.executable).with_name("hhsync")

# Where the manifests are in the repository.
FOLDER = "fabric/managed"

_CHANGED = "vpcs/*.yaml"
_TEAM = re.compile(r"team: .*")


@dataclass(frozen=True, slots=True)
class Project:
    """The project in `folder`, with one `fabric`; its state is there, too. Its commands get `environment` besides ours."""

    folder: Path
    fabric: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, folder: Path, fabric: str) -> Project:
        """The project in a folder, there or not."""
        environment = {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "HHSYNC_CACHE": str(folder / "cache"),
            # The CLI that set-up built is in the cache that this one stands in for.
            **({"HHSYNC_PULUMI": str(cli.path)} if (cli := find_pulumi()) else {}),
        }
        return cls(folder, fabric, environment)

    @property
    def synced(self) -> Path:
        """The file that says that a first sync came to its end here."""
        return self.folder / "synced"

    def make(self, files: Mapping[str, str]) -> None:
        """Lay out the project and commit the fabric's files.

        Raises:
            RuntimeError: there is one.
        """
        if self.folder.exists():
            raise RuntimeError(f"{self.folder} is left from a run that did not end; remove it, and its servers' data")
        for name in ("state", "stacks", "logs"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "Pulumi.yaml").write_text((CLONE / "Pulumi.yaml").read_text())
        (self.folder / "program").symlink_to(CLONE / "program")
        self.repository.mkdir()
        self._git("init", "-q", "-b", "main")
        self.commit(files)

    @property
    def repository(self) -> Path:
        """The Git repository."""
        return self.folder / "repository"

    @property
    def manifests(self) -> Path:
        """The fabric's files, checked out, for kubectl."""
        return self.repository / FOLDER

    def commit(self, files: Mapping[str, str]) -> None:
        """Commit these files of the fabric."""
        for path, text in files.items():
            file = self.manifests / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self._git("add", "-A")
        self._git("-c", "user.name=bench", "-c", "user.email=bench@example.net", "commit", "-q", "-m", "The fabric")

    def change_one(self) -> None:
        """Change a label of one CR, whose file holds nothing else, and commit that.

        Raises:
            RuntimeError: no CR of the fabric has the label.
        """
        for file in sorted(self.manifests.glob(_CHANGED)):
            text = file.read_text()
            found = _TEAM.search(text)
            if found:
                number = int(found[0].rpartition("-")[2]) + 1 if "round-" in found[0] else 1
                changed = _TEAM.sub(f"team: round-{number}", text, count=1)
                self.commit({str(file.relative_to(self.manifests)): changed})
                return
        raise RuntimeError(f"no VPC in {self.manifests} has the label that the benchmark changes")

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.repository, check=True)

    def configure(self, netbox: NetBoxAccess, cluster: FabricAccess) -> None:
        """Make the stack and its config, and let hhsync try the connections."""
        options = {
            "--git-url": str(self.repository),
            "--git-path": "fabric",
            "--netbox-url": netbox.url,
            "--kubeconfig": cluster.hhsync_kubeconfig,
        }
        flat = [text for option in options.items() for text in option]
        self.hhsync("init", *flat, environment={"HHSYNC_NETBOX_TOKEN": netbox.token})

    def hhsync(
        self,
        verb: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        accept: Collection[int] = (0,),
    ) -> Cost:
        """Run one verb on the fabric.

        Raises:
            CommandFailed: it ended with a status that is not in `accept`.
        """
        argv = [str(HHSYNC), verb, self.fabric, *arguments]
        number = len(list((self.folder / "logs").glob("*.log")))
        log = self.folder / "logs" / f"{number:03}-{verb}.log"
        wanted = {**self.environment, **(environment or {})}
        return run(argv, cwd=self.folder, log=log, environment=wanted, accept=accept)

    def phases(self) -> dict[str, float]:
        """Where the time of the last verb went, wall seconds by phase."""
        return phases(newest(self.folder / ".hhsync" / "log"))
