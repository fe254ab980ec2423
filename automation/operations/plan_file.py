"""`hhsync preview --plan FILE`, `hhsync sync --plan FILE`: what would be done, written down, and done exactly so or not at all.

A plan is the report's JSON with fingerprints of what Git, the state, the cluster and NetBox said of every CR, in sync or not:
a CR that drifts afterwards would be written by a sync, and the plan does not say so. The sync compares what it reads with
them and writes from that same reading, so that nothing can move in between unseen.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automation import context as run_context
from automation.operations import preview as previewing
from automation.operations import sync as syncing
from automation.reports.as_json import SCHEMA_VERSION, drift_json
from automation.reports.formats import save
from automation.reports.summary import to_text
from automation.results import PREVIEW
from providers.core.drift.facts import Unread
from providers.core.planning import fingerprint
from providers.errors import ConfigError, ValidationFailed, error_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from automation.context import RunContext
    from automation.engine.workspace import Workspace
    from automation.progress import Progress
    from automation.results import OperationResult
    from providers.core.drift.facts import Facts

Prints = dict[str, dict[str, str]]

_REMEDY = "make one with: hhsync preview FABRIC --plan FILE"
SIDES = {"git": "Git", "state": "the state", "cluster": "the cluster", "netbox": "NetBox"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Fingerprints of one moment, by CR and side, of all that a sync looks at."""

    folder_commit: str
    fabric_record: str
    crs: Prints


def snapshot(context: RunContext) -> Snapshot:
    """The fingerprints of what was read; unmanaged objects that Git does not name are not a sync's business."""
    mine = [one for one in context.facts.values() if one.desired is not None or one.outputs is not None]
    own = context.own if not isinstance(context.own, Unread) else None
    record = fingerprint.of({"state": context.recorded.fabric, "netbox": None if own is None else dict(own)})
    return Snapshot(context.loaded.last_folder_commit, record, {str(one.ref): _prints(one) for one in mine})


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
        HhsyncError: as `preview.preview`; the file cannot be written.
    """
    started = time.monotonic()
    try:
        context = run_context.read(workspace, fabric, progress)
    except ValidationFailed as error:
        return previewing.failed(PREVIEW, fabric, error_lines(error), time.monotonic() - started)
    result = previewing.of(context, allow_deletes, started)
    if result.ok:
        save(to_text(written(context, result, allow_deletes)), path)
    return result


def written(context: RunContext, result: OperationResult, allow_deletes: int | None) -> dict[str, Any]:
    """The plan's document."""
    now = snapshot(context)
    plan = {
        "folder_commit": now.folder_commit,
        "allow_deletes": allow_deletes,
        "counts": result.counts.to_json(),
        "deleted_first": [str(ref) for ref in sorted(context.plan.first)],
        "fabric_changes": [{"ref": one.ref, "action": one.action} for one in result.fabric_changes],
        "fabric_record": now.fabric_record,
        "crs": now.crs,
    }
    return drift_json(context.report(), result.duration_s, verb="preview", plan=plan)


def alone(*, allow_deletes: int | None, partial: bool = False) -> None:
    """Refuse options that a plan has decided already, or that make a sync do something else.

    Raises:
        ConfigError: one was given.
    """
    if allow_deletes is not None:
        raise ConfigError("--allow-deletes is in the plan already; give it to hhsync preview --plan FILE instead")
    if partial:
        raise ConfigError("--plan does what the plan says, and --partial something else; leave one out")


def sync(
    workspace: Workspace, fabric: str, path: Path, progress: Progress | None = None, wait: float | None = None
) -> OperationResult:
    """Do what a plan says, or refuse; `allow_deletes` is the plan's.

    Raises:
        ConfigError: the file is no plan, or not one of this fabric.
        HhsyncError: as `sync.sync`.
    """
    plan = _checked(path, fabric)["plan"]
    planned = Snapshot(plan["folder_commit"], plan["fabric_record"], plan["crs"])

    def check(context: RunContext) -> list[str]:
        found = differing(planned, snapshot(context)) if not context.plan.unknown else []
        return [_moved(path, found)] if found else []

    return syncing.sync(workspace, fabric, progress, plan["allow_deletes"], check=check, wait=wait)


def _moved(path: Path, what: list[str]) -> str:
    shown = ", ".join(what[:5]) + (f" and {len(what) - 5} more" if len(what) > 5 else "")
    return (
        f"nothing was written: the plan {path} no longer holds, since something moved after it was made: {shown}; look at "
        f"what changed, and make a new plan with: hhsync preview FABRIC --plan FILE"
    )


def _checked(path: Path, fabric: str) -> Mapping[str, Any]:
    content = _document(path)
    version = content.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"{path} has schema_version {version}, and this hhsync knows {SCHEMA_VERSION}; make a new plan"
        )
    if content.get("fabric") != fabric:
        raise ConfigError(f"{path} is a plan of {content.get('fabric')}, not of {fabric}")
    return content


def _document(path: Path) -> Mapping[str, Any]:
    try:
        content: Any = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"the plan {path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise ConfigError(f"{path} is no plan, since it is no JSON ({error}); {_REMEDY}") from None
    plan = content.get("plan") if isinstance(content, dict) else None
    wanted = {"folder_commit": str, "fabric_record": str, "crs": dict}
    if not isinstance(plan, dict) or not all(isinstance(plan.get(key), kind) for key, kind in wanted.items()):
        raise ConfigError(f"{path} is no plan; {_REMEDY}")
    found: Mapping[str, Any] = content
    return found
