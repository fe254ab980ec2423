"""The drift report of a fabric: its CRs that are not in sync, and how many there are of each state. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from providers.core.drift.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from providers.core.drift.classify import Detail
    from providers.core.drift.difference import Difference


@dataclass(frozen=True, slots=True)
class Source:
    """Where Git's side comes from: the repository's URL, the branch, its head, and the fabric's folder."""

    url: str
    branch: str
    folder: str
    commit: str


@dataclass(frozen=True, slots=True)
class FabricRecord:
    """The fabric's own record in NetBox; it is no CR, and is counted apart. Paths of `differences` start with "record"."""

    state: State
    differences: tuple[Difference, ...] = ()
    reason: str = ""


COUNTS = (
    "in_sync",
    "drifted",
    "missing_from_cluster",
    "missing_from_git",
    "missing_from_netbox",
    "pending",
    "committed",
    "unknown",
)

_COUNTED = {State.SYNCED: "in_sync", State.ORPHANED: "missing_from_git"}


def count_of(detail: Detail) -> str:
    """Under which of COUNTS a report counts a CR: its state, and of a drifted one which server lacks it."""
    if detail.state is State.DRIFTED and "cluster" not in detail.places:
        return "missing_from_cluster"
    if detail.state is State.DRIFTED and "netbox" not in detail.places:
        return "missing_from_netbox"
    return _COUNTED.get(detail.state, detail.state.lower())


@dataclass(frozen=True, slots=True)
class DriftReport:
    """How a fabric stands. `details` has all CRs that are not in sync, in order of their names; `counts` counts each CR once,
    by the names of COUNTS.
    """

    fabric: str
    total: int
    counts: Mapping[str, int]
    details: tuple[Detail, ...]
    notes: tuple[str, ...] = field(default=())
    source: Source | None = None
    record: FabricRecord | None = None
    generated_at: str = ""

    @property
    def exit_code(self) -> int:
        """0 in sync, 1 something could not be read, 2 a sync would change something besides attribution."""
        record = self.record.state if self.record else State.SYNCED
        if self.counts.get("unknown") or record is State.UNKNOWN:
            return 1
        changing = any(_changes_something(detail) for detail in self.details)
        return 2 if changing or record is not State.SYNCED else 0


def _changes_something(detail: Detail) -> bool:
    """Unmanaged orphans are listed and never touched; an attribution update is neither drift nor pending."""
    if detail.attribution_only:
        return False
    return detail.managed or detail.state is not State.ORPHANED


def report_of(
    fabric: str,
    details: Iterable[Detail],
    notes: Iterable[str] = (),
    source: Source | None = None,
    record: FabricRecord | None = None,
    generated_at: str = "",
) -> DriftReport:
    """The report over all CRs that Git, the state, the cluster or NetBox know; `details` are in order of their names."""
    every = list(details)
    return DriftReport(
        fabric=fabric,
        total=len(every),
        counts=Counter(count_of(detail) for detail in every),
        details=tuple(one for one in every if one.state is not State.SYNCED or one.attribution_only),
        notes=tuple(notes),
        source=source,
        record=record,
        generated_at=generated_at,
    )
