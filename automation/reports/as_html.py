"""The drift report as one HTML page that stands alone: no other file, no request, nothing that needs a script to be read. Pure.

The page's own policy allows no load from anywhere. A script shows the filters, which without it would do nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

from automation.reports import table
from automation.reports.as_json import drift_errors
from automation.reports.as_text import (
    COUNT_WORDS,
    known_text,
    record_name,
    state_text,
)
from automation.reports.links import blob_url, repository_page
from automation.reports.summary import attribution_text, crs
from providers.core.drift.report import DriftReport, count_of
from providers.core.drift.states import State
from providers.core.equality import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from providers.core.drift.classify import Detail
    from providers.core.drift.report import FabricRecord

_LOOKS = {
    "in_sync": "good",
    "drifted": "warn",
    "missing_from_cluster": "bad",
    "missing_from_netbox": "bad",
    "missing_from_git": "plain",
    "pending": "info",
    "committed": "info",
    "unknown": "bad",
}
_VERDICTS = {
    0: ("good", "in sync"),
    1: ("bad", "could not be read as a whole"),
    2: ("warn", "drift or pending changes"),
}


def html(report: DriftReport, title: str = "") -> str:
    """The page. `title` stands for "Drift of FABRIC"."""
    named = title or f"Drift of {report.fabric}"
    style, script = _asset("report.css"), _asset("report.js")
    allowed = f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{escape(named)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            '<a class="skip" href="#crs">Skip to the CRs</a>',
            *_header(report, named),
            "<main>",
            *_notes(report),
            *_record(report),
            *_filters(report),
            *_crs(report),
            "</main>",
            f"<footer><p class=muted>Made by hhsync, {escape(report.generated_at or 'just now')}.</p></footer>",
            f"<script>{script}</script>" if report.details else "",
            "</body>",
            "</html>",
            "",
        ]
    )


@cache
def _asset(name: str) -> str:
    return "\n" + resources.files("automation.reports").joinpath("page", name).read_text("utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _header(report: DriftReport, named: str) -> list[str]:
    look, verdict = _VERDICTS[report.exit_code]
    lines = ["<header>", f"<h1>{escape(named)}</h1>", f"<p>{_badge(look, verdict)} {crs(report.total)}</p>"]
    if report.source:
        source = report.source
        page = repository_page(source.url)
        where = f'<a href="{escape(page)}">{escape(source.url)}</a>' if page else escape(source.url)
        folder = f", folder {escape(source.folder)}" if source.folder else ""
        lines.append(
            f"<p class=muted>{where}, branch {escape(source.branch)}{folder}, commit "
            f"<code>{escape(source.commit[:12])}</code></p>"
        )
    lines.append('<ul class="counts" aria-label="CRs by state">')
    for name, words in COUNT_WORDS.items():
        count = report.counts.get(name, 0)
        if count:
            lines.append(f"<li>{_badge(_LOOKS[name], f'{count} {words}')}</li>")
    return [*lines, "</ul>", "</header>"]


def _badge(look: str, text: str) -> str:
    return f'<span class="state {look}">{escape(text)}</span>'


def _notes(report: DriftReport) -> list[str]:
    errors, notes = drift_errors(report), report.notes
    if not errors and not notes:
        return []
    items = [f"<li>{_badge('bad', 'error')} {escape(error)}</li>" for error in errors]
    items += [f"<li>{escape(note)}</li>" for note in notes]
    return [
        '<section aria-labelledby="notes">',
        '<h2 id="notes">Errors and notes</h2>',
        "<ul>",
        *items,
        "</ul>",
        "</section>",
    ]


def _record(report: DriftReport) -> list[str]:
    record = report.record
    if record is None or record.state in (State.SYNCED, State.UNKNOWN):
        return []
    reason = f": {escape(record.reason)}" if record.reason else ""
    return [
        '<section class="own" aria-labelledby="own">',
        f'<h2 id="own">The fabric&#39;s own record {_badge(_LOOKS[record.state.lower()], record.state)}</h2>',
        f"<p>{escape(record_name(report))}{reason}</p>",
        *_table("The fabric's own record", ("Wanted", "NetBox"), _record_rows(record)),
        "</section>",
    ]


def _record_rows(record: FabricRecord) -> Iterable[str]:
    for difference in record.differences:
        cells = [_cell("Wanted", difference.git), _cell("NetBox", difference.observed, changed=True)]
        yield f'<tr><th scope="row"><code>{escape(str(difference))}</code></th>{"".join(cells)}</tr>'


def _filters(report: DriftReport) -> list[str]:
    if not report.details:
        return []
    kinds = sorted({one.ref.kind for one in report.details})
    states = sorted({COUNT_WORDS[count_of(one)] for one in report.details})
    return [
        '<form id="filters" role="search" aria-label="Filter the CRs" hidden>',
        _select("kind", "Kind", kinds),
        _select("state", "State", states),
        '<div><label for="text">Search</label>'
        '<input id="text" name="text" type="search" autocomplete="off" placeholder="name, property, value"></div>',
        '<div><button type="reset">Show all</button></div>',
        '<output id="shown" for="kind state text" aria-live="polite"></output>',
        "</form>",
    ]


def _select(name: str, label: str, values: Sequence[str]) -> str:
    options = "".join(f'<option value="{escape(one)}">{escape(one)}</option>' for one in values)
    return (
        f'<div><label for="{name}">{label}</label>'
        f'<select id="{name}" name="{name}" autocomplete="off"><option value="">all</option>{options}</select></div>'
    )


def _crs(report: DriftReport) -> list[str]:
    lines = [
        '<section id="crs" tabindex="-1" aria-labelledby="crs-title">',
        '<h2 id="crs-title">CRs that are not in sync</h2>',
    ]
    if not report.details:
        lines.append("<p>None.</p>")
    for detail in report.details:
        lines.extend(_article(detail, report))
    return [*lines, "</section>"]


def _article(detail: Detail, report: DriftReport) -> list[str]:
    name = escape(str(detail.ref))
    known = known_text(detail, report.generated_at)
    lines = [
        f'<article id="{name}" aria-labelledby="{name}-name" data-kind="{escape(detail.ref.kind)}" '
        f'data-state="{COUNT_WORDS[count_of(detail)]}">',
        f'<h3 id="{name}-name">{name}</h3> {_badge(_LOOKS[count_of(detail)], state_text(detail))}',
        f"<p class=muted>{_origin(detail, report)}</p>" if detail.origin else "",
        *(f"<p>{escape(text)}</p>" for text in (detail.reason, known) if text),
    ]
    moved = [difference for difference in detail.differences if difference.is_attribution]
    if moved:
        lines.append(f"<p>Git: {escape(attribution_text(moved))}</p>")
    if not detail.attribution_only:
        rows = [_row(row) for row in table.rows(detail)]
        lines += _table(f"Properties of {detail.ref}", ("Git", "Cluster", "NetBox"), rows)
    return [line for line in [*lines, "</article>"] if line]


def _origin(detail: Detail, report: DriftReport) -> str:
    place, url = escape(str(detail.origin)), blob_url(report.source, detail.origin)
    return f'<a href="{escape(url)}">{place}</a>' if url else f"<code>{place}</code>"


def _table(caption: str, columns: Sequence[str], rows: Iterable[str]) -> list[str]:
    made = list(rows)
    if not made:
        return []
    head = "".join(f'<th scope="col">{column}</th>' for column in ("Property", *columns))
    title = f'<caption class="hidden-text">{escape(caption)}</caption>'
    return ["<table>", title, f"<thead><tr>{head}</tr></thead>", "<tbody>", *made, "</tbody>", "</table>"]


def _row(row: table.Row) -> str:
    owned = f" (owned by {escape(', '.join(row.owned_by))})" if row.owned_by else ""
    cells = [_cell("Git", row.git)]
    for side, server, value in (("Cluster", "cluster", row.cluster), ("NetBox", "netbox", row.netbox)):
        cells.append(_cell(side, value, changed=server in row.differs, there=server in row.servers))
    return f'<tr><th scope="row"><code>{escape(row.path)}</code>{owned}</th>{"".join(cells)}</tr>'


def _cell(side: str, value: Any, *, changed: bool = False, there: bool = True) -> str:
    if not there:
        text = '<span class="muted">–</span><span class="hidden-text"> has no such property</span>'
    elif value is MISSING:
        text = "absent"
    else:
        text = f"<code>{escape(_text(value))}</code>"
    mark = ' class="changed"' if changed else ""
    differs = '<span class="hidden-text"> (differs)</span>' if changed else ""
    return f'<td data-side="{side}"{mark}>{text}{differs}</td>'


def _text(value: Any) -> str:
    """The whole value: a page has room for it, and a person needs all of it."""
    if isinstance(value, str) and value:
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1 if isinstance(value, dict | list) else None)
