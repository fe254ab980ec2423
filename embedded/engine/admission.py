"""Whether a registration is carried out, or left as it is: --target, --exclude, and what failed before it.

What is left out and in the state keeps its entry, word for word. What is left out and not in the state is not made, and
nothing that needs it can be made either (engine-contract §4.6, §4.7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine import targets, urns
from embedded.engine.entries import entry_of, needs_of
from embedded.engine.failures import Stopped
from embedded.engine.steps import Answer, Op, Step

if TYPE_CHECKING:
    from embedded.engine.deployment import Deployment
    from embedded.engine.state import Resource
    from embedded.engine.steps import Goal


class Admission:
    """Decides on the registrations of one run."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._reporter = deployment.reporter

    def turned_away(self, goal: Goal, known: Resource | None, provider: str) -> Answer | None:
        """The answer for a resource that this run leaves as it is; None for one that takes part.

        `known` is its old entry, `provider` its provider's reference. Raises Stopped when it takes part and needs one
        that does not; a preview says so and goes on, to find every such resource at once.
        """
        deployment = self._deployment
        needs = needs_of(goal)
        if not deployment.broken.isdisjoint(needs):
            deployment.broken.add(goal.urn)
            return Answer(goal.urn, unknown=True)
        if not deployment.selection.partial or goal.type == urns.STACK_TYPE or urns.is_provider(goal.type):
            return None
        replaced_along = known is not None and known.pending_replacement and known.urn in deployment.replaced
        if replaced_along or deployment.selection.takes(goal.urn, (*needs, urns.provider_urn(provider))):
            self._demand(goal, needs)
            return None
        return self._absent(goal, provider) if known is None else self._left(goal, known)

    def _left(self, goal: Goal, known: Resource) -> Answer:
        deployment = self._deployment
        deployment.leave(known)
        deployment.goals[known.urn] = goal  # children are registered below the URN that is answered
        self._tell(Step(Op.SAME, known.urn, known.type, known, known))
        return Answer(known.urn, known.id, known.outputs if goal.custom else {})

    def _absent(self, goal: Goal, provider: str) -> Answer:
        self._deployment.absent.add(goal.urn)
        new = entry_of(goal, None, goal.inputs, {}, provider, changed=True)
        self._tell(Step(Op.SAME, goal.urn, goal.type, None, new))
        return Answer(goal.urn, unknown=True)

    def _tell(self, step: Step) -> None:
        self._reporter.pre(step)
        self._reporter.done(step)
        self._reporter.outputs(step)

    def _demand(self, goal: Goal, needs: tuple[str, ...]) -> None:
        deployment = self._deployment
        for needed in dict.fromkeys(needs):
            if needed not in deployment.absent:
                continue
            if deployment.dry:
                try:
                    deployment.absent.remove(needed)  # said once, whoever else needs it
                except KeyError:
                    continue
            text = targets.skipped_text(goal.urn, needed, targeted=bool(deployment.selection.targets))
            self._reporter.diagnostic("error", text, goal.urn)
            if not deployment.dry:
                deployment.fail()
                raise Stopped
            deployment.failed = self._reporter.step_failed = True
