"""Which switches run something older than what the cluster holds: Hedgehog's Agents, looked at once, and again for a moment.

A switch takes up a change within a second or so; the report waits that long before it calls a CR Pending for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from providers.core.drift.convergence import Agent, Concerned
from providers.core.drift.states import NOT_TAKEN_UP
from providers.errors import Forbidden, TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from providers.core.identity import ObjectRef

# Seconds that lagging switches are given before they count.
PATIENCE = 3.0

# Seconds between two looks, one LIST each, while a switch lags.
INTERVAL = 0.5


@dataclass(frozen=True, slots=True)
class Convergence:
    """The Agents that lag, by switch; none where the cluster has no Agents. `note` says why they could not be read."""

    agents: Mapping[str, Agent] = field(default_factory=dict)
    note: str = ""

    def reasons(
        self, specs: Mapping[ObjectRef, Mapping[str, Any]], refs: Collection[ObjectRef]
    ) -> dict[ObjectRef, str]:
        """Why CRs are not taken up yet: those that concern a lagging switch, by the fabric's specs."""
        if not self.agents:
            return {}
        concerned = Concerned(specs)
        found = {ref: sorted(concerned.switches(ref) & self.agents.keys()) for ref in refs}
        return {ref: self._reason(switches) for ref, switches in found.items() if switches}

    def _reason(self, switches: list[str]) -> str:
        return f"{NOT_TAKEN_UP} by {', '.join(str(self.agents[switch]) for switch in switches)}"


def convergence(
    agents: Callable[[], Mapping[str, Agent] | None],
    *,
    patience: float = PATIENCE,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Convergence:
    """The switches that still lag after `patience` seconds; at once where none does."""
    started = clock()
    while True:
        try:
            found = agents() or {}
        except Forbidden:
            return Convergence(
                note="whether the switches run what was applied is not known: the credentials may not list Agents"
            )
        except TargetError as error:
            return Convergence(note=f"whether the switches run what was applied is not known: {error}")
        behind = {name: agent for name, agent in found.items() if agent.not_converged}
        if not behind or clock() - started >= patience:
            return Convergence(behind)
        sleep(INTERVAL)
