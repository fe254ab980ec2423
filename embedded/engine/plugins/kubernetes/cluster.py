"""A cluster as the provider knows it: its client, its namespace, and the scopes of kinds, new CRDs included."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from embedded.engine.plugins.kubernetes import naming, scopes
from embedded.engine.plugins.kubernetes.client import ApiError, NoSuchKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from embedded.engine.plugins.kubernetes.client import Client


class Cluster:
    """One cluster during one run. Safe to use from any thread."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._declared: dict[tuple[str, str], bool] = {}
        self._lock = threading.Lock()

    @property
    def namespace(self) -> str:
        """Where objects go that name no namespace."""
        return self.client.place.namespace

    def note_crd(self, wanted: Mapping[str, Any]) -> None:
        """Remember the scope of the kind that a CRD of the program defines, since its objects may come before it."""
        spec = wanted.get("spec")
        if wanted.get("kind") != "CustomResourceDefinition" or not isinstance(spec, dict):
            return
        names = spec.get("names")
        if isinstance(names, dict) and isinstance(spec.get("group"), str):
            with self._lock:
                self._declared[spec["group"], str(names.get("kind", ""))] = spec.get("scope") != "Cluster"

    def is_namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of a kind have a namespace. Kinds that nobody knows (yet) are taken to."""
        if scopes.is_built_in(api_version):
            return scopes.is_namespaced(api_version, kind)
        with self._lock:
            declared = self._declared.get((api_version.rpartition("/")[0], kind))
        if declared is not None:
            return declared
        try:
            return self.client.kind(api_version, kind).namespaced
        except (NoSuchKind, ApiError):
            return naming.namespaced(api_version, kind)
