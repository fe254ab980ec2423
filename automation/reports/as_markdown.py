"""The drift report as Markdown for a comment on a pull request: escaped, and short enough to be posted. Pure.

GitHub refuses a comment of more than 65,536 characters (its API documentation). Whatever a server or Git says is text, never
markup: no table is broken, no link made, no person called by an @.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from automation.reports import table
from automation.reports.as_json import drift_errors
from automation.reports.as_text import (
    COUNT_WORDS,
    known_text,
    record_name,
    state_text,
)
from automation.reports.links import blob_url
from automation.reports.summary import attribution_text, crs, shown
from providers.core.drift.states import State
from providers.core.equality import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from providers.core.drift.classify import Detail
    from providers.core.drift.difference import Difference
    from providers.core.drift.report import DriftReport

# Characters; below GitHub's limit, with room for what a script adds around it.
LONGEST = 60_000

# Characters kept for the note about what was left out.
_RESERVED = 300

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>()#+!|~@&$]")


def markdown(report: DriftReport, longest: int = LONGEST) -> str:
    """The report; where it would be longer than `longest`, whole CRs are left out at the end, and a note counts them."""
    head = "\n".join(_head(report))
    blocks = [_block(detail, report) for detail in report.details]
    kept, used = [], len(head)
    for block in blocks:
        used += len(block) + 1
        if used > longest - _RESERVED:
            break
        kept.append(block)
    left = len(blocks) - len(kept)
    if left:
        rest = f"{_code(f'hhsync drift {report.fabric}')} has all of them"
        kept.append(f"\n_{crs(left)} more, left out to keep this comment short: {rest}._")
    return "\n".join([head, *kept]).rstrip() + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, in a line or in a cell of a table."""
    one_line = " ".join(text.split())
    return (
        _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", one_line)
        .replace("://", "&#58;//")
        .replace("www.", "www&#46;")
    )


def _head(report: DriftReport) -> list[str]:
    counts = [f"{report.counts[name]} {words}" for name, words in COUNT_WORDS.items() if report.counts.get(name)]
    verdict = {0: "in sync", 1: "could not be read as a whole", 2: "drift or pending changes"}[report.exit_code]
    counted = f"{crs(report.total)}: {', '.join(counts) or 'no CR'}."
    lines = [f"### hhsync drift of {escaped(report.fabric)}: {verdict}", "", counted]
    if report.source:
        source = report.source
        lines.append(
            f"Git: {escaped(source.url)}, branch {escaped(source.branch)}, commit {escaped(source.commit[:12])}; "
            f"read {escaped(report.generated_at)}."
        )
    lines += [f"- **error:** {escaped(error)}" for error in drift_errors(report)]
    lines += [f"- note: {escaped(note)}" for note in report.notes]
    record = report.record
    if record and record.state not in (State.SYNCED, State.UNKNOWN):
        reason = f": {record.reason}" if record.reason else ""
        lines += ["", f"**{escaped(record_name(report))}**: {escaped(record.state.value + reason)}"]
        lines += _table(
            ["Property", "wanted", "NetBox"], [_record_row(difference) for difference in record.differences]
        )
    return [*lines, ""]


def _record_row(difference: Difference) -> list[str]:
    return [_code(str(difference)), _value(difference.git), _value(difference.observed)]


def _block(detail: Detail, report: DriftReport) -> str:
    known = known_text(detail, report.generated_at)
    facts = [escaped(text) for text in (detail.reason, known) if text]
    if detail.origin:
        url = blob_url(report.source, detail.origin)
        place = escaped(str(detail.origin))
        facts.append(f"[{place}]({url})" if url else place)
    moved = [difference for difference in detail.differences if difference.is_attribution]
    if moved:
        facts.append(f"git: {escaped(attribution_text(moved))}")
    lines = [
        "",
        f"**{escaped(str(detail.ref))}**: {escaped(state_text(detail))}" + "".join(f"; {one}" for one in facts),
    ]
    rows = [_row(row) for row in table.rows(detail) if not detail.attribution_only]
    return "\n".join([*lines, *_table(["Property", "Git", "Cluster", "NetBox"], rows)])


def _row(row: table.Row) -> list[str]:
    owned = f" (owned by {escaped(', '.join(row.owned_by))})" if row.owned_by else ""
    cells = [_code(row.path) + owned, _value(row.git)]
    for server, value in (("cluster", row.cluster), ("netbox", row.netbox)):
        text = _value(value) if server in row.servers else "–"
        cells.append(f"**{text}**" if server in row.differs else text)
    return cells


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    lines = [head, ["---"] * len(head), *rows]
    return ["", *(f"| {' | '.join(cells)} |" for cells in lines)]


def _value(value: Any) -> str:
    return "absent" if value is MISSING else _code(shown(value))


def _code(text: str) -> str:
    return f"<code>{escaped(text)}</code>"
