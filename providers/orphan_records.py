"""CRs that are in the cluster and not in Git: recorded in NetBox as "Not from Git", and deleted when a person names them.

Unmanaged ones only. What the state has is the engine's to prune.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from providers.core.drift.states import State
from providers.core.equality import integral, same
from providers.core.identity import KINDS, ObjectRef
from providers.core.sections import NOT_FROM_GIT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from providers.session import Session

# Writes in flight, which NetBox's target gathers into bulk requests.
_AT_ONCE = 16

# The whole object once more; it says nothing about the CR.
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_MESSAGE = "hhsync: a CR that is not in Git"


def fields_of(fabric: str, ref: ObjectRef, live: Mapping[str, Any]) -> dict[str, Any]:
    """The record of an object that Git does not name."""
    metadata = live["metadata"]
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != _LAST_APPLIED}
    return {
        "ref": ref.record_ref(fabric),
        "name": ref.name,
        "fabric": fabric,
        "namespace": ref.namespace,
        "spec": integral(live.get("spec") or {}),
        "labels": dict(metadata.get("labels") or {}),
        "annotations": annotations,
        "git_file_path": "",
        "git_commit": "",
        "git_author": "",
        "git_last_modified": "",
        "git_status": NOT_FROM_GIT,
        "sync_state": State.ORPHANED.value,
        "sync_error": "",
        "cluster_uid": metadata["uid"],
        "cluster_generation": metadata.get("generation", 0),
    }


def record(session: Session, orphans: Mapping[ObjectRef, Mapping[str, Any]], gone: Collection[ObjectRef]) -> int:
    """Bring NetBox's records of unmanaged CRs in line with the cluster; returns how many were written.

    `orphans` are the live objects; `gone` are CRs whose record says "Not from Git" and that the cluster no longer has.

    Raises:
        TargetError: NetBox refused or could not be reached.
    """
    session.ensure_types()
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        written = list(pool.map(lambda ref: _record(session, ref, orphans[ref]), sorted(orphans)))
        dropped = list(pool.map(lambda ref: _drop(session, ref), sorted(gone)))
    return sum(written) + sum(dropped)


def _record(session: Session, ref: ObjectRef, live: Mapping[str, Any]) -> bool:
    fields, kind = fields_of(session.fabric, ref, live), KINDS[ref.kind]
    there = session.records.get(ref)
    if there is None:
        session.records.put(ref, session.netbox.create(kind, fields, message=_MESSAGE))
        return True
    differing = {name: value for name, value in fields.items() if not same(there.fields.get(name), value)}
    if differing:
        session.records.put(ref, session.netbox.update(kind, there.id, differing, message=_MESSAGE))
    return bool(differing)


def _drop(session: Session, ref: ObjectRef) -> bool:
    there = session.records.get(ref)
    if there is None or there.fields.get("git_status") != NOT_FROM_GIT:
        return False
    session.netbox.delete(KINDS[ref.kind], there.id, message=_MESSAGE)
    session.records.drop(ref)
    return True


def forget_all(session: Session) -> None:
    """Delete every record that says "Not from Git": a fabric's own record cannot go while another refers to it.

    Raises:
        TargetError: NetBox refused or could not be reached.
    """
    for kind in KINDS.values():
        for there in session.records.all(kind).values():
            if there.fields.get("git_status") == NOT_FROM_GIT:
                session.netbox.delete(kind, there.id, message=_MESSAGE)


def remove(session: Session, ref: ObjectRef, live: Mapping[str, Any] | None) -> None:
    """Delete one CR from the cluster, if it still is the object that was looked at, and its record.

    Raises:
        Conflict: the name belongs to another object by now.
        TargetError: a server refused or could not be reached.
    """
    if live is not None:
        session.cluster.delete(ref, live["metadata"]["uid"])
        session.live.drop(ref)
    there = session.records.get(ref)
    if there is not None:
        session.netbox.delete(KINDS[ref.kind], there.id, message=_MESSAGE)
        session.records.drop(ref)
