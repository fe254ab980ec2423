"""What a preview says of CRs that the engine would create and that the cluster has already: they are adopted."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from automation.results import OperationResult, ResourceChange
from program import load
from program.config import cache_folder
from providers import adopting, extra_settings
from providers.core import sections
from providers.core.adoption import Adoption, refusal
from providers.core.identity import KINDS, Kind, ObjectRef
from providers.errors import HhsyncError, NotInstalled
from providers.session import Session
from providers.settings import GitSettings, flag

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from automation.engine.workspace import Workspace

log = logging.getLogger("hhsync.adopting")


def told(workspace: Workspace, fabric: str, result: OperationResult) -> OperationResult:
    """The result of a preview with its adoptions, and with the error that a sync would end with.

    Costs nothing where no CR would be created, and a LIST of the kinds concerned where some would.
    """
    created = {ObjectRef.parse(one.ref) for one in result.changes if one.action == "create"}
    if not created:
        return result
    config = workspace.config(fabric)
    try:
        found = adoptions(Session(config, fabric), created, config)
    except HhsyncError as error:  # the preview itself stands; that this cannot be told is an error all the same
        return replace(result, errors=(*result.errors, f"which CRs would be adopted is not known: {error}"))
    by_ref = {str(one.ref): one for one in found}
    changes = tuple(_adopted(change, by_ref.get(change.ref)) for change in result.changes)
    counts = replace(
        result.counts, created=result.counts.created - len(found), adopted=result.counts.adopted + len(found)
    )
    notes = tuple(dict.fromkeys(f"{one.ref}: {one.note}" for one in found if one.note))
    refused = "" if flag(config, "takeOver") else refusal(found)
    return replace(
        result,
        changes=changes,
        counts=counts,
        warnings=(*result.warnings, *notes),
        errors=(*result.errors, refused) if refused else result.errors,
    )


def adoptions(session: Session, created: Collection[ObjectRef], config: Mapping[str, str]) -> list[Adoption]:
    """The adoptions among CRs that the state does not have.

    Raises:
        HhsyncError: the cluster or Git cannot be read.
    """
    kinds = {ref.kind for ref in created}
    live = {
        ref: obj for kind in sorted(kinds) for ref, obj in _all(session, KINDS[kind], config).items() if ref in created
    }
    if not live:
        return []
    manifests = load.load_desired(GitSettings.from_config(config), cache_folder()).desired.manifests
    there = {ref: obj for ref, obj in live.items() if ref in manifests}
    wishes = {ref: sections.inputs_for(session.fabric, manifests[ref])["cluster"] for ref in there}
    return adopting.of_all(session.cluster, wishes, there)


def _all(session: Session, kind: Kind, config: Mapping[str, str]) -> Mapping[ObjectRef, Mapping[str, Any]]:
    """The objects of a kind; none where the sync is about to install its CRD."""
    try:
        return session.live.all(kind)
    except NotInstalled:
        if extra_settings.bootstrap(config) is None:
            raise
        return {}


def _adopted(change: ResourceChange, adoption: Adoption | None) -> ResourceChange:
    if change.action != "create" or adoption is None:
        return change
    return ResourceChange(change.ref, "adopt", adoption.changes, owned=adoption.owned)
