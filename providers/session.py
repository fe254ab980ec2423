"""What one run shares: the two targets and one view of each, made from stack config, never pickled.

A provider instance lives for one run in one process. Every CR of the run reads the same two snapshots, so that a run costs
one LIST per kind and server, whatever the number of CRs.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from providers import extra_settings
from providers.errors import NotInstalled
from providers.settings import ClusterSettings, NetBoxSettings
from providers.targets.cluster.snapshot import ClusterSnapshot
from providers.targets.cluster.target import Cluster
from providers.targets.netbox.snapshot import NetBoxSnapshot
from providers.targets.netbox.target import NetBox

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from providers.core.identity import Kind, ObjectRef

log = logging.getLogger("hhsync.provider")


class _Bootstrapped(Cluster):
    """A cluster that a sync gives its CRDs: a kind that it lacks so far has no objects."""

    def list(self, kind: Kind, label_selector: str | None = None) -> dict[ObjectRef, Any]:
        """All objects of a kind; none where its CRD is not there yet."""
        try:
            return super().list(kind, label_selector)
        except NotInstalled:
            return {}


def cluster_for(settings: ClusterSettings, *, bootstrapped: bool) -> Cluster:
    """The cluster as a run asks it; `bootstrapped` ones may lack their CRDs before the first sync."""
    return _Bootstrapped(settings) if bootstrapped else Cluster(settings)


class Session:
    """The targets of one fabric in one run. Thread-safe; nothing is contacted before it is needed."""

    def __init__(self, config: Mapping[str, str], fabric: str) -> None:
        self.fabric = fabric
        settings = ClusterSettings.from_config(config)
        self.cluster = cluster_for(settings, bootstrapped=extra_settings.bootstrap(config) is not None)
        self.netbox = NetBox(NetBoxSettings.from_config(config))
        self.live = ClusterSnapshot(self.cluster)
        self.records = NetBoxSnapshot(self.netbox, fabric)
        self._types_lock = threading.Lock()
        self._types_ready = False

    def ensure_types(self) -> None:
        """Make the NetBox types that are missing, once per run; costs a request or two when all are there."""
        with self._types_lock:
            if not self._types_ready:
                self.netbox.ensure_types()
                self._types_ready = True


class Sessions:
    """The sessions of a run, one per fabric; a stack has one fabric, so in practice one."""

    def __init__(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)
        self._lock = threading.Lock()
        self._by_fabric: dict[str, Session] = {}

    def of(self, fabric: str) -> Session:
        """The session of a fabric, the same at every call.

        Raises:
            ConfigError: stack config does not say where a target is.
        """
        with self._lock:
            if fabric not in self._by_fabric:
                self._by_fabric[fabric] = Session(self._config, fabric)
            return self._by_fabric[fabric]
