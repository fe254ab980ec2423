"""Which part of a fabric a run declares: what is written, what it depends on, and what depends on it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from providers.core.identity import ObjectRef

    type Edges = Mapping[ObjectRef, Sequence[ObjectRef]]


@dataclass(frozen=True, slots=True)
class Part:
    """The CRs to declare; with `receipts` of the others, by CR, as the state has them. `bootstrap`: the cluster, too."""

    refs: Collection[ObjectRef]
    receipts: Mapping[ObjectRef, str] = field(default_factory=dict)
    bootstrap: bool = True


def with_parents(refs: Collection[ObjectRef], edges: Edges) -> set[ObjectRef]:
    """These CRs and all that they depend on, transitively; `edges` are what each depends on."""
    found, left = set(refs), list(refs)
    while left:
        more = set(edges.get(left.pop(), ())) - found
        found |= more
        left += more
    return found
