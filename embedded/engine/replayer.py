"""Answers a program's registrations from the state, in destroy and refresh runs with `--run-program`.

The program runs only so that its checks and its configuration apply: nothing is created or changed. What the state
does not know is answered as unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine import urns
from embedded.engine.errors import EngineError
from embedded.engine.failures import ProviderFailed, Stopped
from embedded.engine.refresher import readable
from embedded.engine.steps import Answer, Goal

if TYPE_CHECKING:
    from embedded.engine.deployment import Deployment
    from embedded.engine.reads import Reads
    from embedded.engine.refresher import Refresher


class Replayer:
    """Has the methods of an Executor and changes nothing but what Read finds."""

    def __init__(self, deployment: Deployment, refresher: Refresher | None, reads: Reads) -> None:
        self._deployment = deployment
        self._refresher = refresher
        self._reads = reads

    def register(self, goal: Goal) -> Answer:
        """What the state (or Read) knows of the resource."""
        self._deployment.guard()
        try:
            known = self._deployment.rename(goal, self._deployment.claim(goal))
        except EngineError as error:
            self._deployment.fail()
            self._deployment.reporter.diagnostic("error", str(error), goal.urn)
            raise Stopped from error
        self._deployment.enter(goal)
        if urns.is_provider(goal.type):
            self._deployment.providers.today[goal.urn] = goal.inputs
        if not goal.custom:
            return Answer(goal.urn)
        if known is not None and self._refresher is not None and readable(known):
            try:
                known = self._refresher.read(known)
            except ProviderFailed as error:
                self._deployment.failed = True
                self._deployment.reporter.diagnostic("error", str(error), goal.urn)
        if known is None or known.custom != goal.custom:
            return Answer(goal.urn, properties=goal.inputs, unknown=True)
        return Answer(goal.urn, known.id, known.outputs)

    def read(self, goal: Goal, id_: str) -> Answer:
        """Read what somebody else made, without keeping it."""
        return self._reads.answer(goal, id_)

    def register_outputs(self, urn: str, outputs: dict[str, Any]) -> None:
        """Outputs change nothing in these runs."""
