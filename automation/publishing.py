"""The states that NetBox shows: `sync_state` and `sync_error` of the records, written after a sync where they differ.

A write publishes its own outcome (`providers.writing`); what is left is what no write tells: CRs that wait for another one,
switches that lag, and a failure that is no longer true. Nothing is written where the records say so already.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from automation.drift import gather
from providers.core.drift import Facts, Unread, standing
from providers.core.identity import KINDS
from providers.core.state import CRState, failure
from providers.errors import HhsyncError
from providers.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from automation.engine.workspace import Workspace
    from providers.core.identity import Kind, ObjectRef

log = logging.getLogger("hhsync.publishing")

_AT_ONCE = 16
#: Writes in flight, which NetBox's target gathers into bulk requests.

_MESSAGE = "hhsync: the state after a sync"


def publish(workspace: Workspace, fabric: str, *, settled: bool, with_lag: bool = False) -> int:
    """Bring the records' states in line; returns how many were written.

    `settled` says that the sync did all it had to: then only records that still say Pending can be wrong, and without such
    a record nothing else is read. `with_lag` counts switches that lag, which only who waited for them wants to publish.

    Raises:
        HhsyncError: Git, the state or NetBox cannot be read, or NetBox refuses.
    """
    if settled and not _any_pending(Session(workspace.config(fabric), fabric)):
        return 0
    gathered = gather(workspace, fabric, with_lag=with_lag)
    wanted = changes(gathered.facts)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        list(pool.map(lambda one: _write(gathered.session, *one), sorted(wanted.items())))
    log.info("published the state of %d CRs of %s", len(wanted), fabric)
    return len(wanted)


def changes(facts: Iterable[Facts]) -> dict[ObjectRef, dict[str, Any]]:
    """What to change in which records: those of CRs that Git or the state has, where a state is known and not said yet."""
    found: dict[ObjectRef, dict[str, Any]] = {}
    for one in facts:
        if not one.record or isinstance(one.record, Unread) or (one.desired is None and one.outputs is None):
            continue
        state, _ = standing(one)
        if state is CRState.UNKNOWN:
            continue
        fields = {"sync_state": state.value, "sync_error": _error(one, state)}
        differing = {name: value for name, value in fields.items() if (one.record.get(name) or "") != value}
        if differing:
            found[one.ref] = differing
    return found


def _error(facts: Facts, state: CRState) -> str:
    """Why a CR is Pending, as its record keeps it: its own failure in the server's words, or what it waits for."""
    if state is not CRState.PENDING or facts.record is None or isinstance(facts.record, Unread):
        return ""
    return failure(facts.record) or facts.waits or facts.lags


def _any_pending(session: Session) -> bool:
    def pending(kind: Kind) -> bool:
        return session.netbox.any_with(kind, session.fabric, "sync_state", CRState.PENDING.value)

    with ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
        return any(pool.map(pending, KINDS.values()))


def _write(session: Session, ref: ObjectRef, fields: Mapping[str, Any]) -> None:
    record = session.records.get(ref)
    if record is not None:
        session.records.put(ref, session.netbox.update(KINDS[ref.kind], record.id, fields, message=_MESSAGE))


def publish_after(workspace: Workspace, fabric: str, *, settled: bool, with_lag: bool = False) -> None:
    """The same after a sync, whose result it must not change: what cannot be published is logged."""
    try:
        publish(workspace, fabric, settled=settled, with_lag=with_lag)
    except HhsyncError as error:
        log.warning("the states could not be written to NetBox: %s", error)
