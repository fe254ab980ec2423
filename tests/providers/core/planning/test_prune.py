"""The prune rule: a mistake in Git never deletes a network."""

from __future__ import annotations

import pytest

from providers.core.identity import ObjectRef
from providers.core.planning.prune import refusal


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
    assert bool(refusal(everything, desired, allowed)) == (verdict == "refused")


def test_the_refusal_has_counts_threshold_names_and_remedy():
    text = refusal(objects(20), set(sorted(objects(20))[:10]), None)
    for part in ("10 of 20", "at most 6", "VPC/default/vpc-010", "--allow-deletes 10", "nothing was written"):
        assert part in text
