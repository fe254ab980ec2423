"""How the fabric's own record in NetBox stands: what the state says we wrote, against what NetBox has. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from providers.core.drift.difference import Difference
from providers.core.drift.facts import Unread
from providers.core.drift.report import FabricRecord
from providers.core.drift.states import State
from providers.core.equality import MISSING, same

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS_SUCCESS, STATUS_PARTIAL, STATUS_FAILED = "success", "partial", "failed"

# Written by a sync that failed; the state has the last one that did not.
_OUTCOME = frozenset({"status", "error"})

UNFINISHED = frozenset({STATUS_FAILED, STATUS_PARTIAL})


def classify(
    recorded: Mapping[str, Any] | None, desired: Mapping[str, Any], live: Mapping[str, Any] | Unread | None
) -> FabricRecord | None:
    """The state of the fabric's record; None where no sync has made one yet.

    Args:
        recorded: the fields that our last sync wrote.
        desired: those that stack config decides (repository, branch, path); others follow from the CRs.
        live: the record's fields now.
    """
    if isinstance(live, Unread):
        return FabricRecord(State.UNKNOWN, reason=live.reason)
    if recorded is None:
        return None
    if live is None:
        return FabricRecord(State.DRIFTED, reason="missing from NetBox; the next sync makes it again")
    wanted = {**recorded, **{name: value for name, value in desired.items() if name in recorded}}
    found = tuple(
        Difference(("record", name), wanted[name], recorded[name], netbox=live.get(name, MISSING))
        for name in sorted(wanted)
        if not same(wanted[name], live.get(name))
    )
    if not found:
        return FabricRecord(State.SYNCED)
    names = {difference.path[1] for difference in found}
    if names <= _OUTCOME and live.get("status") in UNFINISHED:
        return FabricRecord(
            State.PENDING, found, f"the last sync did not finish: {live.get('error') or 'no reason given'}"
        )
    pending = any(not same(difference.git, difference.recorded) for difference in found)
    return FabricRecord(State.PENDING if pending else State.DRIFTED, found)
