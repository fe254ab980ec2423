"""One CR as written in Git, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.identity import ObjectRef


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who last changed a file: full commit SHA, author as "Name <mail>", author time as RFC 3339 in UTC."""

    commit: str
    author: str
    committed_at: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document is: path from the repository's root, 1-based line of its start, 0-based index in the file."""

    path: str
    line: int
    document: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


NOWHERE = Origin("", 0, 0)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One CR of the 12 kinds, spec exactly as Git says (JSON values), with its origin and attribution."""

    ref: ObjectRef
    spec: Mapping[str, Any]
    origin: Origin
    attribution: Attribution
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
