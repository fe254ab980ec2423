"""The three sides of each CR, joined: what Git, the state and the servers say of it, and what else a server is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from providers import adoption_dry_run, writing
from providers.core import ownership, sections
from providers.core.drift.facts import Facts, Unread, needs_reference
from providers.core.identity import FABRIC_LABEL, KINDS, Kind, ObjectRef
from providers.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Executor, Future

    from automation.drafts import Drafts
    from gitops.load import Loaded
    from providers.session import Session

# A record's ref is fabric/group/kind/namespace/name.
_REF_SLASHES = 4

Seen = dict[ObjectRef, Any]
type Lists = Mapping[str, Seen | Unread]


def now() -> str:
    """The time in UTC, as RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def lists(pool: Executor, session: Session) -> dict[str, Future[Seen | Unread]]:
    """The LISTs of the cluster, by kind, each under way in the pool."""
    return {kind.name: pool.submit(_read, partial(_objects, session), kind) for kind in KINDS.values()}


def records(
    pool: Executor, session: Session
) -> tuple[Mapping[str, Any] | Unread | None, dict[str, Future[Seen | Unread]]]:
    """The fields of the fabric's own record, and the LISTs of its CRs' records, which need that record's id."""
    own = _own_record(session)
    return own, {kind.name: pool.submit(_records_of, session, own, kind) for kind in KINDS.values()}


def results(lists: Mapping[str, Future[Seen | Unread]]) -> dict[str, Seen | Unread]:
    """What the LISTs answered."""
    return {name: future.result() for name, future in lists.items()}


def _own_record(session: Session) -> Mapping[str, Any] | Unread | None:
    try:
        found = session.netbox.fabric(session.fabric)
    except TargetError as error:
        return Unread(str(error))
    return None if found is None else found.fields


def _records_of(session: Session, own: Mapping[str, Any] | Unread | None, kind: Kind) -> Seen | Unread:
    """The fabric's records of one kind; without a fabric there are none, and without NetBox it is unknown."""
    if isinstance(own, Unread):
        return own
    return {} if own is None else _read(partial(_records, session), kind)


def _read(read: Callable[[Kind], Mapping[ObjectRef, Any]], kind: Kind) -> Seen | Unread:
    """One kind on one server, or why it could not be read."""
    try:
        return dict(read(kind))
    except TargetError as error:
        return Unread(str(error))


def _objects(session: Session, kind: Kind) -> Seen:
    """The objects of one kind. Of ours only the names of their managers are kept: who owns which field is a third of an
    object's memory, and is asked only when an object of somebody else is adopted.
    """
    found = session.live.all(kind)
    for obj in found.values():
        metadata = obj["metadata"]
        if FABRIC_LABEL in (metadata.get("labels") or {}) and metadata.get("managedFields"):
            metadata["managedFields"] = [{"manager": name} for name in ownership.managers(obj)]
    return found


def _records(session: Session, kind: Kind) -> Seen:
    """The fabric's records of one kind by CR; a record whose `ref` is no CR's of this kind is left out."""
    prefix = f"{session.fabric}/{kind.group}/"
    return {
        ObjectRef.parse(key.removeprefix(prefix)): record.fields
        for key, record in session.records.all(kind).items()
        if key.startswith(f"{prefix}{kind.name}/") and key.count("/") == _REF_SLASHES
    }


def joined(
    fabric: str,
    loaded: Loaded,
    outputs: Mapping[ObjectRef, Mapping[str, Any]],
    live: Lists,
    records: Lists,
    only: Drafts | None = None,
) -> list[Facts]:
    """Everything known of each CR that Git, the state or a server names. Objects of other fabrics are not ours to see.

    `only` are CRs that only a draft has; they count where no other place has them. `live` and `records` map a kind's name to
    its objects and records, or to why they could not be read.
    """
    ours = {
        kind: found if isinstance(found, Unread) else {ref: obj for ref, obj in found.items() if _visible(obj, fabric)}
        for kind, found in live.items()
    }
    known = loaded.desired.manifests.keys() | outputs.keys()
    for found in (*ours.values(), *records.values()):
        if not isinstance(found, Unread):
            known |= found.keys()
    found = {ref: _facts(fabric, ref, loaded, outputs, live[ref.kind], records[ref.kind]) for ref in known}
    for ref, (place, origin) in (only.places if only else {}).items():
        if ref not in found:
            draft = _facts(fabric, ref, loaded, outputs, ours[ref.kind], records[ref.kind])
            found[ref] = replace(draft, draft=place, origin=origin)
    return [found[ref] for ref in sorted(found)]


def _visible(obj: Mapping[str, Any], fabric: str) -> bool:
    return bool((obj["metadata"].get("labels") or {}).get(FABRIC_LABEL, fabric) == fabric)


def _facts(
    fabric: str,
    ref: ObjectRef,
    loaded: Loaded,
    outputs: Mapping[ObjectRef, Mapping[str, Any]],
    live: Seen | Unread,
    records: Seen | Unread,
) -> Facts:
    manifest = loaded.desired.manifests.get(ref)
    return Facts(
        ref=ref,
        desired=sections.inputs_for(fabric, manifest) if manifest else None,
        outputs=outputs.get(ref),
        live=live if isinstance(live, Unread) else live.get(ref),
        record=records if isinstance(records, Unread) else records.get(ref),
        origin=manifest.origin if manifest else None,
    )


def facts_of(session: Session, ref: ObjectRef, loaded: Loaded, outputs: Mapping[ObjectRef, Mapping[str, Any]]) -> Facts:
    """The facts of one CR as the session has them now, our own writes included."""
    record = session.records.get(ref)
    live = {ref: session.live.get(ref)}
    return _facts(session.fabric, ref, loaded, outputs, live, {ref: None if record is None else record.fields})


def completed(pool: Executor, session: Session, facts: Iterable[Facts]) -> list[Facts]:
    """The facts with what a server must be asked: the record that somebody moved to another fabric, a dry run's answer where
    an object differs, and what adopting an object would change. Of a fabric in sync nothing is asked.
    """
    every = list(facts)
    asking = [one for one in every if _asks(one)]
    answered = {one.ref: one for one in pool.map(partial(_completed, session), asking)}
    return [answered.get(one.ref, one) for one in every]


def _asks(facts: Facts) -> bool:
    """Whether a server must be asked more about a CR than the lists say."""
    if facts.outputs is None:
        return facts.desired is not None and facts.live is not None
    return facts.record is None or needs_reference(facts)


def _completed(session: Session, facts: Facts) -> Facts:
    if facts.outputs is None:
        return _adopted(session, facts)
    try:
        if facts.record is None:
            moved = session.records.get(facts.ref)
            facts = replace(facts, record=None if moved is None else moved.fields)
        reference, note = writing.reference_for(session, facts)
    except TargetError as error:
        return replace(facts, live=Unread(str(error)))
    return replace(facts, reference=reference, note=note)


def _adopted(session: Session, facts: Facts) -> Facts:
    if facts.desired is None or facts.live is None or isinstance(facts.live, Unread):
        return facts
    try:
        return replace(
            facts, adoption=adoption_dry_run.of(session.cluster, facts.ref, facts.desired["cluster"], facts.live)
        )
    except TargetError as error:
        return replace(facts, live=Unread(str(error)))
