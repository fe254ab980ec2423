"""The cluster as one run sees it: one LIST a kind, shared by all threads, with our own writes on top."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from providers import errors
from providers.core.identity import KINDS, Kind, ObjectRef
from providers.targets.cluster.objects import ref_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.targets.cluster.target import Cluster


class _Listing:
    """The one LIST of a kind: not asked yet, answered, or failed."""

    __slots__ = ("error", "lock", "objects")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.objects: dict[ObjectRef, dict[str, Any]] | None = None
        self.error: errors.HhsyncError | None = None


class ClusterSnapshot:
    """What is in the cluster, read once a kind. A LIST that failed stays failed for this run, for that kind alone."""

    def __init__(self, cluster: Cluster) -> None:
        """Remember the cluster; no I/O."""
        self._cluster = cluster
        self._listings = {name: _Listing() for name in KINDS}
        self._writing = threading.Lock()
        self._writes: dict[ObjectRef, dict[str, Any] | None] = {}

    @property
    def requests(self) -> int:
        """How many HTTP requests the cluster was sent so far."""
        return self._cluster.requests

    def get(self, ref: ObjectRef) -> dict[str, Any] | None:
        """The object as last written by us or else as listed; None if there is none.

        Raises:
            TargetError: the kind could not be listed; the same error for every object of the kind.
        """
        if ref in self._writes:
            return self._writes[ref]
        listed = self._listed(KINDS[ref.kind]).get(ref)
        # A write may have come in while we waited for the LIST, which may not show it.
        return self._writes.get(ref, listed)

    def all(self, kind: Kind) -> dict[ObjectRef, dict[str, Any]]:
        """All objects of a kind, with our writes on top.

        Raises:
            TargetError: the kind could not be listed.
        """
        merged: dict[ObjectRef, dict[str, Any] | None] = {**self._listed(kind)}
        with self._writing:
            merged.update({ref: value for ref, value in self._writes.items() if ref.kind == kind.name})
        return {ref: value for ref, value in merged.items() if value is not None}

    def put(self, obj: Mapping[str, Any]) -> None:
        """Remember an object as the server stored it after our write."""
        with self._writing:
            self._writes[ref_of(obj)] = dict(obj)

    def drop(self, ref: ObjectRef) -> None:
        """Remember that we deleted an object."""
        with self._writing:
            self._writes[ref] = None

    def _listed(self, kind: Kind) -> dict[ObjectRef, dict[str, Any]]:
        listing = self._listings[kind.name]
        with listing.lock:
            if listing.error is not None:
                raise listing.error.with_traceback(None)
            if listing.objects is None:
                try:
                    listing.objects = self._cluster.list(kind)
                except errors.HhsyncError as error:
                    listing.error = error
                    raise
            return listing.objects
