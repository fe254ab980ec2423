"""The drift report for a person at a terminal, and the words that all its forms share. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from automation.reports.as_json import drift_errors
from automation.reports.summary import (
    SERVERS,
    attribution_text,
    crs,
    owners_text,
    shown,
)
from providers.core.drift.report import COUNTS, DriftReport, count_of
from providers.core.drift.states import State
from providers.core.equality import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from providers.core.drift.classify import Detail
    from providers.core.drift.difference import Difference

COUNT_WORDS = {name: name.replace("_", " ").replace("netbox", "NetBox").replace("git", "Git") for name in COUNTS}
ADOPT = "adopt"


def drift_text(report: DriftReport, duration_s: float) -> str:
    """The report for a person: each CR that is not in sync with its differing properties, then one line of counts."""
    lines: list[str] = []
    for detail in report.details:
        if detail.state is not State.UNKNOWN or not detail.reason:
            lines.extend(_detail_lines(detail, report.generated_at))
    for reason in drift_errors(report):
        names = [str(one.ref) for one in report.details if one.state is State.UNKNOWN and one.reason == reason]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lines.append(f"{names[0] if names else record_name(report)}{more}  unknown: {reason}")
    lines.extend(_record_lines(report))
    lines.extend(f"note: {note}" for note in report.notes)
    lines.append(f"{summary(report)} ({duration_s:.1f} s)")
    return "\n".join(lines)


def summary(report: DriftReport) -> str:
    """One line of counts."""
    counted = ", ".join(
        f"{report.counts[name]} {words}" for name, words in COUNT_WORDS.items() if report.counts.get(name)
    )
    return f"{report.fabric}: {crs(report.total)}: {counted or 'none'}"


def record_name(report: DriftReport) -> str:
    """What the fabric's own record is called in a report."""
    return f"the record of {report.fabric} in NetBox"


def state_text(detail: Detail) -> str:
    """The state in words, with what it means for the CR."""
    if detail.state is State.ORPHANED:
        return COUNT_WORDS[count_of(detail)] + ("" if detail.managed else ", unmanaged: left alone")
    if detail.action == ADOPT:
        return f"{detail.state.value}, adopt" + ("" if detail.differences else ", identical")
    if detail.attribution_only:
        return "attribution only"
    name = count_of(detail)
    return COUNT_WORDS[name] if name.startswith("missing_from") else detail.state.value


def known_text(detail: Detail, at: str) -> str:
    """What is known of a CR that the state does not have: where it is, who wrote it, how old it is; "" for nothing."""
    parts = []
    if detail.state is State.ORPHANED and detail.places:
        parts.append("in " + " and ".join(SERVERS[place] for place in detail.places))
    if detail.managers:
        parts.append(f"written by {', '.join(detail.managers)}")
    if detail.created_at:
        parts.append(f"made {age(detail.created_at, at)}")
    return ", ".join(parts)


def age(since: str, at: str) -> str:
    """How long ago something was made: days, hours or minutes; the time itself where one of the two cannot be read."""
    try:
        seconds = (datetime.fromisoformat(at) - datetime.fromisoformat(since)).total_seconds()
    except (ValueError, TypeError):
        return f"at {since}"
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' * (count > 1)} ago"
    return "less than a minute ago"


def _record_lines(report: DriftReport) -> Iterable[str]:
    record = report.record
    if record is None or record.state in (State.SYNCED, State.UNKNOWN):
        return
    yield f"{record_name(report)}  {record.state.value}" + (f": {record.reason}" if record.reason else "")
    for one in record.differences:
        yield f"    {_difference_text(one)}"


def _detail_lines(detail: Detail, at: str) -> Iterable[str]:
    where = f"  [{detail.origin}]" if detail.origin else ""
    reported = "; ".join(text for text in (detail.reason, known_text(detail, at)) if text)
    moved = [difference for difference in detail.differences if difference.is_attribution]
    if detail.attribution_only:
        yield f"{detail.ref}  attribution only: {attribution_text(moved)}{where}"
        return
    yield f"{detail.ref}  {state_text(detail)}{f': {reported}' if reported else ''}{where}"
    for difference in detail.differences:
        if not difference.is_attribution:
            yield f"    {_difference_text(difference)}{owners_text(difference)}"
    if moved:
        yield f"    git: {attribution_text(moved)}"


def _difference_text(difference: Difference) -> str:
    server = SERVERS.get(str(difference))
    if server and difference.observed is MISSING:
        return f"{difference}: missing from {server}"
    other = difference.recorded not in (difference.git, difference.observed)
    recorded = f" (last written: {shown(difference.recorded)})" if other else ""
    return f"{difference}: {shown(difference.observed)} => {shown(difference.git)}{recorded}"
