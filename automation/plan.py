"""`hhsync preview --plan FILE`, `hhsync sync --plan FILE`: what would be done, written down, and done exactly so or not at all.

A plan is the report's JSON with an action for each CR, and fingerprints of what Git, the state, the cluster and NetBox said of
every CR, in sync or not: a CR that drifts afterwards would be written by a sync, and the plan does not say so.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from automation import operations
from automation.drift import Gathered, gather
from automation.report import to_text
from automation.report_forms import save
from automation.report_json import SCHEMA_VERSION, drift_json
from providers.core import fingerprint
from providers.core.drift import Unread
from providers.errors import ConfigError, UnsafeChange
from providers.planned import PLAN_VARIABLE, SIDES, document, moved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from automation.engine.workspace import Workspace
    from automation.progress import Progress
    from automation.results import OperationResult
    from providers.core.drift import DriftReport, Facts

Prints = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Fingerprints of one moment. `unread` names what could not be read, of which no plan can be made."""

    folder_commit: str
    fabric_record: str
    crs: Prints
    unread: str = ""


def snapshot(gathered: Gathered) -> Snapshot:
    """The fingerprints of everything that a sync looks at; unmanaged objects that Git does not name are not its business."""
    mine = [one for one in gathered.facts if one.desired is not None or one.outputs is not None]
    unread = next((side.reason for one in mine for side in (one.live, one.record) if isinstance(side, Unread)), "")
    own = gathered.own if not isinstance(gathered.own, Unread) else None
    record = fingerprint.of({"state": gathered.state.fabric, "netbox": None if own is None else dict(own)})
    return Snapshot(gathered.loaded.last_folder_commit, record, {str(one.ref): _prints(one) for one in mine}, unread)


def _prints(facts: Facts) -> dict[str, str]:
    live = None if isinstance(facts.live, Unread) else facts.live
    record = None if isinstance(facts.record, Unread) else facts.record
    return {
        "git": fingerprint.of(facts.desired),
        "state": fingerprint.of(facts.outputs),
        "cluster": fingerprint.of_live(live),
        "netbox": fingerprint.of_record(record),
    }


def differing(planned: Snapshot, now: Snapshot) -> list[str]:
    """What moved between two moments, each CR with the sides where it did."""
    found = []
    if planned.folder_commit != now.folder_commit:
        found.append(f"Git (commit {now.folder_commit[:12]} instead of {planned.folder_commit[:12]})")
    for ref in sorted(planned.crs.keys() | now.crs.keys()):
        before, after = planned.crs.get(ref, {}), now.crs.get(ref, {})
        sides = [name for side, name in SIDES.items() if before.get(side, "") != after.get(side, "")]
        if sides:
            found.append(f"{ref} in {' and '.join(sides)}")
    if planned.fabric_record != now.fabric_record:
        found.append("the fabric's own record")
    return found


def preview(
    workspace: Workspace, fabric: str, path: Path, progress: Progress | None = None, allow_deletes: int | None = None
) -> OperationResult:
    """A preview whose plan goes to `path`; a preview with errors writes no plan.

    Raises:
        UnsafeChange: something moved while the plan was made.
        HhsyncError: what a preview or a report of drift raises; the file cannot be written.
    """
    before = snapshot(_readable(gather(workspace, fabric, progress)))
    result = operations.preview(workspace, fabric, progress, allow_deletes)
    if not result.ok:
        return result
    gathered = _readable(gather(workspace, fabric, progress))
    now = snapshot(gathered)
    found = differing(before, now)
    if found:
        raise UnsafeChange(f"no plan was made, since something moved meanwhile: {', '.join(found[:5])}; run it again")
    text = to_text(written(gathered.report(), result, now, allow_deletes))
    save(text, path)
    return result


def written(report: DriftReport, result: OperationResult, now: Snapshot, allow_deletes: int | None) -> dict[str, Any]:
    """The plan's document."""
    actions = {change.ref: change.action for change in result.changes}
    details = tuple(replace(one, action=actions.get(str(one.ref), "")) for one in report.details)
    plan = {
        "folder_commit": now.folder_commit,
        "allow_deletes": allow_deletes,
        "counts": result.counts.to_json(),
        "deleted_first": list(result.hand_over.first) if result.hand_over else [],
        "fabric_changes": [{"ref": one.ref, "action": one.action} for one in result.fabric_changes],
        "fabric_record": now.fabric_record,
        "crs": now.crs,
    }
    return drift_json(replace(report, details=details), result.duration_s, verb="preview", plan=plan)


def _readable(gathered: Gathered) -> Gathered:
    unread = snapshot(gathered).unread
    if unread:
        raise UnsafeChange(f"no plan can be made or followed of what cannot be read: {unread}")
    return gathered


def alone(*, allow_deletes: int | None, partial: bool = False) -> None:
    """Refuse options that a plan has decided already, or that make a sync do something else.

    Raises:
        ConfigError: one was given.
    """
    if allow_deletes is not None:
        raise ConfigError("--allow-deletes is in the plan already; give it to hhsync preview --plan FILE instead")
    if partial:
        raise ConfigError("--plan does what the plan says, and --partial something else; leave one out")


def sync(workspace: Workspace, fabric: str, path: Path, progress: Progress | None = None) -> OperationResult:
    """Do what a plan says, or refuse; `allow_deletes` is the plan's.

    Raises:
        ConfigError: the file is no plan, or not one of this fabric.
        UnsafeChange: something moved since; the text names it, and nothing was written.
        HhsyncError: what a sync or a report of drift raises.
    """
    content = _checked(path, fabric)
    plan = content["plan"]
    planned = Snapshot(plan["folder_commit"], plan["fabric_record"], plan["crs"])
    found = differing(planned, snapshot(_readable(gather(workspace, fabric, progress))))
    if found:
        raise UnsafeChange(f"nothing was written: {moved(str(path), found)}")
    with _in_environment(PLAN_VARIABLE, str(path.resolve())) as environment:
        result = operations.sync(workspace, fabric, progress, plan["allow_deletes"], environment=environment)
    more = _more_than_planned(content, result)
    return replace(result, errors=(*result.errors, more)) if more else result


@contextmanager
def _in_environment(name: str, value: str) -> Iterator[dict[str, str]]:
    """The variable for the engine's children, and for providers that run in this process (the embedded engine)."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield {name: value}
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _checked(path: Path, fabric: str) -> Mapping[str, Any]:
    content = document(path)
    version = content.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"{path} has schema_version {version}, and this hhsync knows {SCHEMA_VERSION}; make a new plan"
        )
    if content.get("fabric") != fabric:
        raise ConfigError(f"{path} is a plan of {content.get('fabric')}, not of {fabric}")
    return content


def _more_than_planned(content: Mapping[str, Any], result: OperationResult) -> str:
    """A line about what was done and not planned; "", as it should be."""
    planned = {(one["ref"], one["action"]) for one in content["details"]}
    others = sorted(change.ref for change in result.changes if (change.ref, change.action) not in planned)
    if not others or result.hand_over:
        return ""
    return f"done otherwise than planned: {', '.join(others[:5])}{' …' if len(others) > 5 else ''}"
