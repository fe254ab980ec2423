"""What the stack's own entry holds when a run is over (engine-contract §4.6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedded.engine.deployment import Deployment
    from embedded.engine.state import Resource


def finished_stack(deployment: Deployment, *, ok: bool) -> Resource | None:
    """Give the stack its outputs, as the last step; None when the run has no stack entry to speak of.

    After success they are what the program exported; after a failure those lie over the old ones, since what the
    program did not reach has not changed. Outputs that never arrived change nothing.
    """
    entry = deployment.news.get(deployment.stack_urn)
    outputs = deployment.stack_outputs
    if entry is None or outputs is None:
        return entry
    entry = replace(entry, outputs=outputs if ok else {**entry.outputs, **outputs})
    deployment.commit(entry)
    if deployment.stack_step is not None and not deployment.dry:
        deployment.reporter.outputs(replace(deployment.stack_step, new=entry))
    return entry
