"""`hhsync promote`: what a server has of one CR, and what the stack recorded of it → a change of Git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authoring import promotion
from authoring.changes import Change, ChangeRefused, Remove
from automation.editing import commits
from automation.engine.state import recorded as state
from providers.core.identity import FABRIC_LABEL, KINDS
from providers.core.planning import prune
from providers.errors import ConfigError, UnsafeChange
from providers.session import Session
from providers.settings import allowed_deletes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from authoring.folder import Folder
    from authoring.result import EditResult
    from automation.editing.commits import Wanted
    from automation.engine.workspace import Workspace
    from providers.core.identity import ObjectRef


def promote(
    workspace: Workspace, fabric: str, ref: ObjectRef, source: str, wanted: Wanted, allow_deletes: int | None = None
) -> EditResult:
    """Take a CR's value on a server into Git; gone there means gone from Git, under the prune rule.

    Raises:
        ChangeRefused: neither Git nor the server has it, or it is another fabric's.
        UnsafeChange: the prune rule refuses to take so much out of Git.
        TargetError: the server cannot be read.
        HhsyncError: as `write_back.change`.
    """
    if source not in promotion.TITLES:
        raise ConfigError(f'--from must be cluster or netbox, not "{source}"')
    config = workspace.config(fabric)
    session = Session(config, fabric)
    recorded = state.read(workspace, fabric).crs
    seen = _in_cluster(session, ref) if source == promotion.CLUSTER else _in_netbox(session, ref)
    allowed = allow_deletes if allow_deletes is not None else allowed_deletes(config)

    def changes(folder: Folder) -> Sequence[Change]:
        places = folder.find(ref)
        if len(places) > 1:
            raise ChangeRefused(f"{ref} is written {len(places)} times in Git; remove all but one first")
        one = promotion.change(ref, source, places[0].value if places else None, seen, recorded.get(ref))
        if isinstance(one, Remove):
            refusal = prune.refusal(recorded.keys(), recorded.keys() - {ref}, allowed)
            if refusal:
                raise UnsafeChange(refusal)
        return (one,)

    return commits.computed(workspace, fabric, "promote", changes, wanted)


def _in_cluster(session: Session, ref: ObjectRef) -> Mapping[str, Any] | None:
    live = session.live.get(ref)
    if live is None:
        return None
    metadata = live["metadata"]
    labels = metadata.get("labels") or {}
    owner = labels.get(FABRIC_LABEL, session.fabric)
    if owner != session.fabric:
        raise ChangeRefused(f"{ref} in the cluster is of the fabric {owner}, not of {session.fabric}")
    return {"spec": live.get("spec") or {}, "labels": labels, "annotations": metadata.get("annotations") or {}}


def _in_netbox(session: Session, ref: ObjectRef) -> Mapping[str, Any] | None:
    """The fields of the record with our `ref`, else of one that a person made with this name."""
    record = session.records.get(ref)
    if record is None:
        made = [
            one
            for one in session.records.all(KINDS[ref.kind]).values()
            if one.fields.get("name") == ref.name and one.fields.get("namespace") in (ref.namespace, "", None)
        ]
        record = made[0] if len(made) == 1 else None
    if record is None:
        return None
    owner = record.fields.get("fabric") or session.fabric
    if owner != session.fabric:
        raise ChangeRefused(f"the record of {ref} in NetBox is of the fabric {owner}, not of {session.fabric}")
    fields = record.fields
    return {name: fields.get(name) or {} for name in ("spec", "labels", "annotations")}
