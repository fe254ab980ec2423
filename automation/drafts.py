"""Drafts: CRs that are only in raw/, or only on an edit branch (prefix hhsync/) of the repository."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitops import load
from gitops.git import mirror
from providers.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitops.load import Loaded
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Origin
    from providers.settings import GitSettings

# Edit branches of every fabric in the repository begin with it.
EDIT_PREFIX = "hhsync/"

# Edit branches that are read; of more, a note says so.
MOST_BRANCHES = 50

RAW = "raw/"


@dataclass(frozen=True, slots=True)
class Drafts:
    """By CR: where it is ("raw/", "branch hhsync/x"), and its origin there. `notes` say what could not be read."""

    places: Mapping[ObjectRef, tuple[str, Origin]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def drafts(settings: GitSettings, cache: Path, loaded: Loaded) -> Drafts:
    """The CRs that the tracked revision does not desire and that raw/ or an edit branch has; raw/ goes first."""
    places: dict[ObjectRef, tuple[str, Origin]] = {}
    for one in loaded.desired.drafts:
        if one.ref is not None and one.ref not in loaded.desired.manifests:
            places.setdefault(one.ref, (RAW, one.origin))
    branches = mirror.branches(settings, cache, EDIT_PREFIX)
    notes = []
    if len(branches) > MOST_BRANCHES:
        notes.append(f"{len(branches)} edit branches, of which the first {MOST_BRANCHES} were looked at for Drafts")
    for branch in branches[:MOST_BRANCHES]:
        try:
            other = load.inspect(replace(settings, branch=branch), cache)
        except GitError as error:
            notes.append(f"edit branch {branch} was not looked at for Drafts: {error}")
            continue
        for ref, manifest in other.desired.manifests.items():
            if ref not in loaded.desired.manifests:
                places.setdefault(ref, (f"branch {branch}", manifest.origin))
    return Drafts(places, tuple(notes))
