"""The verbs of the command for scripts: `Fabric("fabric-1").preview()`. Returns values; prints nothing, asks nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from automation.engine.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from authoring.ingest.run import IngestResult
    from authoring.result import EditResult
    from automation.editing.batch import Batch
    from automation.operations.status import StatusReport
    from automation.progress import Progress
    from automation.reports.check import CheckReport
    from automation.results import OperationResult
    from providers.core.drift.report import DriftReport


class Fabric:
    """One fabric: its stack in the project at or above `project` (default: the current folder).

    `env` takes the place of the environment (PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE_FILE, HHSYNC_PULUMI, …).

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

    def preview(self, plan: str | Path | None = None, allow_deletes: int | None = None) -> OperationResult:
        """What a sync would change, written to the file `plan` if one is named; see `automation.operations.preview.preview`."""
        from automation.operations import entry

        path = None if plan is None else Path(plan)
        return entry.preview(self.workspace, self.name, self._progress, plan=path, allow_deletes=allow_deletes)

    def sync(
        self, allow_deletes: int | None = None, *, plan: str | Path | None = None, partial: bool = False
    ) -> OperationResult:
        """Make the cluster and NetBox match Git; see `automation.operations.sync.sync`.

        With `plan` exactly what that file says, or a refusal; with `partial` the valid CRs alone, deleting nothing.
        """
        from automation.operations import entry

        return entry.sync(
            self.workspace,
            self.name,
            self._progress,
            plan=None if plan is None else Path(plan),
            allow_deletes=allow_deletes,
            partial=partial,
        )

    def destroy(self) -> OperationResult:
        """Delete everything that is managed; see `automation.operations.destroy.destroy`. A script is not asked."""
        from automation.operations import destroy

        return destroy.destroy(self.workspace, self.name, self._progress)

    def drift(self) -> DriftReport:
        """Compare Git, state and servers; see `automation.context.read`."""
        from automation import context

        return context.read(self.workspace, self.name, self._progress, across=False, with_convergence=True).report()

    def status(self, *, kinds: Collection[str] = (), states: Collection[str] = ()) -> StatusReport:
        """The state of every CR and why; see `automation.operations.status.status`."""
        from automation.operations import status

        return status.status(self.workspace, self.name, self._progress, kinds=kinds, states=states)

    def check(self, *, cluster: bool = False, schemas: Path | None = None) -> CheckReport:
        """Read and validate Git only, by a stack's, a folder's or the cluster's schemas; see `automation.operations.check`."""
        from automation.operations import check as checking

        return checking.check(self.workspace, self.name, live=cluster, folder=schemas)

    def ingest(self, *, dry_run: bool = False, validate_only: bool = False) -> IngestResult:
        """Bring raw/ into managed/ as one commit; see `authoring.ingest.run.ingest`."""
        from automation.editing import commits

        return commits.ingest(self.workspace, self.name, dry_run=dry_run, validate_only=validate_only)

    def batch(self, message: str | None = None, *, branch: str | None = None, base: str | None = None) -> Batch:
        """Any number of changes as one commit, e.g. `with fabric.batch("why") as batch: batch.set("VPC/v", "spec.…", 1)`.

        `branch` is an edit branch; `base` the commit that the changes are made for (default: the newest).
        """
        from automation.editing.batch import Batch

        return Batch(self.workspace, self.name, message, branch, base)

    def promote(
        self, cr: str, source: str, message: str | None = None, *, allow_deletes: int | None = None
    ) -> EditResult:
        """Take a CR's value on "cluster" or "netbox" into Git; see `automation.editing.promote.promote`."""
        from automation.editing import commits
        from automation.editing import promote as promoting

        wanted = commits.Wanted(message)
        ref = commits.parse_ref(cr)
        return promoting.promote(self.workspace, self.name, ref, source, wanted, allow_deletes)

    def revert(self, commit: str, message: str | None = None) -> EditResult:
        """Take back what a commit changed in the fabric's folder; see `authoring.revert.revert`."""
        from automation.editing import commits

        return commits.revert(self.workspace, self.name, commit, commits.Wanted(message))
