"""What was measured, as rows with figures and as ratios to what they are compared with; text and JSON."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.measure import Cost

HEADER = ("", "seconds", "all runs", "CPU s", "largest process MB", "all processes MB")


@dataclass(slots=True)
class Row:
    """One thing measured, once or several times. `costs` is empty where only time was taken."""

    name: str
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

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of HEADER."""
        runs = " ".join(f"{one:.2f}" for one in self.seconds) if len(self.seconds) > 1 else ""
        if not self.costs:
            return self.name, f"{self.median:.2f}", runs, "", "", ""
        cpu = statistics.median(cost.cpu_seconds for cost in self.costs)
        largest, tree = max(c.process_mb for c in self.costs), max(c.tree_mb for c in self.costs)
        return self.name, f"{self.median:.2f}", runs, f"{cpu:.2f}", f"{largest:.0f}", f"{tree:.0f}"


@dataclass(frozen=True, slots=True)
class Ratio:
    """How much longer `measured` seconds are than `floor` seconds, and what the project aims at."""

    name: str
    measured: float
    floor: float
    aim: float

    def line(self) -> str:
        """One line for people."""
        ratio = self.measured / self.floor
        verdict = "reached" if ratio <= self.aim else "missed"
        return (
            f"{self.name}: {ratio:.2f} × ({self.measured:.2f} s / {self.floor:.2f} s), aim ≤ {self.aim:g} ×: {verdict}"
        )


@dataclass(slots=True)
class Report:
    """Everything one run of the benchmark found out. `facts` says where: machine, versions, counts."""

    facts: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def row(self, name: str) -> Row:
        """The row of that name, new where there is none."""
        for row in self.rows:
            if row.name == name:
                return row
        self.rows.append(Row(name))
        return self.rows[-1]

    def text(self) -> str:
        """The report as plain text."""
        facts = ", ".join(f"{key} {value}" for key, value in self.facts.items())
        lines = [facts, "", *_aligned([HEADER, *(row.cells() for row in self.rows)]), ""]
        return "\n".join(lines + [ratio.line() for ratio in self.ratios] + self.notes)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values; times in seconds, memory in megabytes."""
        rows = [asdict(row) | {"median": row.median} for row in self.rows]
        ratios = [asdict(ratio) | {"ratio": ratio.measured / ratio.floor} for ratio in self.ratios]
        return {"facts": self.facts, "rows": rows, "ratios": ratios, "notes": self.notes}


def _aligned(cells: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADER))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
