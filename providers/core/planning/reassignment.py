"""The detour that hands an exclusive thing (a subnet, a VLAN, a port) from one CR to another. Pure.

Hedgehog refuses a create that takes what another object still holds, and Pulumi deletes only after all creates. Where the
holder stays in Git, the order of the two updates is enough. Where it goes, where two CRs swap, or where a Connection changes
its immutable type, the holder and what refers to it must be deleted first.
"""

from __future__ import annotations

import graphlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from providers.core.planning.conflicts import (
    SUBNET,
    Exclusive,
    exclusives,
    network,
)
from providers.core.references import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from providers.core.identity import ObjectRef

    type Specs = Mapping[ObjectRef, Mapping[str, Any]]

# Which referrers keep the server from deleting an object: kind → kinds that may refer to it while it goes.
# Everything else may be left dangling for a moment (observed: SwitchGroup and the relay VPC are never checked).
HOLDING = {
    "IPv4Namespace": {"VPC", "External"},
    "VLANNamespace": {"VPC", "Switch"},
    "Switch": {"Connection"},
    "Server": {"Connection"},
    "Connection": {"VPCAttachment", "ExternalAttachment"},
    "VPC": {"VPCAttachment", "VPCPeering", "ExternalPeering", "Connection"},
    "External": {"ExternalAttachment", "ExternalPeering"},
}


@dataclass(frozen=True, slots=True, order=True)
class Transfer:
    """One CR takes what another holds on the server; the two may be the same for a Connection that changes its type."""

    new_owner: ObjectRef
    old_owner: ObjectRef
    what: str

    def __str__(self) -> str:
        if self.new_owner == self.old_owner:
            return f"{self.new_owner} changes its {self.what}, which is immutable"
        return f"{self.new_owner} takes {self.what} of {self.old_owner}"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a set of changes can be made one after the other.

    `order` are further dependencies (taker → holders whose update must come first); `detour` are the objects to delete
    before anything else, and `because` says why, one taking for each holder in it.
    """

    order: Mapping[ObjectRef, tuple[ObjectRef, ...]] = field(default_factory=dict)
    delete_first: frozenset[ObjectRef] = frozenset()
    because: tuple[Transfer, ...] = ()


def plan(desired: Specs, present: Specs, edges: Mapping[ObjectRef, Sequence[ObjectRef]]) -> Plan:
    """The order and the detour for making `present` (what is on the server) into `desired`; `edges` are its references.

    Only objects in `present` are ever in the detour, and only those in both have an order.
    """
    transfers = _transfers(desired, present)
    away = [one for one in transfers if one.old_owner not in desired or one.new_owner == one.old_owner]
    order = [one for one in transfers if one not in away]
    while cut := _swap(order, edges):
        away.append(cut)
        order = [one for one in order if one.old_owner != cut.old_owner]
    gone = _with_referrers({one.old_owner for one in away}, present)
    after: dict[ObjectRef, set[ObjectRef]] = defaultdict(set)
    for one in order:
        if one.old_owner not in gone:
            after[one.new_owner].add(one.old_owner)
    return Plan({ref: tuple(sorted(refs)) for ref, refs in sorted(after.items())}, frozenset(gone), tuple(sorted(away)))


def _transfers(desired: Specs, present: Specs) -> list[Transfer]:
    """Who takes what of whom: claims that are new to the taker and that the holder has on the server, but not in Git."""
    held = {ref: exclusives(ref, spec) for ref, spec in present.items()}
    wanted = {ref: exclusives(ref, spec) for ref, spec in desired.items()}
    holders = _Holders(
        (exclusive, ref) for ref, found in held.items() for exclusive in found - wanted.get(ref, frozenset())
    )
    transfers = {
        Transfer(ref, old_owner, str(exclusive))
        for ref, found in wanted.items()
        for exclusive in sorted(found - held.get(ref, frozenset()))
        for old_owner in holders.of(exclusive)
        if old_owner != ref
    }
    transfers |= {
        Transfer(ref, ref, "type")
        for ref, spec in desired.items()
        if ref.kind == "Connection" and ref in present and _changes_type(present[ref], spec)
    }
    return sorted(transfers)


def _changes_type(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a Connection goes from one type to another. An empty one (`mclagDomain: {}`) says nothing to compare with."""
    old, new = _types(before), _types(after)
    return bool(old and new and old.isdisjoint(new))


def _types(spec: Mapping[str, Any]) -> set[str]:
    return {name for name, value in spec.items() if value not in (None, {}, [])}


class _Holders:
    """Who holds a claim, or for a subnet one that overlaps it."""

    def __init__(self, held: Iterable[tuple[Exclusive, ObjectRef]]) -> None:
        self._exact: dict[Exclusive, list[ObjectRef]] = defaultdict(list)
        self._subnets: dict[str, list[tuple[Exclusive, ObjectRef]]] = defaultdict(list)
        for exclusive, ref in held:
            self._exact[exclusive].append(ref)
            if exclusive.what == SUBNET:
                self._subnets[exclusive.scope].append((exclusive, ref))

    def of(self, exclusive: Exclusive) -> Iterator[ObjectRef]:
        if exclusive.what != SUBNET:
            yield from self._exact.get(exclusive, ())
            return
        wanted = network(exclusive)
        for other, ref in self._subnets.get(exclusive.scope, ()):
            found = network(other)
            if wanted and found and wanted.version == found.version and wanted.overlaps(found):
                yield ref


def _swap(order: Sequence[Transfer], edges: Mapping[ObjectRef, Sequence[ObjectRef]]) -> Transfer | None:
    """A taking in a circle of orders and references, which no order can serve; None when there is none."""
    graph: dict[ObjectRef, set[ObjectRef]] = {ref: set(parents) for ref, parents in edges.items()}
    for one in order:
        graph.setdefault(one.new_owner, set()).add(one.old_owner)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        ring: list[ObjectRef] = error.args[1]
        pairs = set(zip(ring[1:], ring[:-1], strict=True))
        return min(one for one in order if (one.new_owner, one.old_owner) in pairs)
    return None


def _with_referrers(refs: set[ObjectRef], present: Specs) -> set[ObjectRef]:
    """The objects, and all whose existence keeps the server from deleting them, transitively."""
    if not refs:
        return set()
    by: dict[ObjectRef, list[ObjectRef]] = defaultdict(list)
    for ref, spec in present.items():
        for named in references(ref.kind, spec, ref.namespace):
            if ref.kind in HOLDING.get(named.ref.kind, ()):
                by[named.ref].append(ref)
    found, left = set(refs), list(refs)
    while left:
        new = set(by.get(left.pop(), ())) - found
        found |= new
        left += new
    return found
