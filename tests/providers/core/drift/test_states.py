"""The six states: first match wins, whatever else is true."""

# ruff: noqa: E501 (a case is a row)
from __future__ import annotations

import itertools

import pytest

from providers.core.drift.states import State, StateFacts, state_of

BOTH = ("cluster", "netbox")
GOOD = {"in_git": True, "applied": True, "present": BOTH}


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        ({"draft": "raw/"}, "Draft", "only in raw/"),
        ({"draft": "branch hhsync/x"}, "Draft", "only in branch hhsync/x"),
        ({"draft": "raw/", "in_git": True}, "Committed", "in Git, never applied"),
        ({"draft": "branch hhsync/x", **GOOD}, "Synced", ""),
        ({"draft": "raw/", "present": ("cluster",)}, "Orphaned", "not in Git; in the cluster; unmanaged: left alone"),
        ({"present": BOTH, "applied": True}, "Orphaned", "not in Git; in the cluster and NetBox; managed: the next sync deletes it"),
        ({"applied": True}, "Orphaned", "not in Git; on no server; managed: the next sync deletes it"),
        ({"in_git": True}, "Committed", "in Git, never applied"),
        ({"in_git": True, "present": BOTH}, "Committed", "in Git, never applied"),
        ({"in_git": True, "waits": "refused"}, "Committed", "in Git, never applied: refused"),
        ({**GOOD, "newer": True}, "Pending", "Git has newer content: not applied yet"),
        ({**GOOD, "newer": True, "waits": "refused: x"}, "Pending", "Git has newer content: refused: x"),
        ({**GOOD, "newer": True, "differs": True}, "Pending", "Git has newer content: not applied yet"),
        ({**GOOD, "newer": True, "present": ()}, "Pending", "Git has newer content: not applied yet"),
        ({**GOOD, "not_converged": "leaf-01 lags"}, "Pending", "leaf-01 lags"),
        ({**GOOD, "waits": "waits for VPC/default/a"}, "Pending", "waits for VPC/default/a"),
        ({**GOOD, "differs": True}, "Drifted", "a server has something else than what was applied"),
        ({**GOOD, "present": ("netbox",)}, "Drifted", "missing from the cluster"),
        ({**GOOD, "present": ("cluster",)}, "Drifted", "missing from NetBox"),
        ({**GOOD, "present": ()}, "Drifted", "missing from the cluster and NetBox"),
        (GOOD, "Synced", ""),
        ({**GOOD, "unread": "no answer"}, "Unknown", "no answer"),
        ({"draft": "raw/", "unread": "no answer"}, "Unknown", "no answer"),
    ],
)  # fmt: skip
def test_state_and_reason(given, state, reason):
    assert state_of(StateFacts(**given)) == (State(state), reason)


def test_every_set_of_facts_has_one_state_and_only_synced_has_no_reason():
    texts, flags = ("", "x"), (False, True)
    every = itertools.product(texts, flags, flags, ((), ("cluster",), BOTH), flags, texts, texts, flags, texts)
    seen = set()
    for values in every:
        state, reason = state_of(StateFacts(*values))
        seen.add(state)
        assert bool(reason) != (state is State.SYNCED)
    assert seen == set(State)
