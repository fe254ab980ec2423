"""`hhsync sync --partial`: which CRs of a folder with findings are valid, and are synced alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops.load import Loaded
    from providers.core.identity import ObjectRef


@dataclass(frozen=True, slots=True)
class Selection:
    """The CRs that a partial sync takes, and one line about what it leaves out, "" where that is nothing."""

    refs: frozenset[ObjectRef]
    left_out: str = ""


def valid(loaded: Loaded) -> frozenset[ObjectRef]:
    """The CRs of which no document has an error; of a CR that is written twice, neither document is taken."""
    places = {(issue.origin.path, issue.origin.document) for issue in loaded.errors}
    twice = set(loaded.desired.twice)
    return frozenset(
        ref
        for ref, one in loaded.desired.manifests.items()
        if (one.origin.path, one.origin.document) not in places and ref not in twice
    )
