"""The prune rule: a mistake in Git never deletes a network."""

from __future__ import annotations

import pytest

from providers.core.identity import ObjectRef
from providers.core.planning.prune import check_prune
from providers.errors import UnsafeChange


def objects(count: int) -> set[ObjectRef]:
    return {ObjectRef("VPC", "default", f"vpc-{number:03}") for number in range(count)}


@pytest.mark.parametrize(
    ("managed", "stay", "allowed", "verdict"),
    [
        (0, 0, None, "ok"),
        (10, 10, None, "ok"),
        (10, 7, None, "ok"),
        (10, 6, None, "refused"),
        (10, 6, 4, "ok"),
        (10, 6, 3, "refused"),
        (100, 70, None, "ok"),
        (100, 69, None, "refused"),
        (4, 1, None, "ok"),
        (2, 0, None, "refused"),
        (1, 0, None, "refused"),
        (2, 0, 2, "ok"),
        (2, 0, 0, "refused"),
    ],
)
def test_prune_rule(managed, stay, allowed, verdict):
    everything = objects(managed)
    desired = set(sorted(everything)[:stay])
    if verdict == "ok":
        assert check_prune(everything, desired, allowed) == everything - desired
    else:
        with pytest.raises(UnsafeChange):
            check_prune(everything, desired, allowed)


def test_the_refusal_has_counts_threshold_names_and_remedy():
    with pytest.raises(UnsafeChange) as refusal:
        check_prune(objects(20), set(sorted(objects(20))[:10]), None)
    text = str(refusal.value)
    for part in ("10 of 20", "at most 6", "VPC/default/vpc-010", "--allow-deletes 10", "nothing was written"):
        assert part in text
