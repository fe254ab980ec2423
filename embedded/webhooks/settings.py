"""What a fabric's webhooks are configured with: its reserved networks and numbers, and the defaults they fill in.

Facts: the defaults of Hedgehog's installer, without gateways. A test changes them with a file, see `Settings.read`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from embedded.webhooks.networks import Prefix, address, prefix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


type Ranges = tuple[tuple[int, int], ...]


def _network(text: str) -> Prefix:
    found = prefix(text)
    if found is None:
        raise ValueError(f"{text} is no network")
    return found


@dataclass(frozen=True, slots=True)
class Defaults:
    """What is filled in where a manifest says nothing; a newer version of Hedgehog may fill in something else."""

    dhcp_mtu: int = 9036
    dhcp_lease_seconds: int = 3600
    gateway_offset: int = 1
    ipv4_namespace: str = "default"
    vlan_namespace: str = "default"


_RESERVED = (
    "172.30.0.0/21",
    "172.30.128.0/17",
    "172.30.8.0/22",
    "172.30.12.0/22",
    "172.30.96.0/19",
    "172.30.95.0/31",
    "172.30.16.0/22",
)
_FABRIC, _VTEP, _PROTOCOL, _MANAGEMENT = map(
    _network, ("172.30.128.0/17", "172.30.12.0/22", "172.30.8.0/22", "172.30.0.0/21")
)


@dataclass(frozen=True, slots=True)
class Settings:
    """One fabric's configuration. VLAN ranges are (first, last); `cache_lag_seconds` holds back what was just written."""

    reserved: tuple[Prefix, ...] = tuple(map(_network, _RESERVED))
    fabric_subnet: Prefix = _FABRIC
    vtep_subnet: Prefix = _VTEP
    protocol_subnet: Prefix = _PROTOCOL
    management_subnet: Prefix = _MANAGEMENT
    management_dhcp_start: str = "172.30.4.0"
    control_vip: str = "172.30.0.1"
    spine_asn: int = 65100
    leaf_asns: tuple[int, int] = (65101, 65533)
    irb_vlans: Ranges = ((3000, 3899),)
    workaround_vlans: Ranges = ((3900, 3999),)
    fabric_mtu: int = 9100
    server_mtu_offset: int = 64
    defaults: Defaults = field(default_factory=Defaults)
    cache_lag_seconds: float = 0.0

    @property
    def management_dhcp_first(self) -> int:
        """The number of the first address that DHCP gives out on the management network."""
        found = address(self.management_dhcp_start)
        return 0 if found is None else found.number

    @classmethod
    def read(cls, path: Path) -> Settings:
        """The settings with the changes of a JSON file: {"defaults": {"dhcp_mtu": 1500}, "cache_lag_seconds": 0.5}.

        Without the file nothing is changed. ValueError when the file is no such JSON.
        """
        try:
            wanted: dict[str, Any] = json.loads(path.read_text())
        except FileNotFoundError:
            return cls()
        unknown = wanted.keys() - {"defaults", "cache_lag_seconds", "agents"}
        known = {one.name for one in fields(Defaults)}
        if unknown or (wanted.get("defaults") or {}).keys() - known:
            raise ValueError(f"{path}: known are defaults ({', '.join(sorted(known))}), cache_lag_seconds and agents")
        return replace(
            cls(),
            defaults=Defaults(**(wanted.get("defaults") or {})),
            cache_lag_seconds=float(wanted.get("cache_lag_seconds", 0.0)),
        )


class WatchedFile[T]:
    """What `read` makes of a file, which need not be there; asked often, read when it changed.

    A file that `read` refuses with ValueError is reported on standard error, and what was read before still holds.
    """

    def __init__(self, path: Path, read: Callable[[Path], T]) -> None:
        self._path = path
        self._read = read
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._value: T | None = None

    def __call__(self) -> T:
        """The value of the file as it is now."""
        seen = self._stamp()
        with self._lock:
            if self._value is None:
                self._value, self._seen = self._read(self._path), seen
            elif seen != self._seen:
                self._seen = seen
                try:
                    self._value = self._read(self._path)
                except ValueError as error:
                    print(f"{self._path}: {error}", file=sys.stderr, flush=True)  # noqa: T201 - the server's log
            return self._value

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)
