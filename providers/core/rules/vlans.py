"""VLANs: the ranges of a VLAN namespace, and the VLANs that VPCs take from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from providers.core.rules import defaults
from providers.core.rules.fabric import CR, Fabric, Findings, Place, twice
from providers.core.rules.values import listing, mapping, number
from providers.core.rules.vpcs import subnets_of, vlan_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from providers.core.field_path import FieldPath

LAST_VLAN = 4094

type Range = tuple[int, int]


def range_of(written: Any) -> Range | None:
    """First and last VLAN of a range, `to` being `from` where it is left out; None where Hedgehog drops it."""
    first = number(mapping(written).get("from")) or 0
    last = number(mapping(written).get("to")) or first
    return (first, last) if 1 <= first <= last <= LAST_VLAN else None


def ranges_of(namespace: CR) -> list[Range] | None:
    """The ranges of a VLAN namespace; None where one of them is bad, with which the server drops them all."""
    found = [range_of(each) for each in listing(namespace.spec.get("ranges"))]
    return None if None in found else [each for each in found if each is not None]


def ranges(fabric: Fabric) -> Findings:
    """Ranges of a namespace are VLANs, do not overlap, and are not the fabric's own."""
    for namespace in fabric.all("VLANNamespace"):
        good: list[tuple[Range, int]] = []
        for index, written in enumerate(listing(namespace.spec.get("ranges"))):
            found, path = range_of(written), ("ranges", index)
            if found is None:
                first, last = mapping(written).get("from", 0), mapping(written).get("to", mapping(written).get("from"))
                message = (
                    f"{first}-{last} is no range of VLANs, and the server then drops every range of this namespace "
                    f"without a word; write 1 to {LAST_VLAN}, the smaller number first"
                )
                yield namespace.error("vlan-range", path, message)
                continue
            good.append((found, index))
            for first, last, use in defaults.RESERVED_VLANS:
                if found[0] <= last and first <= found[1]:
                    message = f"{_shown(found)} overlaps {first}-{last}, which is for {use} {defaults.BY_DEFAULT}"
                    yield namespace.warning("vlan-reserved", path, f"{message}; end it before, or start after")
        for (before, _), (later, index) in _overlapping(good):
            message = f"{_shown(later)} overlaps {_shown(before)} of the same namespace; leave one out"
            yield namespace.error("vlan-range-overlap", ("ranges", index), message)


def _shown(found: Range) -> str:
    return f"{found[0]}-{found[1]}"


def _overlapping[T](ranges: list[tuple[Range, T]]) -> Iterator[tuple[tuple[Range, T], tuple[Range, T]]]:
    """Every range that starts inside an earlier one, in order of the first VLAN."""
    widest: tuple[Range, T] | None = None
    for each in sorted(ranges, key=lambda one: one[0]):
        if widest is not None and each[0][0] <= widest[0][1]:
            yield widest, each
        if widest is None or each[0][1] > widest[0][1]:
            widest = each


def _vlans(fabric: Fabric) -> Iterator[tuple[CR, FieldPath, int | None]]:
    """The VLAN of every subnet that needs one."""
    for vpc in fabric.all("VPC"):
        for name, subnet in subnets_of(vpc):
            if subnet.get("hostBGP") is not True:
                yield vpc, ("subnets", name, "vlan"), number(subnet.get("vlan"))


def vlans(fabric: Fabric) -> Findings:
    """A subnet has a VLAN, and it is one of its namespace, where that is in Git."""
    spaces = {one.name: ranges_of(one) for one in fabric.all("VLANNamespace")}
    for vpc, path, vlan in _vlans(fabric):
        namespace = vlan_namespace(vpc)
        if not vlan:
            yield vpc.error("vlan-missing", path, "the VLAN is missing; every subnet without hostBGP needs one")
            continue
        space = spaces.get(namespace)
        if not 1 <= vlan <= LAST_VLAN:
            yield vpc.error("vlan-invalid", path, f"a VLAN is 1 to {LAST_VLAN}; it is {vlan}")
        elif space is not None and not any(first <= vlan <= last for first, last in space):
            have = ", ".join(map(_shown, space)) or "none"
            where = f"outside of VLANNamespace {namespace}; its ranges are: {have}"
            message = f"VLAN {vlan} is {where}; take one inside, or widen the namespace"
            yield vpc.error("vlan-outside-namespace", path, message)


def used_twice(fabric: Fabric) -> Findings:
    """A VLAN is used by one subnet of its VLAN namespace, whatever the IPv4 namespace."""
    places = (Place((vlan_namespace(vpc), vlan), vpc, path) for vpc, path, vlan in _vlans(fabric) if vlan)
    yield from twice(
        "vlan-used-twice", places, lambda value: f"VLAN {value[1]} of VLANNamespace {value[0]}", "take a free one"
    )


def of_switches(fabric: Fabric) -> Findings:
    """The VLAN namespaces of one switch do not overlap."""
    spaces = {one.name: ranges_of(one) or [] for one in fabric.all("VLANNamespace")}
    for switch in fabric.all("Switch"):
        names = [name for name in listing(switch.spec.get("vlanNamespaces")) if isinstance(name, str)]
        found = [(span, (index, name)) for index, name in enumerate(names) for span in spaces.get(name, ())]
        said: set[int] = set()
        for (before, (one, first)), (later, (other, second)) in _overlapping(found):
            index = max(one, other)
            if first == second or index in said:
                continue
            said.add(index)
            message = (
                f"VLANs {_shown(later)} of {second} overlap {_shown(before)} of {first}; a switch can be in one of them"
            )
            yield switch.error("vlan-namespaces-overlap", ("vlanNamespaces", index), message)


RULES = (ranges, vlans, used_twice, of_switches)
