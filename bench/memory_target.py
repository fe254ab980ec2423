"""A cluster and a NetBox in this process's memory, in the place of the real ones: the engine's own cost without servers.

They keep what is written and answer as the real ones do where nobody else writes and no webhook fills in anything.
"""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

from providers import session
from providers.core.identity import FIELD_MANAGER
from providers.targets.cluster_objects import ref_of
from providers.targets.netbox_records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.identity import Kind, ObjectRef

_objects: dict[ObjectRef, dict[str, Any]] = {}
_records: dict[tuple[str, int], Record] = {}
_numbers = itertools.count(1)
_lock = threading.Lock()


class MemoryCluster:
    """What the provider uses of `providers.targets.cluster.Cluster`."""

    server = "memory"
    requests = 0

    def __init__(self, _settings: object) -> None:
        """There is one for all."""

    def list(self, kind: Kind, _label_selector: str | None = None) -> dict[ObjectRef, dict[str, Any]]:
        with _lock:
            return {ref: obj for ref, obj in _objects.items() if ref.kind == kind.name}

    def create(self, manifest: Mapping[str, Any], dry_run: bool = False) -> dict[str, Any]:
        number = next(_numbers)
        managers = [{"manager": FIELD_MANAGER, "operation": "Update"}]
        metadata = {**manifest["metadata"], "uid": f"uid-{number}", "generation": 1, "managedFields": managers}
        obj = {**manifest, "metadata": metadata}
        if not dry_run:
            with _lock:
                _objects[ref_of(obj)] = obj
        return obj

    def replace(self, manifest: Mapping[str, Any], live: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        obj = {**manifest, "metadata": {**live["metadata"], **manifest["metadata"]}}
        if not more.get("dry_run"):
            with _lock:
                _objects[ref_of(obj)] = obj
        return obj

    def delete(self, ref: ObjectRef, _uid: str) -> None:
        with _lock:
            _objects.pop(ref, None)


class MemoryNetBox:
    """What the provider uses of `providers.targets.netbox.NetBox`."""

    server = "memory"

    def __init__(self, _settings: object) -> None:
        """There is one for all."""

    def ensure_types(self) -> list[str]:
        return []

    def list(self, kind: Kind, fabric: str) -> dict[str, Record]:
        with _lock:
            held = [one for (name, _), one in _records.items() if name == kind.name and one.fields["fabric"] == fabric]
        return {record.fields["ref"]: record for record in held}

    def strays(self, _kind: Kind, _fabric: str) -> dict[str, Record]:
        return {}

    def create(self, kind: Kind, fields: Mapping[str, Any], **_more: object) -> Record:
        return self._put(kind, Record(next(_numbers), f"memory:{kind.name}", dict(fields)))

    def update(self, kind: Kind, record_id: int, changes: Mapping[str, Any], **_more: object) -> Record:
        old = _records[kind.name, record_id]
        return self._put(kind, Record(old.id, old.url, {**old.fields, **changes}))

    def delete(self, kind: Kind, record_id: int, **_more: object) -> None:
        with _lock:
            _records.pop((kind.name, record_id), None)

    def _put(self, kind: Kind, record: Record) -> Record:
        with _lock:
            _records[kind.name, record.id] = record
        return record


def install() -> None:
    """Let every session of this process use these."""
    vars(session)["Cluster"] = MemoryCluster
    vars(session)["NetBox"] = MemoryNetBox
