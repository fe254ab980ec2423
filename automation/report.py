"""Results and reports as text and JSON. Pure: values in, text out; only the command prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from automation.results import DESTROY, PREVIEW, Counts, OperationResult, ResourceChange
from providers.core.diff import FieldChange, dotted
from providers.core.drift import Detail, Difference, DriftReport, State
from providers.core.normalise import MISSING
from providers.core.sections import only_attribution

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from automation.checking import CheckReport

_SHOWN = 100
#: The longest value in a line of text; JSON has all of it.

_SERVERS = {"cluster": "the cluster", "netbox": "NetBox"}
_WORDS = ("created", "updated", "attribution", "replaced", "deleted", "unchanged", "failed")


def shown(value: Any) -> str:
    """A value in a line of text: JSON without quotes around plain words, cut after 100 characters."""
    if value is MISSING:
        return "(absent)"
    if isinstance(value, str) and value.isprintable() and value == value.strip() and value:
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def property_line(change: FieldChange) -> str:
    """One property, e.g. `cluster.spec.subnets.default.vlan: 1999 => 1001`."""
    server = _SERVERS.get(dotted(change.path))
    if server and change.old is MISSING:
        return f"{dotted(change.path)}: missing from {server}, to be made again"
    return f"{dotted(change.path)}: {shown(change.old)} => {shown(change.new)}"


def change_lines(change: ResourceChange) -> Iterable[str]:
    """One line per property, each with the CR's name; a create, a delete or a replace says so."""
    moved = [(dotted(one.path), one.old, one.new) for one in change.properties if only_attribution([one])]
    if change.action == "attribution":
        yield f"{change.ref}  attribution only: {_attribution(moved)}"
        return
    if change.action in {"create", "delete", "replace"}:
        yield f"{change.ref}  {change.action}"
    elif not change.properties:
        yield f"{change.ref}  {change.action} (no property differs)"
    for one in change.properties:
        if not only_attribution([one]):
            yield f"{change.ref}  {property_line(one)}"
    if moved:
        yield f"{change.ref}  git: {_attribution(moved)}"


def _attribution(moved: Sequence[tuple[str, Any, Any]]) -> str:
    """What moved in Git, in short: the same facts stand in the git section and in NetBox's fields."""
    short = {"git.path": "path", "git.commit": "commit", "git.author": "author", "git.document": "document"}
    told = {short[path]: (old, new) for path, old, new in moved if path in short}
    if not told:
        return ", ".join(f"{path}: {shown(old)} => {shown(new)}" for path, old, new in moved)
    if "commit" in told:
        old, new = told["commit"]
        told["commit"] = (str(old)[:12], str(new)[:12])
    return ", ".join(f"{name} {shown(old)} => {shown(new)}" for name, (old, new) in told.items())


def operation_text(result: OperationResult) -> str:
    """What `preview`, `sync` and `destroy` print: each change (preview), then one line of result, or the errors."""
    lines: list[str] = []
    if result.verb == PREVIEW:
        for change in (*result.changes, *result.fabric_changes):
            lines.extend(change_lines(change))
    lines.append(result_line(result))
    return "\n".join(lines)


def result_line(result: OperationResult) -> str:
    """One line of what was done, e.g. `fabric-1: 2 created, 1 updated, 68 unchanged (4.0 s)`."""
    return f"{result.fabric}: {_outcome(result)} ({result.duration_s:.1f} s)"


def _outcome(result: OperationResult) -> str:
    counts = result.counts
    if not result.ok:
        nothing = "no write was reported" if result.interrupted else "nothing written"
        done = _told(counts) if counts.changed or counts.failed else nothing
        ended = "interrupted" if result.interrupted else "failed"
        return f"{result.verb} {ended}: {done if result.verb != PREVIEW else 'nothing written'}"
    if result.verb == PREVIEW:
        if not result.has_changes:
            return f"{_crs(counts.total)}, nothing to do"
        record = "" if counts.changed else ", the fabric's record to update"
        return f"{_told(counts, would=True)}{record}"
    if result.verb == DESTROY:
        return f"{counts.deleted} deleted" if counts.deleted else "nothing to delete"
    if not result.has_changes:
        return f"{_crs(counts.total)} in sync, nothing written"
    return _told(counts) if counts.changed else f"{_told(counts)}, the fabric's record updated"


def _crs(count: int) -> str:
    return f"{count} CR" if count == 1 else f"{count} CRs"


_WOULD = {
    "created": "to create",
    "updated": "to update",
    "attribution": "with a new attribution",
    "replaced": "to replace",
    "deleted": "to delete",
    "unchanged": "unchanged",
    "failed": "failed",
}


def _told(counts: Counts, *, would: bool = False) -> str:
    given = counts.to_json()
    named = {word: (_WOULD[word] if would else _done(word)) for word in _WORDS}
    parts = [f"{given[word]} {named[word]}" for word in _WORDS if given[word]]
    return ", ".join(parts) or "no CR changed"


def _done(word: str) -> str:
    return "with their attribution updated" if word == "attribution" else word


# --- the drift report --------------------------------------------------------------------------------------------------

_COUNT_KEYS = {
    "in_sync": State.IN_SYNC,
    "drifted": State.DRIFTED,
    "missing_from_cluster": State.MISSING_FROM_CLUSTER,
    "missing_from_git": State.MISSING_FROM_GIT,
    "missing_from_netbox": State.MISSING_FROM_NETBOX,
    "pending": State.PENDING,
    "committed": State.COMMITTED,
    "unknown": State.UNKNOWN,
}


def drift_json(report: DriftReport, duration_s: float = 0.0) -> dict[str, Any]:
    """The report in its stable shape."""
    return {
        "verb": "drift",
        "fabric": report.fabric,
        "ok": report.exit_code != 1,
        "exit_code": report.exit_code,
        "duration_s": round(duration_s, 3),
        "total": report.total,
        **{key: report.counts.get(state, 0) for key, state in _COUNT_KEYS.items()},
        "details": [_detail_json(detail) for detail in report.details],
        "notes": list(report.notes),
        "errors": drift_errors(report),
    }


def drift_errors(report: DriftReport) -> list[str]:
    """Why CRs are unknown, each reason once."""
    unknown = (detail.reason for detail in report.details if detail.state is State.UNKNOWN)
    return list(dict.fromkeys(reason for reason in unknown if reason))


def _detail_json(detail: Detail) -> dict[str, Any]:
    origin = detail.origin
    return {
        "ref": str(detail.ref),
        "state": detail.state.value,
        "managed": detail.managed,
        "attribution_only": detail.attribution_only,
        "origin": {"path": origin.path, "line": origin.line, "document": origin.document} if origin else None,
        "reason": detail.reason,
        "differences": [_difference_json(one) for one in detail.differences],
    }


def _difference_json(one: Difference) -> dict[str, Any]:
    sides = {"desired": one.desired, "recorded": one.recorded, "observed": one.observed}
    return {"path": one.path, **{side: value for side, value in sides.items() if value is not MISSING}}


def drift_text(report: DriftReport, duration_s: float) -> str:
    """The report for a person: each CR that is not in sync with its differing properties, then one line of counts."""
    lines: list[str] = []
    for detail in report.details:
        if detail.state is not State.UNKNOWN or not detail.reason:
            lines.extend(_detail_lines(detail))
    for reason in drift_errors(report):
        names = [str(one.ref) for one in report.details if one.state is State.UNKNOWN and one.reason == reason]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lines.append(f"{names[0]}{more}  unknown: {reason}")
    lines.extend(f"note: {note}" for note in report.notes)
    named = [f"{report.counts.get(state, 0)} {_STATE_WORDS[key]}" for key, state in _COUNT_KEYS.items()]
    kept = [text for text in named if not text.startswith("0 ")]
    lines.append(f"{report.fabric}: {_crs(report.total)}: {', '.join(kept) or 'none'} ({duration_s:.1f} s)")
    return "\n".join(lines)


_STATE_WORDS = {key: key.replace("_", " ").replace("netbox", "NetBox").replace("git", "Git") for key in _COUNT_KEYS}


def _detail_lines(detail: Detail) -> Iterable[str]:
    where = f"  [{detail.origin}]" if detail.origin else ""
    state = detail.state.value
    if detail.state is State.MISSING_FROM_GIT:
        state = "missing from Git" + ("" if detail.managed else ", unmanaged: left alone")
    reason = f": {detail.reason}" if detail.reason else ""
    moved = [(one.path, one.observed, one.desired) for one in detail.differences if _is_attribution(one)]
    if detail.attribution_only:
        yield f"{detail.ref}  attribution only: {_attribution(moved)}{where}"
        return
    yield f"{detail.ref}  {state}{reason}{where}"
    for one in detail.differences:
        if not _is_attribution(one):
            yield f"    {_difference_text(one)}"
    if moved:
        yield f"    git: {_attribution(moved)}"


def _is_attribution(one: Difference) -> bool:
    return only_attribution([FieldChange(tuple(one.path.split(".")), one.observed, one.desired)])


def _difference_text(one: Difference) -> str:
    server = _SERVERS.get(one.path)
    if server and one.observed is MISSING:
        return f"{one.path}: missing from {server}"
    recorded = "" if one.recorded in (one.desired, one.observed) else f" (last written: {shown(one.recorded)})"
    return f"{one.path}: {shown(one.observed)} => {shown(one.desired)}{recorded}"


# --- check -------------------------------------------------------------------------------------------------------------


def check_text(report: CheckReport) -> str:
    """Every finding with its origin, then what was read and which schemas judged it."""
    return "\n".join([*(str(issue) for issue in report.issues), report.summary])


def to_text(value: Mapping[str, Any]) -> str:
    """JSON for `--json`: one document, keys as given, readable."""
    return json.dumps(value, indent=2, ensure_ascii=False)
