"""What the project aims at, held against what was measured. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.names import APPLY, CHANGE, CHECK, DIFF, DRIFT, FIRST, HELP, LIST, NOTHING, RAW
from bench.table import Aim

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bench.table import Report, Row

# The exponent that still counts as linear.
LINEAR = 1.1

CHANGE_SECONDS = {1000: 5.0, 10_000: 20.0}


def reached(report: Report, sizes: Sequence[int]) -> list[Aim]:
    """Every aim that the report's rows can be held against, over fabrics of these sizes, smallest first."""
    found = [*_starts(report, sizes)]
    for size in sizes:
        found += [*_drift(report, size, sizes), *_syncs(report, size)]
    if len(sizes) > 1:
        found += [*_growth(report, sizes[0], sizes[-1])]
    return found


def _starts(report: Report, sizes: Iterable[int]) -> Iterator[Aim]:
    if row := report.find(HELP):
        yield Aim(HELP, row.median, 0.25, "s")
    for size in sizes:
        if row := report.find(CHECK, size):
            yield Aim(f"{CHECK}, {size} CRs", row.median, 0.6, "s")
        if row := report.find(LIST, size):
            yield Aim(f"{LIST}, {size} CRs", row.median, 0.5, "s")


def _drift(report: Report, size: int, sizes: Iterable[int]) -> Iterator[Aim]:
    row = report.find(DRIFT, size)
    if row is None:
        return
    name = f"{DRIFT}, {size} CRs"
    if diff := _diff(report, size, sizes):
        yield _ratio(f"{name}, to kubectl diff", row.median, *diff, 0.25)
    yield Aim(f"{name}, each", row.median / size * 1000, 1.5, "ms", f"{row.median:.2f} s / {size}")
    yield Aim(f"{name}, memory", row.own_mb, 500, "MB")
    if nothing := report.find(NOTHING, size):
        yield _ratio(f"{NOTHING}, {size} CRs, to drift", nothing.median, row.median, "", 1.15)


def _diff(report: Report, size: int, sizes: Iterable[int]) -> tuple[float, str] | None:
    """Seconds of kubectl diff at a size, scaled from the largest that was measured where this one was not."""
    measured = [(known, row) for known in sizes if (row := report.find(DIFF, known))]
    if not measured:
        return None
    known, row = next((one for one in measured if one[0] == size), measured[-1])
    if known == size:
        return row.median, ""
    return row.median * size / known, f", {size // known} × that of {known} CRs"


def _syncs(report: Report, size: int) -> Iterator[Aim]:
    if size in CHANGE_SECONDS and (row := report.find(CHANGE, size)):
        yield Aim(f"{CHANGE}, {size} CRs", row.median, CHANGE_SECONDS[size], "s")
    first, apply, raw = (report.find(name, size) for name in (FIRST, APPLY, RAW))
    if first and apply and raw:
        floor = apply.median + raw.median
        yield _ratio(f"{FIRST}, {size} CRs, to its floor", first.median, floor, " of kubectl apply + raw records", 1.2)


def _growth(report: Report, small: int, large: int) -> Iterator[Aim]:
    for name in (DRIFT, FIRST):
        less, more = report.find(name, small), report.find(name, large)
        if less and more:
            yield Aim(f"{name}, exponent", _exponent(less, more), LINEAR, "", f"{small} to {large} CRs")


def _exponent(less: Row, more: Row) -> float:
    """How time grows with size: 1 is linear, 2 the square."""
    return math.log(more.median / less.median) / math.log(more.size / less.size)


def _ratio(name: str, measured: float, floor: float, what: str, limit: float) -> Aim:
    return Aim(name, measured / floor, limit, "×", f"{measured:.2f} s / {floor:.2f} s{what}")
