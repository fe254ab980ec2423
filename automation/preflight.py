"""What the cluster would say to the changes of a preview: a dry run of each, or what it must wait for (design §6).

Dry runs do not add up: an attachment cannot be tried before its VPC is there. A CR whose parent is made in the same sync is
"blocked by" it and not asked about, as one that takes what another still holds; one that is refused, and whose parent changes,
may be refused for that alone. One LIST per kind, and a dry run for each CR that is asked about.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from program import config, load
from program.config import cache_folder
from program.guard import label_of
from providers.core import handover, sections
from providers.core.identity import KINDS, ObjectRef
from providers.errors import Conflict, Forbidden, HhsyncError, Rejected, TargetError
from providers.targets.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from automation.engine.workspace import Workspace
    from automation.results import OperationResult
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
    cluster = Cluster(settings.cluster)
    live = {ref: obj for kind in KINDS.values() for ref, obj in cluster.list(kind).items()}
    blocked = {ref: text for ref, text in _waiting(fabric, desired, live).items() if ref in actions}
    for ref in desired.manifests:
        parent = next((one for one in desired.references[ref] if actions.get(one) in {"created", "replaced"}), None)
        if ref in actions and parent is not None:
            blocked.setdefault(ref, f"blocked by {parent}, {actions[parent]} in this sync")
    asked = [ref for ref in desired.manifests if ref in actions and ref not in blocked]
    wishes = {
        ref: sections.manifest_of(sections.inputs_for(fabric, desired.manifests[ref])["cluster"]) for ref in asked
    }
    refused: dict[str, str] = {}
    note = ""
    for ref, error in _answers(cluster, wishes, live).items():
        moving = next((one for one in desired.references[ref] if actions.get(one, "adopted") != "adopted"), None)
        if isinstance(error, Forbidden):
            note = f"not tried on the cluster, which takes a dry run only from who may write: {error}"
        elif moving is not None:
            blocked[ref] = f"blocked by {moving}, {actions[moving]} in this sync"
        elif isinstance(error, (Rejected, Conflict)):
            refused[str(ref)] = f"refused by the server: {error}"
        else:
            note = f"not tried on the cluster: {error}"
    return Verdicts({str(ref): text for ref, text in blocked.items()}, refused, note)


def _waiting(fabric: str, desired: DesiredState, live: Mapping[ObjectRef, Mapping[str, Any]]) -> dict[ObjectRef, str]:
    """What takes something that another CR still holds, and what a hand-over deletes and makes again."""
    managed = {ref: obj.get("spec") or {} for ref, obj in live.items() if label_of(obj) == fabric}
    plan = handover.plan({ref: one.spec for ref, one in desired.manifests.items()}, managed, desired.references)
    waiting = {ref: f"blocked by {holders[0]}, changed in this sync" for ref, holders in plan.order.items()}
    waiting |= {one.taker: f"blocked by {one.holder}, deleted first in this sync" for one in plan.because}
    return waiting | dict.fromkeys(plan.detour, "deleted first in this sync, and made again")


def _answers(
    cluster: Cluster, wishes: Mapping[ObjectRef, dict[str, Any]], live: Mapping[ObjectRef, Mapping[str, Any]]
) -> dict[ObjectRef, TargetError]:
    """What the server has against each CR; a CR that it would take is not among them."""

    def answer(ref: ObjectRef) -> TargetError | None:
        try:
            if ref in live:
                cluster.replace(wishes[ref], live[ref], dry_run=True)
            else:
                cluster.create(wishes[ref], dry_run=True)
        except TargetError as error:
            return error
        return None

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        answers = zip(wishes, pool.map(answer, wishes), strict=True)
        return {ref: error for ref, error in answers if error is not None}


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
