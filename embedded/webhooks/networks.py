"""Addresses and prefixes as Hedgehog's webhooks read and compare them (Go's net/netip)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

from embedded.webhooks.shapes import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address: version 4 or 6, and its number."""

    version: int
    number: int

    def __str__(self) -> str:
        made = ipaddress.IPv4Address if self.version == 4 else ipaddress.IPv6Address
        return str(made(self.number))


@dataclass(frozen=True, slots=True)
class Prefix:
    """An address with the length of its network; host bits are kept."""

    address: Address
    bits: int

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.address.version

    @property
    def _host_mask(self) -> int:
        return (1 << ((32 if self.version == 4 else 128) - self.bits)) - 1

    @property
    def first(self) -> Address:
        """The address of the network."""
        return Address(self.version, self.address.number & ~self._host_mask)

    @property
    def last(self) -> Address:
        """The last address, in IPv4 the broadcast address."""
        return Address(self.version, self.address.number | self._host_mask)

    @property
    def masked(self) -> Prefix:
        """The network without host bits."""
        return Prefix(self.first, self.bits)

    @property
    def span(self) -> tuple[int, int, int]:
        """Version, first and last address as numbers."""
        return self.version, self.first.number, self.last.number

    def contains(self, address: Address) -> bool:
        """Whether the address is in the network."""
        return address.version == self.version and self.first.number <= address.number <= self.last.number

    def covers(self, other: Prefix) -> bool:
        """Whether the other network lies in this one as a whole."""
        return self.contains(other.first) and other.bits >= self.bits

    def overlaps(self, other: Prefix) -> bool:
        """Whether the networks have an address in common."""
        return self.covers(other) or other.covers(self)

    def __str__(self) -> str:
        return f"{self.address}/{self.bits}"


@lru_cache(maxsize=65536)
def address(text: str) -> Address | None:
    """Read an address; None when it is none."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return Address(found.version, int(found))


@lru_cache(maxsize=65536)
def prefix(text: str) -> Prefix | None:
    """Read ADDRESS/BITS; None when it is none."""
    host, slash, bits = text.partition("/")
    found = address(host)
    if not slash or found is None or "%" in host or not (bits.isascii() and bits.isdigit()):
        return None
    if (len(bits) > 1 and bits[0] == "0") or int(bits) > (32 if found.version == 4 else 128):
        return None
    return Prefix(found, int(bits))


@lru_cache(maxsize=65536)
def span(text: str) -> tuple[int, int, int] | None:
    """Version, first and last address of ADDRESS/BITS as numbers; None when it is none."""
    found = prefix(text)
    return None if found is None else found.span


def prefixes(texts: Iterable[str], where: str = "") -> list[Prefix]:
    """Read prefixes; Refused at the first that is none, its text begins with `where`."""
    found = []
    for text in texts:
        one = prefix(text)
        if one is None:
            raise Refused(f"{where}failed to parse cidr {text}")
        found.append(one)
    return found


def refuse_overlap(networks: Sequence[Prefix], what: str) -> None:
    """Refused when two of the networks overlap; the text begins with `what`."""
    for one, other in combinations(networks, 2):
        if one.overlaps(other):
            raise Refused(f"{what}: {one} and {other} overlap")
