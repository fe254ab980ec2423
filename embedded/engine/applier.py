"""Creates and updates through a provider, with the journal around every call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from embedded.engine import steps
from embedded.engine.failures import ProviderFailed, Stopped

if TYPE_CHECKING:
    from embedded.engine.deployment import Deployment
    from embedded.engine.provider_host import ProviderHost
    from embedded.engine.state import Resource
    from embedded.engine.steps import Goal, Step


class Applier:
    """The mutating calls of registrations."""

    def __init__(self, deployment: Deployment, host: ProviderHost) -> None:
        self._deployment = deployment
        self._host = host

    def create(self, goal: Goal, new: Resource, *, superseding: bool = False) -> Resource:
        """Make the object and put its entry into the state; `superseding` marks the one before it to be deleted.

        Raises ProviderFailed.
        """
        wanted = replace(new, outputs={}, id="")
        with self._host.turn(), self._deployment.mutation("creating", wanted) as mutation:
            id_, outputs = self._host.create(new.inputs, goal.custom_timeouts.get("create", 0))
            made = replace(new, id=id_, outputs=steps.mark_secrets(outputs, {}, goal.additional_secret_outputs))
            if superseding:
                self._deployment.supersede(goal.urn)
            mutation.made(made)
        self._deployment.context.journal.clear_pending(goal.urn)
        return made

    def update(self, goal: Goal, old: Resource, new: Resource) -> Resource:
        """Change the object and its entry. Raises ProviderFailed."""
        with self._host.turn(), self._deployment.mutation("updating", old) as mutation:
            outputs = self._host.update(old.id, old.outputs, new.inputs, goal.custom_timeouts.get("update", 0))
            made = replace(new, outputs=steps.mark_secrets(outputs, {}, goal.additional_secret_outputs))
            mutation.made(made)
        return made

    def fail(self, step: Step, error: ProviderFailed, *, unclear: bool) -> NoReturn:
        """A step has failed: the run ends. Raises Stopped."""
        self._deployment.fail()
        self._deployment.reporter.failed(step, str(error), unclear=unclear)
        if error.detail:
            self._deployment.reporter.diagnostic("debug", error.detail, step.urn)
        raise Stopped from error
