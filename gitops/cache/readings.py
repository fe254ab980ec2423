"""Readings of files and folders, from an earlier run where one had the same bytes, schemas and code; else made now.

The keys are Git's own: a blob id for a file, a tree id for a folder. What comes back is what would be made (tested), but for
the time it takes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from gitops import documents, manifests
from gitops.cache import codec
from gitops.cache.store import code_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gitops.cache.store import Store
    from gitops.desired import DesiredState
    from gitops.snapshot import Snapshot
    from providers.core.finding import Finding
    from providers.core.schema import Schema

_DAMAGED = (ValueError, TypeError, KeyError, IndexError, AttributeError)


class Memory:
    """One run's view of what earlier runs found with these schemas, by kind."""

    def __init__(self, store: Store, by_kind: Mapping[str, Schema]) -> None:
        self._store = store
        self._by_kind = by_kind
        schemas = "".join(f"{kind} {schema.fingerprint}\n" for kind, schema in sorted(by_kind.items()))
        self._space = f"{code_key()} {hashlib.sha256(schemas.encode()).hexdigest()[:32]}"
        self._files: dict[str, Any] = {}
        self._folder: Any = None
        self._new: dict[str, Any] = {}

    def known(self, folder: str, tree: str, blobs: Mapping[str, str]) -> Collection[str]:
        """The paths, of these with their blob ids, whose bytes need not be read; the folder's tree id comes first."""
        key = _folder_key(folder, tree)
        self._folder = self._store.get(self._space, [key]).get(key)
        if self._folder is not None:
            return blobs.keys()
        self._files = self._store.get(self._space, set(blobs.values()))
        return [path for path, blob in blobs.items() if blob in self._files]

    def reading(self, snapshot: Snapshot, path: str) -> manifests.Reading:
        """What the file at `path` holds."""
        blob = snapshot.blobs[path]
        attribution = snapshot.attribution[path]
        try:
            value = self._files[blob]
            return codec.reading_of(value, path, attribution, lambda: snapshot.files[path])
        except _DAMAGED:
            found, issues = documents.parse(path, snapshot.files[path])
        reading = manifests.read(found, snapshot.attribution, self._by_kind)
        reading.issues = [*issues, *reading.issues]
        self._new[blob] = codec.reading_json(reading, found)
        return reading

    def state(self, snapshot: Snapshot) -> tuple[DesiredState, tuple[Finding, ...]] | None:
        """What the whole folder holds, with its errors; None where it was not judged before."""
        try:
            return codec.state_of(self._folder, snapshot.attribution)
        except _DAMAGED:
            return None

    def keep(self, snapshot: Snapshot, validated: tuple[DesiredState, tuple[Finding, ...]] | None) -> None:
        """Store what is new of the files, and, if given, what the whole folder holds."""
        values = dict(self._new)
        if validated is not None:
            values[_folder_key(snapshot.folder, snapshot.tree)] = codec.state_json(*validated)
        self._store.put(self._space, values)


def _folder_key(folder: str, tree: str) -> str:
    return f"{tree} {folder}"
