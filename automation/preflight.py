"""What the cluster would say to the changes of a preview: a dry run of each, or what it must wait for (design §6).

Dry runs do not add up: an attachment cannot be tried before its VPC is there. A CR whose parent is made in the same sync is
"blocked by" it and not asked about; one that is refused, and whose parent changes, may be refused for that alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from program import config, load
from program.config import cache_folder
from providers.core import sections
from providers.core.identity import ObjectRef
from providers.errors import Conflict, Forbidden, HhsyncError, Rejected, TargetError
from providers.targets.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from automation.results import OperationResult
    from automation.workspace import Workspace
    from program.desired import DesiredState
    from providers.core.diff import FieldChange

_AT_ONCE = 8
"""Dry runs in flight; more connections do not make a Hedgehog server faster."""

_WRITTEN = {"create": "created", "update": "changed", "replace": "replaced", "adopt": "adopted"}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """By CR: what each waits for (`blocked`), and what the server refuses (`refused`); `note` says what was not asked."""

    blocked: Mapping[str, str]
    refused: Mapping[str, str]
    note: str = ""


def ask(workspace: Workspace, fabric: str, preview: OperationResult) -> Verdicts:
    """Try every CR that a preview would write, without writing.

    Raises:
        HhsyncError: Git or the cluster cannot be read.
    """
    actions = {
        ObjectRef.parse(one.ref): _WRITTEN[one.action]
        for one in preview.changes
        if one.action in _WRITTEN and (one.action != "update" or _concerns_cluster(one.properties))
    }
    if not actions:
        return Verdicts({}, {})
    settings = config.parse(workspace.config(fabric), fabric)
    desired = load.load_desired(settings.git, cache_folder()).desired
    blocked = {}
    for ref in desired.manifests:
        parent = next((one for one in desired.references[ref] if actions.get(one) in {"created", "replaced"}), None)
        if ref in actions and parent is not None:
            blocked[str(ref)] = f"blocked by {parent}, {actions[parent]} in this sync"
    asked = [ref for ref in desired.manifests if ref in actions and str(ref) not in blocked]
    going = set(preview.hand_over.first) if preview.hand_over else set()
    return _asked(Cluster(settings.cluster), fabric, desired, asked, actions, blocked, going)


def _asked(
    cluster: Cluster,
    fabric: str,
    desired: DesiredState,
    asked: list[ObjectRef],
    actions: Mapping[ObjectRef, str],
    blocked: dict[str, str],
    going: set[str],
) -> Verdicts:
    refused: dict[str, str] = {}
    note = ""

    def answer(ref: ObjectRef) -> TargetError | None:
        manifest = sections.manifest_of(sections.inputs_for(fabric, desired.manifests[ref])["cluster"])
        try:
            live = cluster.get(ref)
            if live is None:
                cluster.create(manifest, dry_run=True)
            else:
                cluster.replace(manifest, live, dry_run=True)
        except TargetError as error:
            return error
        return None

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        for ref, error in zip(asked, pool.map(answer, asked), strict=True):
            if error is None:
                continue
            moving = next((one for one in desired.references[ref] if one in actions), None)
            if isinstance(error, Forbidden):
                note = f"not tried on the cluster, which takes a dry run only from who may write: {error}"
            elif moving is not None:
                blocked[str(ref)] = f"blocked by {moving}, {actions[moving]} in this sync"
            elif going and isinstance(error, (Rejected, Conflict)):
                blocked[str(ref)] = "blocked by what the hand-over deletes first"
            elif isinstance(error, (Rejected, Conflict)):
                refused[str(ref)] = f"refused by the server: {error}"
            else:
                note = f"not tried on the cluster: {error}"
    return Verdicts(blocked, refused, note)


def _concerns_cluster(properties: Iterable[FieldChange]) -> bool:
    return any(one.path[0] == "cluster" for one in properties)


def told(workspace: Workspace, fabric: str, preview: OperationResult) -> OperationResult:
    """The preview with a word about each change that waits or would be refused; a refusal makes it fail."""
    try:
        verdicts = ask(workspace, fabric, preview)
    except HhsyncError as error:
        return replace(preview, warnings=(*preview.warnings, f"not tried on the cluster: {error}"))
    changes = tuple(
        replace(one, note=verdicts.blocked.get(one.ref) or verdicts.refused.get(one.ref, "")) for one in preview.changes
    )
    errors = tuple(f"{ref}: {text}" for ref, text in sorted(verdicts.refused.items()))
    warnings = (*preview.warnings, verdicts.note) if verdicts.note else preview.warnings
    return replace(preview, changes=changes, errors=(*preview.errors, *errors), warnings=warnings)
