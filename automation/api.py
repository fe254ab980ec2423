"""The same verbs for scripts: `Fabric("fabric-1").preview()`. Returns values; prints nothing, asks nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from automation.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automation.checking import CheckReport
    from automation.progress import Progress
    from automation.results import OperationResult
    from providers.core.drift import DriftReport


class Fabric:
    """One fabric: its stack in the project at or above `project` (default: the current folder).

    `env` takes the place of the environment (PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE_FILE, HHSYNC_ENGINE, …).

    Raises:
        ConfigError: there is no such project.
    """

    def __init__(
        self,
        name: str,
        project: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.name = name
        self.workspace = Workspace.find(Path(project) if project else None, dict(os.environ if env is None else env))
        self._progress = progress

    def preview(self) -> OperationResult:
        """What a sync would change; see `automation.operations.preview`."""
        from automation import operations

        return operations.preview(self.workspace, self.name, self._progress)

    def sync(self, allow_deletes: int | None = None) -> OperationResult:
        """Make the cluster and NetBox match Git; see `automation.operations.sync`."""
        from automation import operations

        return operations.sync(self.workspace, self.name, self._progress, allow_deletes)

    def destroy(self) -> OperationResult:
        """Delete everything that is managed; see `automation.operations.destroy`. A script is not asked."""
        from automation import operations

        return operations.destroy(self.workspace, self.name, self._progress)

    def drift(self) -> DriftReport:
        """Compare Git, state and servers; see `automation.drift.drift`."""
        from automation import drift

        return drift.drift(self.workspace, self.name, self._progress)[0]

    def check(self, *, cluster: bool = False) -> CheckReport:
        """Read and validate Git only, against the bundled or the cluster's schemas; see `automation.checking.check`."""
        from automation import checking

        return checking.check(self.workspace, self.name, live=cluster)
