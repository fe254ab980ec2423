"""The drift report of a fabric: gathers desired (Git), recorded (the state) and observed (the servers) side by side.

No engine runs. The join is `providers.core.drift`, and what a live object means is decided by the provider's own functions,
so that the report agrees with a preview. Nothing is written; a dry run is asked only for objects that differ.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from automation.drafts import Drafts, drafts
from automation.engine.state import Recorded
from automation.engine.state import read as read_state
from automation.lag import Lag, lag
from automation.progress import Progress, silent, ticking
from program import load
from program.config import cache_folder
from providers import adopting, writing
from providers.core import drift as core
from providers.core import fabric_record, ownership, sections
from providers.core.identity import FABRIC_LABEL, KINDS, Kind, ObjectRef
from providers.core.waiting import waiting
from providers.errors import TargetError
from providers.session import Session
from providers.settings import GitSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from automation.engine.workspace import Workspace
    from program.load import Loaded

log = logging.getLogger("hhsync.drift")

_AT_ONCE = 12
#: Requests in flight: one LIST a kind and server, then the dry runs of what differs.

_REF_SLASHES = 4
#: A record's ref is fabric/group/kind/namespace/name.

Seen = dict[ObjectRef, Any]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The three sides of a fabric, joined by CR. `own` are the fields of the fabric's own record, `record` what they mean."""

    session: Session
    loaded: Loaded
    state: Recorded
    facts: tuple[core.Facts, ...]
    record: core.FabricRecord | None
    own: Mapping[str, Any] | core.Unread | None
    seconds: float
    notes: tuple[str, ...] = ()

    def report(self) -> core.DriftReport:
        """How the fabric stands."""
        loaded = self.loaded
        return core.report(
            self.session.fabric,
            (one for one in self.facts if not one.draft),
            notes=sorted({*self.notes, *(one.note for one in self.facts if one.note)}),
            source=core.Source(loaded.url, loaded.branch, loaded.folder, loaded.commit),
            record=self.record,
            generated_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        )


def drift(workspace: Workspace, fabric: str, progress: Progress | None = None) -> tuple[core.DriftReport, float]:
    """The report and how many seconds it took.

    A server that cannot be read makes its CRs `unknown`; Git or the state that cannot be read is an error.

    Raises:
        GitError: the repository, branch or folder cannot be read.
        ValidationFailed: documents cannot be read or validated.
        EngineError: there is no such stack, or its state cannot be read.
    """
    started = time.monotonic()
    report = gather(workspace, fabric, progress, with_lag=True).report()
    seconds = time.monotonic() - started
    log.info("drift of %s: %s in %.1f s", fabric, {state.value: n for state, n in report.counts.items()}, seconds)
    return report, seconds


def gather(
    workspace: Workspace,
    fabric: str,
    progress: Progress | None = None,
    *,
    with_lag: bool = False,
    with_drafts: bool = False,
) -> Gathered:
    """Read Git, the state and both servers side by side, and join them.

    `with_lag` looks at the switches, too, and `with_drafts` for CRs that are only in raw/ or on an edit branch.

    Raises:
        HhsyncError: as `drift`.
    """
    shown, started = progress or silent(), time.monotonic()
    config = workspace.config(fabric)
    session, git = Session(config, fabric), GitSettings.from_config(config)
    shown.update("reading Git, the state and the servers")
    with ticking(shown), ThreadPoolExecutor(max_workers=2 * _AT_ONCE) as pool:
        desired = pool.submit(load.load_desired, git, cache_folder(), across=False)
        state = pool.submit(read_state, workspace, fabric)
        live = {kind.name: pool.submit(_read, partial(_objects, session), kind) for kind in KINDS.values()}
        switches = pool.submit(lag, session.cluster.agents) if with_lag else None
        own = _own_record(session)
        records = {kind.name: pool.submit(_records_of, session, own, kind) for kind in KINDS.values()}
        loaded, recorded = desired.result(), state.result()
        only = drafts(git, cache_folder(), loaded) if with_drafts else Drafts()
        shown.update(f"comparing {len(loaded.desired.manifests)} CRs")
        facts = joined(
            fabric,
            loaded,
            recorded.crs,
            {name: future.result() for name, future in live.items()},
            {name: future.result() for name, future in records.items()},
            only,
        )
        asking = [one for one in facts if _asks(one)]
        answered = {one.ref: one for one in pool.map(partial(_completed, session), asking)}
        facts = [answered.get(one.ref, one) for one in facts]
    wish = {"git_repository": git.url, "git_branch": git.branch, "git_path": git.path}
    record = fabric_record.classify(recorded.fabric, wish, own)
    seen = switches.result() if switches else Lag()
    notes = tuple(text for text in (*only.notes, seen.note, _refused(loaded)) if text)
    late = _late(loaded, facts, seen)
    return Gathered(session, loaded, recorded, late, record, own, time.monotonic() - started, notes)


def _refused(loaded: Loaded) -> str:
    count = len(loaded.errors)
    return f"a sync refuses what is in Git: {count} error{'s' * (count > 1)}; see: hhsync check" if count else ""


def _late(loaded: Loaded, facts: list[core.Facts], seen: Lag) -> tuple[core.Facts, ...]:
    """The facts, with what else a CR waits for: switches that have not taken it up, or a CR whose last apply failed."""
    specs = {ref: one.spec for ref, one in loaded.desired.manifests.items()}
    lags = seen.reasons(specs, [one.ref for one in facts if one.desired is not None and one.outputs is not None])
    waits = waiting(facts, loaded.desired.references)
    return tuple(
        replace(one, lags=lags.get(one.ref, ""), waits=waits.get(one.ref, ""))
        if one.ref in lags or one.ref in waits
        else one
        for one in facts
    )


def _own_record(session: Session) -> Mapping[str, Any] | core.Unread | None:
    """The fields of the fabric's own record; asked first, since the other lists need its id."""
    try:
        found = session.netbox.fabric(session.fabric)
    except TargetError as error:
        return core.Unread(str(error))
    return None if found is None else found.fields


def _records_of(session: Session, own: Mapping[str, Any] | core.Unread | None, kind: Kind) -> Seen | core.Unread:
    """The fabric's records of one kind; without a fabric there are none, and without NetBox nobody knows."""
    if isinstance(own, core.Unread):
        return own
    return {} if own is None else _read(partial(_records, session), kind)


def _read(read: Callable[[Kind], Mapping[ObjectRef, Any]], kind: Kind) -> Seen | core.Unread:
    """One kind on one server, or why it could not be read."""
    try:
        return dict(read(kind))
    except TargetError as error:
        return core.Unread(str(error))


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
    """The fabric's records of one kind by CR; a record whose `ref` is no CR's of this kind is nobody's."""
    prefix = f"{session.fabric}/{kind.group}/"
    return {
        ObjectRef.parse(key.removeprefix(prefix)): record
        for key, record in session.records.all(kind).items()
        if key.startswith(f"{prefix}{kind.name}/") and key.count("/") == _REF_SLASHES
    }


def joined(
    fabric: str,
    loaded: Loaded,
    outputs: Mapping[ObjectRef, Mapping[str, Any]],
    live: Mapping[str, Seen | core.Unread],
    records: Mapping[str, Seen | core.Unread],
    only: Drafts | None = None,
) -> list[core.Facts]:
    """Everything known of each CR that Git, the state or a server names. Objects of other fabrics are not ours to see.

    `only` are CRs that only a draft has; they count where no other place has them. `live` and `records` map a kind's name to
    its objects and records, or to why they could not be read.
    """
    ours = {
        kind: found
        if isinstance(found, core.Unread)
        else {ref: obj for ref, obj in found.items() if _visible(obj, fabric)}
        for kind, found in live.items()
    }
    known = loaded.desired.manifests.keys() | outputs.keys()
    for found in (*ours.values(), *records.values()):
        if not isinstance(found, core.Unread):
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
    live: Seen | core.Unread,
    records: Seen | core.Unread,
) -> core.Facts:
    manifest = loaded.desired.manifests.get(ref)
    record = records if isinstance(records, core.Unread) else records.get(ref)
    return core.Facts(
        ref=ref,
        desired=sections.inputs_for(fabric, manifest) if manifest else None,
        outputs=outputs.get(ref),
        live=live if isinstance(live, core.Unread) else live.get(ref),
        record=record if record is None or isinstance(record, core.Unread) else record.fields,
        origin=manifest.origin if manifest else None,
    )


def _asks(facts: core.Facts) -> bool:
    """Whether a server must be asked more about a CR than the lists say; of a fabric in sync about none."""
    if facts.outputs is None:
        return facts.desired is not None and facts.live is not None
    return facts.record is None or core.needs_reference(facts)


def _completed(session: Session, facts: core.Facts) -> core.Facts:
    """With what a server must be asked: the record that somebody moved to another fabric, a dry run's answer where the object
    differs, and what adopting an object would change.
    """
    if facts.outputs is None:
        return _adopted(session, facts)
    try:
        if facts.record is None:
            moved = session.records.get(facts.ref)
            facts = replace(facts, record=None if moved is None else moved.fields)
        reference, note = writing.reference_for(session, facts)
    except TargetError as error:
        return replace(facts, live=core.Unread(str(error)))
    return replace(facts, reference=reference, note=note)


def _adopted(session: Session, facts: core.Facts) -> core.Facts:
    if facts.desired is None or facts.live is None or isinstance(facts.live, core.Unread):
        return facts
    try:
        return replace(facts, adoption=adopting.of(session.cluster, facts.ref, facts.desired["cluster"], facts.live))
    except TargetError as error:
        return replace(facts, live=core.Unread(str(error)))
