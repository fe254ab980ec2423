"""One CR as written in Git, where it came from, and findings about documents."""

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


@dataclass(frozen=True, slots=True)
class Issue:
    """A finding about a document; not an exception. `field` is the dotted path inside the document, or "".

    `rule` is the stable name of what was broken, e.g. "vlan-used-twice" or "schema/enum"; "" where it has none.
    """

    origin: Origin
    message: str
    field: str = ""
    severity: str = "error"
    rule: str = ""

    def __str__(self) -> str:
        where = f"{self.origin}: {self.field}: " if self.field else f"{self.origin}: "
        return f"{where}{self.message}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One CR of the 12 kinds, spec exactly as Git says (JSON values), with its origin and attribution."""

    ref: ObjectRef
    spec: Mapping[str, Any]
    origin: Origin
    attribution: Attribution
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
