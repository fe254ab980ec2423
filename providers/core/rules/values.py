"""Values inside a spec: mappings, lists and texts of any type, and addresses by the rules of Hedgehog's own parser.

Hedgehog reads prefixes and addresses with Go's net/netip: a prefix needs its length and keeps host bits, numbers have no
leading zeros. A field of a wrong type is taken for absent: the schema finds those.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

type Network = ipaddress.IPv4Network | ipaddress.IPv6Network
type Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Texts whose parsed form is kept: every rule reads the same few fields, and parsing is most of its cost.
_CACHED = 100_000

_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}")
_MAC = re.compile(r"(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}")


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """The elements of a list, each as `text` gives it."""
    return [text(each) for each in listing(value)]


def text(value: Any, default: str = "") -> str:
    """The value if it is text, else, and where it is empty, `default`."""
    return value if isinstance(value, str) and value else default


def number(value: Any) -> int | None:
    """The value if it is an integer."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def address(value: Any) -> Address | None:
    """An IP address without a length, or None where it is none."""
    return _address(value) if isinstance(value, str) else None


@lru_cache(_CACHED)
def _address(value: str) -> Address | None:
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        return None


def prefix(value: Any) -> tuple[Address, Network] | None:
    """The address and the masked network of "10.0.1.7/24", or None where it is no prefix."""
    return _prefix(value) if isinstance(value, str) else None


@lru_cache(_CACHED)
def _prefix(value: str) -> tuple[Address, Network] | None:
    host, slash, length = value.partition("/")
    found = _address(host) if slash and _LENGTH.fullmatch(length) and "%" not in host else None
    if found is None or int(length) > found.max_prefixlen:
        return None
    kind = ipaddress.IPv4Network if isinstance(found, ipaddress.IPv4Address) else ipaddress.IPv6Network
    return found, kind((int(found), int(length)), strict=False)


def network(value: Any) -> Network | None:
    """The masked network of a prefix, or None."""
    found = prefix(value)
    return None if found is None else found[1]


def inside(one: Address | Network, whole: Network) -> bool:
    """Whether an address or a network lies in a network of the same IP version."""
    if isinstance(one, ipaddress.IPv4Network) and isinstance(whole, ipaddress.IPv4Network):
        return one.subnet_of(whole)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(whole, ipaddress.IPv6Network):
        return one.subnet_of(whole)
    return not isinstance(one, ipaddress.IPv4Network | ipaddress.IPv6Network) and one in whole


def overlap(one: Network, other: Network) -> bool:
    """Whether two networks have an address in common."""
    return one.version == other.version and one.overlaps(other)


def overlapping[T](networks: Iterable[tuple[Network, T]]) -> Iterator[tuple[T, T]]:
    """Pairs that overlap: each network, with a widest one that holds it. O(n log n): networks nest or are apart."""
    ordered = sorted(networks, key=lambda each: (each[0].version, int(each[0].network_address), each[0].prefixlen))
    old_owner: tuple[Network, T] | None = None
    for each in ordered:
        if old_owner is not None and overlap(old_owner[0], each[0]):
            yield old_owner[1], each[1]
        else:
            old_owner = each


def mac(value: Any) -> str | None:
    """A MAC in one spelling (12 small hexadecimal digits), or None where it is none.

    Hedgehog takes colons, dashes, and dots after every fourth digit.
    """
    lower = value.lower() if isinstance(value, str) else ""
    return re.sub("[:.-]", "", lower) if _MAC.fullmatch(lower) else None


def walk(
    value: Any, parts: tuple[str, ...], path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every place of a pattern inside a value, with its path; "*" is every element of a list or mapping."""
    if not parts:
        yield path, value
    elif parts[0] == "*":
        members = value.items() if isinstance(value, Mapping) else enumerate(listing(value))
        for key, member in members:
            yield from walk(member, parts[1:], (*path, key))
    elif parts[0] in mapping(value):
        yield from walk(value[parts[0]], parts[1:], (*path, parts[0]))
