"""Which registration goes on from which old entry: every URN, and every old entry, is claimed once (engine-contract §4.2).

Not safe to use from several threads at once; the deployment holds its lock around every call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.aliases import candidates
from embedded.engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.state import Resource
    from embedded.engine.steps import Goal


class Claims:
    """The claims of one run."""

    def __init__(self) -> None:
        self.urns: set[str] = set()
        """URNs that are spoken for: those registered, and those of old entries that go on under another one."""
        self.matched: dict[str, str] = {}
        """URNs of this run that go on from an entry with another URN, and that URN."""
        self._taken: dict[str, str] = {}
        """The same, the other way round."""
        self._former: dict[str, str] = {}
        """URNs that entries had in the old state, and what they are called now."""

    def claim(self, goal: Goal, entries: Mapping[str, Resource]) -> Resource | None:
        """Reserve a goal's URN, and the entry that it goes on from, which is returned; None when it is new.

        `entries` is the state by URN. Raises EngineError when either was claimed before.
        """
        if goal.urn in self.urns:
            raise EngineError(self._duplicate(goal.urn))
        self.urns.add(goal.urn)
        if goal.urn in entries or not (goal.aliases or goal.parent in self.matched):
            return entries.get(goal.urn)
        found = candidates(goal, self.matched)
        former = next((urn for urn in found if urn in entries or urn in self._taken), None)
        if former is None:
            return None
        if former in self.urns:
            raise EngineError(
                f"Duplicate resource alias '{former}' applied to resource with URN '{goal.urn}' conflicting with "
                f"resource with URN '{self._taken.get(former, former)}'"
            )
        self.urns.add(former)
        self._taken[former] = goal.urn
        self.matched[goal.urn] = former
        return entries[former]

    def _duplicate(self, urn: str) -> str:
        other = self._taken.get(urn)
        if other is None:
            return f"Duplicate resource URN '{urn}'; try giving it a unique name"
        return f"Duplicate resource URN '{urn}' conflicting with alias on resource with URN '{other}'"

    def renamed(self, old: str, new: str) -> None:
        """The entry `old` is called `new` from now on."""
        self._former[old] = new

    def name_now(self, entry: Resource) -> str:
        """The URN of an entry of the state as it was, as it is now."""
        return entry.urn if entry.delete else self._former.get(entry.urn, entry.urn)
