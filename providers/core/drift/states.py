"""The six states of a CR: from facts to a state with its reason, first match wins. Pure; the only place that decides.

The report says more (what is missing where, each property), and its states follow from these.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(enum.StrEnum):
    """How a CR stands; the value is what reports print and what its record's `sync_state` has."""

    DRAFT = "Draft"
    ORPHANED = "Orphaned"
    COMMITTED = "Committed"
    PENDING = "Pending"
    DRIFTED = "Drifted"
    SYNCED = "Synced"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class StateFacts:
    """What decides. Texts are reasons, and "" says that it is not so.

    `draft`: where the CR exists besides Git's tracked revision ("raw/", "branch hhsync/x"). `present`: the servers that have
    it ("cluster", "netbox"). `newer`: Git's content is not what was applied last, attribution aside. `waits`: why an apply
    failed or what it waits for. `lags`: who has not taken up what was applied. `differs`: a server has something else than
    what was applied. `unread`: why a server could not be read.
    """

    draft: str = ""
    in_git: bool = False
    applied: bool = False
    present: tuple[str, ...] = ()
    newer: bool = False
    waits: str = ""
    not_converged: str = ""
    differs: bool = False
    unread: str = ""


# How the reason of a CR begins that a switch has not taken up, or that waits for another: it did not fail itself.
NOT_TAKEN_UP, WAITS = "not taken up yet", "waits for"

_SERVERS = {"cluster": "the cluster", "netbox": "NetBox"}


def state_of(facts: StateFacts) -> tuple[State, str]:
    """The state and, where it is not Synced, the reason in words. A server that could not be read gives no state."""
    if facts.unread:
        return State.UNKNOWN, facts.unread
    if facts.draft and not (facts.in_git or facts.applied or facts.present):
        return State.DRAFT, f"only in {facts.draft}"
    if not facts.in_git:
        return State.ORPHANED, _orphaned(facts)
    if not facts.applied:
        return State.COMMITTED, f"in Git, never applied: {facts.waits}" if facts.waits else "in Git, never applied"
    if facts.newer:
        return State.PENDING, f"Git has newer content: {facts.waits or 'not applied yet'}"
    if facts.waits or facts.not_converged:
        return State.PENDING, facts.waits or facts.not_converged
    gone = [server for server in _SERVERS if server not in facts.present]
    if gone:
        return State.DRIFTED, f"missing from {' and '.join(_SERVERS[server] for server in gone)}"
    if facts.differs:
        return State.DRIFTED, "a server has something else than what was applied"
    return State.SYNCED, ""


def failure(record: Mapping[str, Any]) -> str:
    """Why the last apply failed, as a NetBox record's fields tell; "" where it did not."""
    reported = str(record.get("sync_error") or "") if record.get("sync_state") == State.PENDING.value else ""
    return "" if reported.startswith((NOT_TAKEN_UP, WAITS)) else reported


def _orphaned(facts: StateFacts) -> str:
    places = [words for server, words in _SERVERS.items() if server in facts.present]
    where = f"in {' and '.join(places)}" if places else "on no server"
    owner = "managed: the next sync deletes it" if facts.applied else "unmanaged: left alone"
    return f"not in Git; {where}; {owner}"
