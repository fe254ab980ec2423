"""`hhsync sync --partial`: the valid CRs of a folder that has findings, and nothing else.

Which CRs those are is decided once, by the command, which also excludes every other managed resource from the run, so that
nothing is deleted. The program gets them in a file and registers exactly them, or refuses: else a CR that it left out
without being excluded would be deleted by the engine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from program.desired import WRITTEN_TWICE
from providers.core.identity import ObjectRef
from providers.errors import UnsafeChange

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from program.desired import DesiredState
    from program.load import Loaded

PARTIAL_VARIABLE = "HHSYNC_PARTIAL"
#: Set by `hhsync sync --partial` to the file's path.


@dataclass(frozen=True, slots=True)
class Selection:
    """The CRs to register, the commit that they were found at, and one line about what is left out."""

    folder_commit: str
    refs: frozenset[ObjectRef]
    left_out: str = ""

    def write(self, path: Path) -> None:
        """Store it for the program."""
        content = {"folder_commit": self.folder_commit, "refs": sorted(map(str, self.refs)), "left_out": self.left_out}
        path.write_text(json.dumps(content), encoding="utf-8")


def read(path: Path) -> Selection:
    """The selection that `write` stored."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Selection(content["folder_commit"], frozenset(map(ObjectRef.parse, content["refs"])), content["left_out"])


def valid(loaded: Loaded) -> frozenset[ObjectRef]:
    """The CRs of which no document has an error; of a CR that is written twice, neither document is taken."""
    places = {(issue.origin.path, issue.origin.document) for issue in loaded.errors}
    twice = {
        issue.message.partition(f" {WRITTEN_TWICE}")[0] for issue in loaded.errors if WRITTEN_TWICE in issue.message
    }
    return frozenset(
        ref
        for ref, one in loaded.desired.manifests.items()
        if (one.origin.path, one.origin.document) not in places and str(ref) not in twice
    )


def selected(loaded: Loaded, selection: Selection) -> DesiredState:
    """The desired state with the selected CRs alone.

    Raises:
        UnsafeChange: Git has moved since they were selected.
    """
    if loaded.last_folder_commit != selection.folder_commit or not selection.refs <= loaded.desired.manifests.keys():
        raise UnsafeChange(
            f"Git moved to {loaded.last_folder_commit[:12]} while a partial sync began; nothing was written; run it again"
        )
    return only(loaded.desired, selection.refs)


def only(state: DesiredState, refs: Collection[ObjectRef]) -> DesiredState:
    """The same with fewer CRs; a reference to one that is left out is no dependency."""
    kept = set(refs)
    return replace(
        state,
        manifests={ref: one for ref, one in state.manifests.items() if ref in kept},
        references={
            ref: tuple(one for one in named if one in kept) for ref, named in state.references.items() if ref in kept
        },
    )
