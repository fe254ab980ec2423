"""What the fabric's own record in NetBox says, from stack config and the desired state. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from providers.core.drift.fabric_record import STATUS_PARTIAL, STATUS_SUCCESS

if TYPE_CHECKING:
    from gitops.desired import DesiredState
    from program.config import FabricConfig


def identity(config: FabricConfig) -> dict[str, Any]:
    """The fields that stack config decides."""
    return {"git_repository": config.git.url, "git_branch": config.git.branch, "git_path": config.git.path}


def result(desired: DesiredState, last_commit: str, left_out: str = "") -> dict[str, Any]:
    """The fields that say how a sync of `desired` ended; `left_out` says that it is partial, and what is missing."""
    return {
        "status": STATUS_PARTIAL if left_out else STATUS_SUCCESS,
        "error": left_out,
        "counts": dict(sorted(Counter(ref.kind for ref in desired.manifests).items())),
        "last_applied_commit": last_commit,
    }
