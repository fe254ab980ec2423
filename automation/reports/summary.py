"""Results and reports as text and JSON. Pure: values in, text out; only the command prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from automation.results import DESTROY, PREVIEW, Counts, OperationResult, Reassignment, ResourceChange
from providers.core.equality import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from providers.core.drift.difference import Difference

# The longest value in a line of text; JSON has all of it.
_SHOWN = 100

# CRs that a failed sync, and warnings that a run, names in its text.
_LISTED = 20

SERVERS = {"cluster": "the cluster", "netbox": "NetBox"}
_WORDS = ("created", "adopted", "updated", "attribution", "replaced", "deleted", "unchanged", "failed")


def shown(value: Any) -> str:
    """A value in a line of text: JSON without quotes around plain words, cut after 100 characters."""
    if value is MISSING:
        return "(absent)"
    if isinstance(value, str) and value.isprintable() and value == value.strip() and value:
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def property_line(difference: Difference) -> str:
    """One property, e.g. `cluster.spec.subnets.default.vlan: 1999 => 1001`."""
    server = SERVERS.get(str(difference))
    if server and difference.observed is MISSING:
        return f"{difference}: missing from {server}, to be made again"
    return f"{difference}: {shown(difference.observed)} => {shown(difference.git)}{owners_text(difference)}"


def owners_text(difference: Difference) -> str:
    """Which other field managers own a property, in brackets; "" for none."""
    return f" (owned by {', '.join(difference.owned_by)})" if difference.owned_by else ""


def change_lines(change: ResourceChange) -> Iterable[str]:
    """One line per property, each with the CR's name; a create, a delete or a replace says so."""
    moved = [difference for difference in change.differences if difference.is_attribution]
    if change.action == "attribution":
        yield f"{change.ref}  attribution only: {attribution_text(moved)}"
        return
    if change.note:
        yield f"{change.ref}  {change.note}"
    if change.action == "adopt":
        yield f"{change.ref}  adopt" + ("" if change.differences else ", identical")
    elif change.action in {"create", "delete", "replace"}:
        yield f"{change.ref}  {change.action}"
    elif not change.differences:
        yield f"{change.ref}  {change.action} (no property differs)"
    for difference in change.differences:
        if not difference.is_attribution:
            yield f"{change.ref}  {property_line(difference)}"
    if moved:
        yield f"{change.ref}  git: {attribution_text(moved)}"


def attribution_text(moved: Sequence[Difference]) -> str:
    """What moved in Git, in short: the same facts stand in the git section and in NetBox's fields."""
    short = {"git.path": "path", "git.commit": "commit", "git.author": "author", "git.document": "document"}
    values = {short[str(one)]: (one.observed, one.git) for one in moved if str(one) in short}
    if not values:
        return ", ".join(f"{one}: {shown(one.observed)} => {shown(one.git)}" for one in moved)
    if "commit" in values:
        old, new = values["commit"]
        values["commit"] = (str(old)[:12], str(new)[:12])
    return ", ".join(f"{name} {shown(old)} => {shown(new)}" for name, (old, new) in values.items())


def operation_text(result: OperationResult) -> str:
    """What `preview`, `sync` and `destroy` print: each change (preview), then one line of result, or the errors."""
    lines: list[str] = []
    if result.reassignment is not None:
        lines.extend(reassignment_lines(result.reassignment, result.verb))
    if result.verb == PREVIEW:
        for change in (*result.changes, *result.fabric_changes):
            lines.extend(change_lines(change))
    lines.extend(f"warning: {line}" for line in result.warnings[:_LISTED])
    if len(result.warnings) > _LISTED:
        lines.append(f"warning: {len(result.warnings) - _LISTED} more; --json has all")
    lines.extend(not_done_lines(result))
    if result.orphans_recorded:
        lines.append(f"{crs(result.orphans_recorded)} that are not in Git recorded in NetBox")
    lines.append(result_line(result))
    if result.health is not None:
        lines.append(result.health.text)
    return "\n".join(lines)


def not_done_lines(result: OperationResult) -> Iterable[str]:
    """What a failed sync left undone, and why."""
    yield from (f"not done: {one.ref}: {one.why}" for one in result.not_done[:_LISTED])
    if len(result.not_done) > _LISTED:
        yield f"not done: {crs(len(result.not_done) - _LISTED)} more; --json names all"


def reassignment_lines(phase: Reassignment, verb: str) -> Iterable[str]:
    """Why something is deleted before anything is created, what, and what was rolled back."""
    yield from (f"reassignment: {reason}" for reason in phase.because)
    yield f"  first {'to delete' if verb == PREVIEW else 'deleted'}: {', '.join(phase.first)}"
    if phase.rolled_back:
        yield f"  refused, and rolled back: {', '.join(phase.rolled_back)}"


def result_line(result: OperationResult) -> str:
    """One line of what was done, e.g. `fabric-1: 2 created, 1 updated, 68 unchanged (4.0 s)`."""
    return f"{result.fabric}: {_outcome(result)} ({result.duration_s:.1f} s)"


def _outcome(result: OperationResult) -> str:
    counts = result.counts
    if not result.ok:
        nothing = "no write was reported" if result.interrupted else "nothing written"
        done = _reported(counts) if counts.changed or counts.failed else nothing
        ended = "interrupted" if result.interrupted else "failed"
        return f"{result.verb} {ended}: {done if result.verb != PREVIEW else 'nothing written'}"
    if result.verb == PREVIEW:
        if not result.has_changes:
            return f"{crs(counts.total)}, nothing to do"
        record = "" if counts.changed else ", the fabric's record to update"
        return f"{_reported(counts, would=True)}{record}"
    if result.verb == DESTROY:
        return f"{counts.deleted} deleted" if counts.deleted else "nothing to delete"
    left = "partial: " if result.partial else ""
    if not result.has_changes:
        return f"{left}{crs(counts.total)} in sync, nothing written"
    return f"{left}{_reported(counts)}" + ("" if counts.changed else ", the fabric's record updated")


def crs(count: int) -> str:
    """A number of CRs in words."""
    return f"{count} CR" if count == 1 else f"{count} CRs"


_WOULD = {
    "created": "to create",
    "adopted": "to adopt",
    "updated": "to update",
    "attribution": "with a new attribution",
    "replaced": "to replace",
    "deleted": "to delete",
    "unchanged": "unchanged",
    "failed": "failed",
}


def _reported(counts: Counts, *, would: bool = False) -> str:
    given = counts.to_json()
    named = {word: (_WOULD[word] if would else _done(word)) for word in _WORDS}
    parts = [f"{given[word]} {named[word]}" for word in _WORDS if given[word]]
    return ", ".join(parts) or "no CR changed"


def _done(word: str) -> str:
    return "with their attribution updated" if word == "attribution" else word


# --- check -------------------------------------------------------------------------------------------------------------


def to_text(value: Mapping[str, Any]) -> str:
    """JSON for `--json`: one document, keys as given, readable."""
    return json.dumps(value, indent=2, ensure_ascii=False)
