"""The floor on the cluster: kubectl with the same manifests."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.measure import Cost, run

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from bench.project import Project


@dataclass(frozen=True, slots=True)
class Kubectl:
    """The program, and the kubeconfig of the API server that it works on."""

    program: Path
    kubeconfig: str

    def apply(self, project: Project) -> Cost:
        """Server-side apply of every manifest."""
        return self._run("apply", project)

    def diff(self, project: Project) -> Cost:
        """Server-side diff of every manifest; that some differ (status 1) costs the same."""
        return self._run("diff", project, accept=(0, 1))

    def version(self) -> str:
        """The client's version."""
        answer = subprocess.run([self.program, "version", "--client"], capture_output=True, text=True, check=True)
        return answer.stdout.splitlines()[0].rpartition(" ")[2]

    def _run(self, verb: str, project: Project, accept: Collection[int] = (0,)) -> Cost:
        argv = [str(self.program), verb, "--server-side", "-R", "-f", str(project.manifests)]
        # a home of its own: its cache of what the server offers is empty at the first run only, as a user's would be
        home = project.folder / "kubectl-home"
        home.mkdir(exist_ok=True)
        environment = {"KUBECONFIG": self.kubeconfig, "HOME": str(home)}
        log = project.folder / "logs" / f"kubectl-{verb}.log"
        return run(argv, cwd=project.folder, log=log, environment=environment, accept=accept)
