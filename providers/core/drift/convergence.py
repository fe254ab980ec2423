"""Whether the fabric's switches have taken up what was applied: Agents, and which switches a CR concerns. Pure.

Facts: Hedgehog's controller keeps one Agent (agent.githedgehog.com/v1beta1, named as its switch) with the switch's whole
configuration in its spec; the switch writes `status.lastAppliedGen`, the Agent's generation that it runs.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.core.references import references

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from providers.core.identity import ObjectRef

    type Specs = Mapping[ObjectRef, Mapping[str, Any]]

# Where the switches of a CR are found: in what it names (down), or in what names it (up), kind by kind.
_DOWN = {
    "Connection": {"Switch"},
    "VPCAttachment": {"Connection"},
    "ExternalAttachment": {"Connection"},
    "VPCPeering": {"VPC"},
    "ExternalPeering": {"VPC", "External"},
}
_UP = {
    "VPC": {"VPCAttachment", "Connection"},
    "External": {"ExternalAttachment"},
    "IPv4Namespace": {"VPC", "External"},
    "VLANNamespace": {"VPC", "Switch"},
    "SwitchGroup": {"Switch"},
}


@dataclass(frozen=True, slots=True)
class Agent:
    """One switch's Agent: the generation of its spec, and the one that the switch runs (0: none yet)."""

    switch: str
    generation: int
    applied: int

    @property
    def not_converged(self) -> bool:
        """Whether the switch runs something older than what it should."""
        return self.applied < self.generation

    def __str__(self) -> str:
        return f"{self.switch} (runs generation {self.applied} of {self.generation})"


class Concerned:
    """Which switches a CR concerns, among the CRs of one fabric. A Server or a SwitchProfile concerns none."""

    def __init__(self, specs: Specs) -> None:
        self._down: dict[ObjectRef, list[ObjectRef]] = {}
        self._up: dict[ObjectRef, list[ObjectRef]] = defaultdict(list)
        self._known: dict[ObjectRef, frozenset[str]] = {}
        for ref, spec in specs.items():
            named = [one.ref for one in references(ref.kind, spec, ref.namespace)]
            self._down[ref] = [each for each in named if each.kind in _DOWN.get(ref.kind, ())]
            for each in named:
                if ref.kind in _UP.get(each.kind, ()):
                    self._up[each].append(ref)

    def switches(self, ref: ObjectRef) -> frozenset[str]:
        """The names of the switches whose configuration this CR is part of."""
        if ref.kind == "Switch":
            return frozenset({ref.name})
        if ref not in self._known:
            around = (*self._down.get(ref, ()), *self._up.get(ref, ()))
            self._known[ref] = frozenset().union(*(self.switches(each) for each in around))
        return self._known[ref]

    def of(self, refs: Iterable[ObjectRef]) -> frozenset[str]:
        """The switches that any of these CRs concerns."""
        return frozenset().union(*(self.switches(ref) for ref in refs))


def behind(
    before: Mapping[str, Agent], now: Mapping[str, Agent], touched: Collection[str], *, settled: bool
) -> list[Agent]:
    """The touched switches that have not taken up the change yet, by name.

    `before` are the Agents as they were before the change. A switch is done when it runs its Agent's generation, and that
    generation moved; or nothing moved it in the time that the controller is given (`settled`), since not every change of
    a CR changes what a switch runs. A switch without an Agent is not waited for.
    """
    waiting = []
    for name in sorted(touched):
        agent = now.get(name)
        if agent is None:
            continue
        moved = name not in before or agent.generation != before[name].generation
        if agent.not_converged or not (moved or settled):
            waiting.append(agent)
    return waiting
