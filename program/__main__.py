"""The Pulumi program, as a table of contents: config → Git → desired state → prune rule → resources."""

from __future__ import annotations

import pulumi

from program import config, declare, guard, load
from providers.errors import HhsyncError, ValidationFailed


def main() -> None:
    """Declare one fabric. Every refusal comes before the first resource, so nothing is written then."""
    fabric = config.load()
    if fabric.destroying:
        declare.declare_identity(fabric)
        return
    loaded = load.load_desired(fabric.git, config.cache_folder())
    pulumi.log.info(loaded.summary)
    guard.refuse_unsafe_prune(fabric, loaded.desired.manifests)
    declare.declare(fabric, loaded.desired, loaded.last_folder_commit)


try:
    main()
except ValidationFailed as failure:
    for issue in failure.issues:
        pulumi.log.error(str(issue))
    raise pulumi.RunError(str(failure)) from None
except HhsyncError as error:
    raise pulumi.RunError(str(error)) from None
