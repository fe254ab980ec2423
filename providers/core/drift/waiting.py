"""Which CRs wait for one whose last apply failed: what names it, and what names that. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from providers.core.drift.classify import current_state
from providers.core.drift.facts import Facts, Unread
from providers.core.drift.states import WAITS, State, failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from providers.core.identity import ObjectRef


def waiting(facts: Iterable[Facts], references: Mapping[ObjectRef, Sequence[ObjectRef]]) -> dict[ObjectRef, str]:
    """For what each CR waits, in words; `references` are the CRs that each one names.

    Whether a CR has anything to wait with is not asked here: one that is as it was applied does not.
    """
    failed = sorted(one.ref for one in facts if _failed(one))
    if not failed:
        return {}
    children: dict[ObjectRef, list[ObjectRef]] = defaultdict(list)
    for ref, named in references.items():
        for parent in named:
            children[parent].append(ref)
    found: dict[ObjectRef, str] = {}
    for root in failed:
        left = list(children[root])
        while left:
            ref = left.pop()
            if ref not in found and ref not in failed:
                found[ref] = f"{WAITS} {root}, whose last apply failed"
                left += children[ref]
    return found


def _failed(facts: Facts) -> bool:
    record = facts.record
    if not record or isinstance(record, Unread) or not failure(record):
        return False
    return current_state(facts)[0] is State.PENDING
