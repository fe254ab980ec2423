"""The Pulumi program, as a table of contents: config → Git → desired state → guard → resources."""

from __future__ import annotations

import pulumi

from gitops import load
from program import (
    bootstrap,
    cluster_checks,
    config,
    declare,
    guard,
    sdk,
)
from providers.errors import HhsyncError, ValidationFailed


def main() -> None:
    """Declare one fabric. Every refusal comes before the first resource, so nothing is written then."""
    fabric = config.load()
    elsewhere = cluster_checks.on_cluster(lambda: bootstrap.cluster_of(fabric), fabric.fabric)
    loaded = load.load_desired(fabric.git, config.cache_folder(), elsewhere)
    pulumi.log.info(loaded.summary)
    order = guard.check(fabric, loaded.desired, preview=pulumi.runtime.is_dry_run())
    declare.declare(fabric, loaded.desired, loaded.last_folder_commit, before=order)


sdk.install()
try:
    main()
except ValidationFailed as failure:
    for issue in failure.issues:
        pulumi.log.error(str(issue))
    raise pulumi.RunError(str(failure)) from None
except HhsyncError as error:
    raise pulumi.RunError(str(error)) from None
