"""What is wrong with a document, or with one field of it: a value that every check makes, and no exception. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from providers.core.field_path import FieldPath, dotted
from providers.core.manifest import NOWHERE, Origin

if TYPE_CHECKING:
    from providers.core.identity import ObjectRef

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong and, after a semicolon, what would be right.

    `path` begins at the top of the object and is empty for the document as a whole. `rule` is the stable name of what was
    broken, e.g. "vlan-used-twice" or "schema/enum"; "" where it has none. An error stops a sync, a warning does not. `origin`
    has the file and the line; a check that sees only an object leaves it to who knows the document. `ref` is the CR that a
    rule across CRs speaks of.
    """

    path: FieldPath
    message: str
    rule: str = ""
    severity: str = ERROR
    origin: Origin = NOWHERE
    ref: ObjectRef | None = None

    @property
    def field(self) -> str:
        """The path as people write it, e.g. spec.links[0].port; "" for the document as a whole."""
        return dotted(self.path)

    def __str__(self) -> str:
        where = f"{self.origin}: {self.field}: " if self.path else f"{self.origin}: "
        return f"{where}{self.message}"


def whole(origin: Origin, message: str, severity: str = ERROR) -> Finding:
    """A finding about a document as a whole, or about a file that gives none."""
    return Finding((), message, severity=severity, origin=origin)
