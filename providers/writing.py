"""What the provider does on the two servers for one CR: observe, write (create or update), remove.

A write goes to the cluster first, then to NetBox, and each is skipped where nothing differs. Every step can be repeated:
a crash or a failure between the two leaves nothing that the next run does not finish.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.core import ownership, sections
from providers.core.drift.facts import Facts, Unread, needs_reference
from providers.core.drift.states import State
from providers.core.equality import same
from providers.core.identity import FABRIC_LABEL, FIELD_MANAGER, KINDS
from providers.errors import Conflict, Forbidden, Rejected, ServerFailure, TargetError, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.identity import ObjectRef
    from providers.session import Session
    from providers.targets.netbox.target import Record

log = logging.getLogger("hhsync.provider")

Outputs = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to: the new outputs, and which servers accepted a write (a server that agreed already got none)."""

    outputs: Outputs
    cluster: bool
    netbox: bool


_NOT_APPLIED = "hhsync: the apply failed"


def reference_for(session: Session, facts: Facts) -> tuple[Mapping[str, Any] | None, str]:
    """The server's answer to a dry-run PUT of our last wish, asked only where the live object differs, and a note.

    Where the dry run is refused (read-only credentials, or a webhook bug) the difference stands as it is; the note says so.
    """
    live, outputs = facts.live, facts.outputs
    if outputs is None or live is None or isinstance(live, Unread) or not needs_reference(facts):
        return None, ""
    try:
        return _replace(session, sections.manifest_of(outputs["cluster"]), live, outputs, dry_run=True), ""
    except (Forbidden, Rejected, ServerFailure, Conflict) as error:
        return None, f"compared without a dry run: {error}"


def observe(session: Session, outputs: Outputs) -> tuple[Outputs, sections.Inputs] | None:
    """The outputs (with NetBox's present id and URL) and the observed sections; None when the CR is gone everywhere."""
    ref = sections.ref_of(outputs)
    live = session.live.get(ref)
    record = session.records.get(ref)
    if live is None and record is None:
        return None
    fields = None if record is None else record.fields
    facts = Facts(ref, outputs=outputs, live=live, record=fields)
    reference, note = reference_for(session, facts)
    if note:
        log.info("%s: %s", ref, note)
    outs = dict(outputs)
    if record is not None:
        outs.update(netbox_id=record.id, netbox_url=record.url)
    return outs, sections.observed(outputs, live, fields, reference)


def write(session: Session, desired: sections.Inputs, before: Outputs) -> Written:
    """Make both servers match `wish`; `before` are the outputs of our last write, {} at the first.

    Its outputs are the sections, `applied`, uid, generation, NetBox id and URL, and a receipt that changes with
    every write that a server accepted; `adopted` where the object was there at our first write.

    Raises:
        Conflict: another fabric owns the object, or somebody else wrote at the same moment.
        TargetError: a server refused or could not be reached.
    """
    adopted = not before and session.live.get(sections.ref_of(desired)) is not None
    try:
        live, wrote_cluster = _write_cluster(session, desired, before)
    except TargetError as error:
        _publish_failure(session, sections.ref_of(desired), error)
        raise
    record, wrote_netbox = _write_netbox(session, desired, live)
    # What was written by a run that was killed before its state was saved counts as written by this one.
    moved = not before or not same(before["cluster"], desired["cluster"])
    wrote = wrote_cluster or wrote_netbox or moved
    applied = {
        "cluster": sections.applied_delta(desired["cluster"], sections.cluster_section(live, desired["cluster"])),
        "netbox": sections.applied_delta(desired["netbox"], sections.record_section(record.fields, desired["netbox"])),
    }
    outputs = {
        **{name: desired[name] for name in ("git", "cluster", "netbox")},
        "applied": {name: delta for name, delta in applied.items() if delta},
        "uid": live["metadata"]["uid"],
        "generation": live["metadata"].get("generation", 0),
        "netbox_id": record.id,
        "netbox_url": record.url,
        "receipt": uuid.uuid4().hex[:12] if wrote else before.get("receipt", ""),
        **({"adopted": True} if adopted else {}),
    }
    return Written(outputs, wrote_cluster, wrote_netbox)


def _publish_failure(session: Session, ref: ObjectRef, error: TargetError) -> None:
    """Say in the CR's record, where it has one, that the apply failed and why; a second error must not hide the first."""
    fields = {"sync_state": State.PENDING.value, "sync_error": one_line(str(error))}
    try:
        record = session.records.get(ref)
        if record is not None and any(record.fields.get(name) != value for name, value in fields.items()):
            session.records.put(ref, session.netbox.update(KINDS[ref.kind], record.id, fields, message=_NOT_APPLIED))
    except TargetError as second:
        log.warning("%s: its record does not say that the apply failed: %s", ref, second)


def _write_cluster(session: Session, desired: sections.Inputs, before: Outputs) -> tuple[Mapping[str, Any], bool]:
    """Create, replace, or leave alone. Returns the object as the server has it now, and whether we wrote."""
    ref, section = sections.ref_of(desired), desired["cluster"]
    manifest = sections.manifest_of(section)
    live = session.live.get(ref)
    if live is None:
        response = session.cluster.create(manifest)
        session.live.put(response)
        return response, True
    owner = (live["metadata"].get("labels") or {}).get(FABRIC_LABEL)
    if owner not in (None, sections.fabric_of(desired)):
        raise Conflict(
            f"{ref} in the cluster belongs to fabric {owner} (label {FABRIC_LABEL}); remove it from one of the two Git folders",
            target="cluster",
            server=session.cluster.server,
        )
    if _agrees(session, section, live, before, manifest):
        return live, False
    response = _replace(session, manifest, live, before)
    session.live.put(response)
    return response, True


def _agrees(
    session: Session, section: sections.Section, live: Mapping[str, Any], before: Outputs, manifest: dict[str, Any]
) -> bool:
    """Whether a write would change nothing: our last write still stands, or the dry run's answer is the live object."""
    if before and same(before["cluster"], section):
        recorded = sections.recorded_section(before, "cluster")
        return same(recorded, sections.cluster_section(live, section))
    if FABRIC_LABEL not in (live["metadata"].get("labels") or {}):
        return False
    response = _replace(session, manifest, live, before, dry_run=True)
    return same(_comparable(response), _comparable(live))


def _comparable(obj: Mapping[str, Any]) -> dict[str, Any]:
    metadata = obj["metadata"]
    return {"spec": obj.get("spec"), "labels": metadata.get("labels"), "annotations": metadata.get("annotations")}


def _replace(
    session: Session,
    manifest: dict[str, Any],
    live: Mapping[str, Any],
    before: Mapping[str, Any],
    *,
    dry_run: bool = False,
) -> dict[str, Any]:
    """PUT; label and annotation keys that we wrote last time and that are no longer in Git are taken away."""
    section = before.get("cluster") or {}
    return session.cluster.replace(
        manifest,
        live,
        owned_labels=set(section.get("labels") or {}),
        owned_annotations=set(section.get("annotations") or {}),
        dry_run=dry_run,
    )


def _write_netbox(session: Session, desired: sections.Inputs, live: Mapping[str, Any]) -> tuple[Record, bool]:
    """Create the record, change only the fields that differ, or leave it alone."""
    session.ensure_types()
    ref = sections.ref_of(desired)
    kind = KINDS[ref.kind]
    fields = {
        **desired["netbox"],
        "sync_state": State.SYNCED.value,
        "sync_error": "",
        "cluster_uid": live["metadata"]["uid"],
        "cluster_generation": live["metadata"].get("generation", 0),
    }
    message = f"hhsync: commit {desired['git']['commit']}"
    record = session.records.get(ref)
    if record is None:
        record = session.netbox.create(kind, fields, message=message)
        session.records.put(ref, record)
        return record, True
    differing = {name: value for name, value in fields.items() if not same(record.fields.get(name), value)}
    if not differing:
        return record, False
    record = session.netbox.update(kind, record.id, differing, message=message)
    session.records.put(ref, record)
    return record, True


def _not_ours(live: Mapping[str, Any], fabric: str, uid: str) -> str:
    """Which sign of ours an object lacks: our label, the recorded uid, our field manager; "" where it has all three.

    A server that tells no field managers at all cannot be asked for ours.
    """
    metadata, managers = live["metadata"], ownership.managers(live)
    owner = (metadata.get("labels") or {}).get(FABRIC_LABEL)
    if owner != fabric:
        return f"label {FABRIC_LABEL}={owner}"
    if metadata["uid"] != uid:
        return f"uid {metadata['uid']} instead of {uid}"
    if managers and FIELD_MANAGER not in managers:
        return f"written by {', '.join(managers)}, and not by {FIELD_MANAGER}"
    return ""


def remove(session: Session, outputs: Outputs) -> tuple[bool, bool]:
    """Delete the object and its record, if they are ours: our label, our field manager and the recorded uid.

    Returns whether the cluster, and whether NetBox, had something to delete.

    Raises:
        Conflict: the object lacks one of them; it is not deleted.
    """
    ref, fabric = sections.ref_of(outputs), sections.fabric_of(outputs)
    live = session.live.get(ref)
    if live is not None:
        found = _not_ours(live, fabric, outputs["uid"])
        if found:
            raise Conflict(
                f"{ref} in the cluster is not the object that we made ({found}), so it was not deleted; run hhsync sync with "
                f"the CR still in Git to take it over, or delete it by hand",
                target="cluster",
                server=session.cluster.server,
            )
        uid = live["metadata"]["uid"]
        session.cluster.delete(ref, uid)
        session.live.drop(ref)
    record = session.records.get(ref)
    if record is not None:
        session.netbox.delete(KINDS[ref.kind], record.id)
        session.records.drop(ref)
    return live is not None, record is not None
