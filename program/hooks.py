"""Commands after a sync, through pulumi-command: one after the other, when the sync has written something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from providers.extra_settings import HOOKS_KEY
from providers.settings import NAMESPACE

if TYPE_CHECKING:
    from program.config import FabricConfig


def declare(
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
