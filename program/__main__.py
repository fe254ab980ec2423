"""The Pulumi program, as a table of contents: config → Git → desired state → guard → resources."""

from __future__ import annotations

import pulumi

from program import bootstrap, config, declare, guard, load, outside, partial, put_back
from providers import planned
from providers.errors import HhsyncError, ValidationFailed


def main() -> None:
    """Declare one fabric. Every refusal comes before the first resource, so nothing is written then."""
    fabric = config.load()
    if fabric.destroying:
        declare.declare_identity(fabric)
        return
    if fabric.partial:
        declare_valid(fabric, partial.read(fabric.partial))
        return
    elsewhere = outside.on_cluster(lambda: bootstrap.cluster_of(fabric), fabric.fabric)
    loaded = load.load_desired(fabric.git, config.cache_folder(), elsewhere)
    pulumi.log.info(loaded.summary)
    plan_file = planned.from_environment(fabric.fabric)
    if plan_file:
        plan_file.check_commit(loaded.last_folder_commit)
    if fabric.put_back:
        returning = loaded.desired.including(put_back.read(fabric.put_back))
        declare.declare(fabric, returning, loaded.last_folder_commit)
        return
    plan = guard.check(fabric, loaded.desired, preview=pulumi.runtime.is_dry_run())
    declare.declare(fabric, loaded.desired.ordered(plan.order), loaded.last_folder_commit)


def declare_valid(fabric: config.FabricConfig, selection: partial.Selection) -> None:
    """Declare the CRs that a partial sync has selected; the command has excluded every other managed one."""
    loaded = load.inspect(fabric.git, config.cache_folder())
    pulumi.log.info(loaded.summary)
    desired = partial.selected(loaded, selection)
    plan = guard.check(fabric, desired, preview=pulumi.runtime.is_dry_run(), pruning=False)
    declare.declare(fabric, desired.ordered(plan.order), loaded.last_folder_commit, selection.left_out)


try:
    main()
except ValidationFailed as failure:
    for issue in failure.issues:
        pulumi.log.error(str(issue))
    raise pulumi.RunError(str(failure)) from None
except HhsyncError as error:
    raise pulumi.RunError(str(error)) from None
