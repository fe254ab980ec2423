"""DesiredState → Pulumi resources, with dependencies from the references between CRs.

Plain `pulumi` declares a whole fabric; `hhsync sync` declares the part of it that its plan touches, with all that part
depends on. The fabric's result is the same in both: what it says of CRs that are not declared comes from the state.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi

from program import bootstrap, record
from providers import resources
from providers.core import sections
from providers.extra_settings import HOOKS_KEY
from providers.settings import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitops.desired import DesiredState
    from program.config import FabricConfig
    from providers.core.identity import ObjectRef


@dataclass(frozen=True, slots=True)
class Part:
    """The CRs to declare; with `receipts` of the others, by CR, as the state has them. `bootstrap`: the cluster, too."""

    refs: Collection[ObjectRef]
    receipts: Mapping[ObjectRef, str] = field(default_factory=dict)
    bootstrap: bool = True


def declare(
    config: FabricConfig,
    desired: DesiredState,
    last_commit: str,
    *,
    before: Mapping[ObjectRef, Sequence[ObjectRef]] | None = None,
    left_out: str = "",
    part: Part | None = None,
) -> None:
    """Register the fabric, one resource per CR in dependency order, and the result.

    Args:
        config: the stack's.
        desired: the CRs, each after those that it names.
        last_commit: the last commit that changed the fabric's folder.
        before: what each CR waits for, where that is more than its references.
        left_out: says that `desired` is not all, and what is missing.
        part: which CRs to declare, None for all.
    """
    fabric = resources.Fabric(config.fabric)
    ready = bootstrap.declare(config, fabric) if part is None or part.bootstrap else []
    identity = resources.FabricIdentity(
        config.fabric, record.identity(config), pulumi.ResourceOptions(parent=fabric, depends_on=ready)
    )
    made: dict[ObjectRef, resources.CustomResource] = {}
    ordered = desired.ordered(before or {})
    for ref, manifest in ordered.manifests.items():
        if part is not None and ref not in part.refs:
            continue
        parents: Sequence[pulumi.Resource] = [made[parent] for parent in ordered.references.get(ref, ())]
        # A create adopts what is there, so a replace that creates first would delete the object that it has just adopted.
        options = pulumi.ResourceOptions(parent=fabric, depends_on=[identity, *parents], delete_before_replace=True)
        made[ref] = resources.CLASSES[ref.kind](ref, sections.inputs_for(config.fabric, manifest), options)
    others = part.receipts if part is not None else {}
    every = [made[ref].receipt if ref in made else others.get(ref, "") for ref in desired.manifests]
    receipts = pulumi.Output.all(*every).apply(_digest)
    result = resources.FabricResult(
        config.fabric,
        record.result(desired, last_commit, left_out),
        receipts,
        pulumi.ResourceOptions(parent=fabric, depends_on=[identity]),
    )
    _declare_hooks(config, fabric, result, receipts, last_commit)


def _digest(receipts: Sequence[Any]) -> str:
    """One short text that moves whenever any CR was written."""
    return hashlib.sha256("\n".join(str(receipt) for receipt in receipts).encode()).hexdigest()[:16]


def _declare_hooks(
    config: FabricConfig, fabric: pulumi.Resource, result: pulumi.Resource, receipts: pulumi.Output[str], commit: str
) -> None:
    """Register the commands after the fabric's result.

    `receipts` moves whenever any CR was written or removed, which makes every command run anew, and only that or another
    command does. The commit that was applied is in a command's environment and makes no difference by itself.
    """
    if not config.hooks:
        return
    import pulumi_command as command  # only for stacks that ask for it

    secret = pulumi.runtime.is_config_secret(f"{NAMESPACE}:{HOOKS_KEY}")
    before = result
    for number, text in enumerate(config.hooks, 1):
        before = command.local.Command(
            f"after-sync-{number}",
            create=pulumi.Output.secret(text) if secret else text,
            environment={"HHSYNC_FABRIC": config.fabric, "HHSYNC_COMMIT": commit},
            triggers=[receipts],
            opts=pulumi.ResourceOptions(parent=fabric, depends_on=[before], ignore_changes=["environment"]),
        )
