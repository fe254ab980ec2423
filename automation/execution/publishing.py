"""The states that NetBox shows: `sync_state` and `sync_error` of the records, written after a sync where they differ.

A write publishes its own outcome (`providers.writing`); what is left is what no write tells: CRs that wait for another one,
switches that are behind, and a failure that is no longer true. Nothing is read: the context has the records as they are
after the sync. Nothing is written where they say so already.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from providers.core.drift.classify import current_state
from providers.core.drift.fabric_record import STATUS_FAILED, STATUS_PARTIAL
from providers.core.drift.facts import Facts, Unread
from providers.core.drift.states import State, failure
from providers.core.identity import KINDS
from providers.errors import HhsyncError, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from automation.context import RunContext
    from providers.core.identity import ObjectRef
    from providers.session import Session

log = logging.getLogger("hhsync.publishing")

# Writes in flight, which NetBox's target gathers into bulk requests.
_AT_ONCE = 16

_MESSAGE = "hhsync: the state after a sync"


def publish(context: RunContext) -> int:
    """Bring the records' states in line; returns how many were written.

    Raises:
        TargetError: NetBox refuses or cannot be reached.
    """
    wanted = changes(context.facts.values())
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        list(pool.map(lambda one: _write(context.session, *one), sorted(wanted.items())))
    log.info("published the state of %d CRs of %s", len(wanted), context.fabric)
    return len(wanted)


def changes(facts: Iterable[Facts]) -> dict[ObjectRef, dict[str, Any]]:
    """What to change in which records: those of CRs that Git or the state has, where a state is known and not said yet."""
    found: dict[ObjectRef, dict[str, Any]] = {}
    for one in facts:
        if not one.record or isinstance(one.record, Unread) or (one.desired is None and one.outputs is None):
            continue
        state, _ = current_state(one)
        if state is State.UNKNOWN:
            continue
        fields = {"sync_state": state.value, "sync_error": _error(one, state)}
        differing = {name: value for name, value in fields.items() if (one.record.get(name) or "") != value}
        if differing:
            found[one.ref] = differing
    return found


def _error(facts: Facts, state: State) -> str:
    """Why a CR is Pending, as its record keeps it: its own failure in the server's words, or what it waits for."""
    if state is not State.PENDING or facts.record is None or isinstance(facts.record, Unread):
        return ""
    return failure(facts.record) or facts.waits or facts.not_converged


def _write(session: Session, ref: ObjectRef, fields: Mapping[str, Any]) -> None:
    record = session.records.get(ref)
    if record is not None:
        session.records.put(ref, session.netbox.update(KINDS[ref.kind], record.id, fields, message=_MESSAGE))


def publish_after(context: RunContext) -> None:
    """Publish after a sync, whose result it must not change: what cannot be published is logged."""
    try:
        publish(context)
    except HhsyncError as error:
        log.warning("the states could not be written to NetBox: %s", error)


def record_failure(context: RunContext, error: str, *, wrote_something: bool) -> None:
    """Set the status of the fabric's record to partial (some CRs were written) or failed, with a one-line error.

    Only for a sync that a server refused; one that was refused before it began writes nothing. What cannot be written is
    logged: a second error must not hide the first.
    """
    status = STATUS_PARTIAL if wrote_something else STATUS_FAILED
    try:
        if context.session.netbox.fabric(context.fabric) is not None:
            context.session.netbox.save_fabric(context.fabric, {"status": status, "error": one_line(error)})
    except HhsyncError as second:
        log.warning("the failure could not be written to NetBox: %s", second)
