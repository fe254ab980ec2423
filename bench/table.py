"""What was measured, as rows with figures, and as aims with what was reached; Markdown and JSON."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.measure import Cost

HEADER = ("", "CRs", "seconds", "all runs", "CPU s", "own MB", "largest child MB")
AIMS = ("aim", "measured", "at most", "", "from")


@dataclass(slots=True)
class Row:
    """One thing measured, once or several times, on a fabric of `size` CRs. `costs` is empty where only time was taken."""

    name: str
    size: int
    seconds: list[float] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)

    def add(self, cost: Cost) -> None:
        """Count one more run."""
        self.seconds.append(cost.seconds)
        self.costs.append(cost)

    @property
    def median(self) -> float:
        """Seconds of the middle run."""
        return statistics.median(self.seconds)

    @property
    def own_mb(self) -> float:
        """The highest peak of the command's own process, in megabytes."""
        return max((cost.own_mb for cost in self.costs), default=0.0)

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of HEADER."""
        runs = " ".join(f"{one:.2f}" for one in self.seconds) if len(self.seconds) > 1 else ""
        known = (self.name, f"{self.size or ''}", f"{self.median:.2f}", runs)
        if not self.costs:
            return (*known, "", "", "")
        cpu = statistics.median(cost.cpu_seconds for cost in self.costs)
        child = max(cost.child_mb for cost in self.costs)
        return (*known, f"{cpu:.2f}", f"{self.own_mb:.0f}", f"{child:.0f}" if child >= 1 else "")


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure and what the project aims at, in one `unit`; `source` says what the figure is made of."""

    name: str
    measured: float
    limit: float
    unit: str
    source: str = ""

    @property
    def reached(self) -> bool:
        """Whether the figure is within the aim."""
        return self.measured <= self.limit

    def cells(self) -> tuple[str, ...]:
        """The aim as text, in the order of AIMS."""
        unit = f" {self.unit}" if self.unit else ""
        verdict = "reached" if self.reached else "missed"
        return self.name, f"{self.measured:.3g}{unit}", f"{self.limit:g}{unit}", verdict, self.source


@dataclass(slots=True)
class Report:
    """Everything one run of the benchmark found out. `facts` says where: machine and versions.

    `phases` are the seconds of each phase of a command's last run, by the command's name and size.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    phases: dict[str, Mapping[str, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def row(self, name: str, size: int = 0) -> Row:
        """The row of that name and size, new where there is none."""
        found = self.find(name, size)
        if found is None:
            found = Row(name, size)
            self.rows.append(found)
        return found

    def find(self, name: str, size: int = 0) -> Row | None:
        """The row of that name and size, if it was measured."""
        return next((row for row in self.rows if (row.name, row.size) == (name, size)), None)

    def text(self) -> str:
        """The report as Markdown."""
        facts = ", ".join(f"{key} {value}" for key, value in self.facts.items())
        lines = [facts, "", *_table([AIMS, *(aim.cells() for aim in self.aims)])]
        lines += ["", *_table([HEADER, *(row.cells() for row in self.rows)])]
        if self.phases:
            lines += ["", "Where the time goes, wall seconds of the last run; phases side by side overlap:", ""]
            lines += [f"- {name}: {_listed(phases)}" for name, phases in self.phases.items()]
        return "\n".join(lines + [f"\n{note}" for note in self.notes])

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values; times in seconds, memory in megabytes."""
        return {
            "facts": self.facts,
            "rows": [asdict(row) | {"median": row.median} for row in self.rows],
            "aims": [asdict(aim) | {"reached": aim.reached} for aim in self.aims],
            "phases": {name: dict(phases) for name, phases in self.phases.items()},
            "notes": self.notes,
        }


def _listed(phases: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.2f}" for name, seconds in phases.items())


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]
