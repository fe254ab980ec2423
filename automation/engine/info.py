"""Which engine ran, for results: light, since every verb loads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Which engine ran: `name` is "pulumi", or "none" where none was needed; `note` says why a CLI was passed over."""

    name: str
    version: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
