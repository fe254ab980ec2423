"""DesiredState → Pulumi resources, with dependencies from the references between CRs."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import pulumi

from program import bootstrap, hooks
from providers import resources
from providers.core import sections
from providers.fabric_lifecycle import STATUS_PARTIAL, STATUS_SUCCESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from program.config import FabricConfig
    from program.desired import DesiredState
    from providers.core.identity import ObjectRef


def declare_identity(config: FabricConfig) -> tuple[resources.Fabric, resources.FabricIdentity]:
    """The component and the fabric's record (repository, branch and path), after what makes the cluster ready.

    Every CR depends on the record, and by that on its CRD where this run installs it.
    """
    fabric = resources.Fabric(config.fabric)
    ready = [] if config.destroying else bootstrap.declare(config, fabric)
    record = {"git_repository": config.git.url, "git_branch": config.git.branch, "git_path": config.git.path}
    return fabric, resources.FabricIdentity(
        config.fabric, record, pulumi.ResourceOptions(parent=fabric, depends_on=ready)
    )


def declare(config: FabricConfig, desired: DesiredState, last_commit: str, left_out: str = "") -> None:
    """Register the fabric, one resource per CR in dependency order, and the result; `left_out` says that it is partial."""
    fabric, identity = declare_identity(config)
    made: dict[ObjectRef, resources.CustomResource] = {}
    for ref, manifest in desired.manifests.items():
        parents: Sequence[pulumi.Resource] = [made[parent] for parent in desired.references.get(ref, ())]
        # A create adopts what is there, so a replace that creates first would delete the object that it has just adopted.
        options = pulumi.ResourceOptions(parent=fabric, depends_on=[identity, *parents], delete_before_replace=True)
        made[ref] = resources.CLASSES[ref.kind](ref, sections.inputs_for(config.fabric, manifest), options)
    receipts = pulumi.Output.all(*(resource.receipt for resource in made.values())).apply(_digest)
    record = {
        "status": STATUS_PARTIAL if left_out else STATUS_SUCCESS,
        "error": left_out,
        "counts": dict(sorted(Counter(ref.kind for ref in made).items())),
        "last_applied_commit": last_commit,
    }
    result = resources.FabricResult(
        config.fabric, record, receipts, pulumi.ResourceOptions(parent=fabric, depends_on=[identity])
    )
    hooks.declare(config, fabric, result, receipts, last_commit)


def _digest(receipts: Sequence[Any]) -> str:
    """One short text that moves whenever any CR was written."""
    return hashlib.sha256("\n".join(str(receipt) for receipt in receipts).encode()).hexdigest()[:16]
