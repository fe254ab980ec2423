"""NetBox as a target: the records of fabrics and their CRs, behind a few verbs that any thread may call.

Knows which records belong to a fabric. NetBox ignores filters that it does not know and then answers with everything, so the
fabric of every listed record is checked here, whatever was asked for.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers import errors
from providers.core.identity import KINDS
from providers.targets.netbox import types
from providers.targets.netbox.api import PLUGIN, PLUGIN_API, NetBoxApi
from providers.targets.netbox.records import (
    FabricNames,
    Record,
    Table,
    claims,
)
from providers.targets.netbox.schema import Schema
from providers.targets.netbox.types import FABRICS, TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2

    from providers.core.identity import Kind
    from providers.settings import NetBoxSettings

__all__ = ["NetBox", "NetBoxStatus", "Record"]

# The first NetBox that the custom objects plugin supports.
OLDEST = (4, 5, 2)

# Bulk writes under way at once, over all kinds.
WRITES_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class NetBoxStatus:
    """What a NetBox is, and whether the token may add records (or the types, where they are missing)."""

    version: str
    plugin_version: str
    may_write: bool


class NetBox:
    """One NetBox. Thread-safe; contacts nothing before the first call. `server` is its address, for messages."""

    def __init__(self, settings: NetBoxSettings, *, transport: httpx2.BaseTransport | None = None) -> None:
        """Prepare; `transport` stands in for the network, in tests."""
        self._api = NetBoxApi(settings, transport=transport)
        self.server = self._api.server
        self._schema = Schema(self._api)
        gate = threading.Semaphore(WRITES_AT_ONCE)
        self._names = FabricNames(self._find_fabric)
        self._fabrics = Table(self._api, FABRICS, self._names, gate)
        self._tables = {name: Table(self._api, TYPES[name], self._names, gate) for name in KINDS}

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._api.http.requests

    def close(self) -> None:
        """Close all connections."""
        self._api.http.close()

    def check(self) -> NetBoxStatus:
        """Look whether this is a NetBox that we can use.

        Raises:
            Unreachable: no answer.
            Unauthorized: the token is not accepted.
            NotInstalled: the plugin is missing, or NetBox is too old.
        """
        status = self._api.get("/api/status/", about="check NetBox").body
        version = status.get("netbox-version") if isinstance(status, dict) else None
        if not isinstance(version, str):
            raise self._api.failure(errors.ServerFailure, "", "it is no NetBox; check hhsync:netboxUrl")
        if _numbers(version) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise self._api.failure(
                errors.NotInstalled, "", f"NetBox {version} is too old; {oldest} or newer is needed"
            )
        plugin = status.get("plugins", {}).get(PLUGIN)
        if plugin is None:
            raise self._api.not_installed()
        return NetBoxStatus(version, str(plugin), self._may_write())

    def _may_write(self) -> bool:
        for path in (f"{PLUGIN_API}/{FABRICS.slug}/", f"{PLUGIN_API}/custom-object-types/"):
            response = self._api.options(path, about="check NetBox")
            if response.status < 300:
                return "POST" in (response.body.get("actions") or {})
        return False

    def ensure_types(self) -> list[str]:
        """Make the custom object types and fields that are missing; returns the slugs of the types that got something.

        Raises:
            Conflict: a type or field is there and not as we need it.
            TargetError: by cause.
        """
        return self._schema.ensure()

    def uninstall(self, *, with_fabrics: bool = False) -> list[str]:
        """Delete the types and with them every record of every fabric; returns the slugs that were deleted.

        Raises:
            UnsafeChange: fabrics are recorded there, and `with_fabrics` is not set.
            TargetError: by cause.
        """
        return self._schema.uninstall(with_fabrics=with_fabrics)

    def fabric(self, name: str) -> Record | None:
        """The record of a fabric, None where there is none."""
        for record in self._fabrics.read(name=name):
            if record.fields["name"] == name:
                self._names.learn(name, record.id)
                return record
        self._names.forget(name)
        return None

    def _find_fabric(self, name: str) -> int | None:
        record = self.fabric(name)
        return None if record is None else record.id

    def save_fabric(self, name: str, fields: Mapping[str, Any], *, message: str = "") -> Record:
        """Make the record of a fabric, or change those fields that differ; no write where none does.

        Raises:
            TargetError: by cause.
        """
        wanted = types.canonical(FABRICS, {**fields, "name": name})
        record = self.fabric(name)
        if record is None:
            record = self._fabrics.create(wanted, message=message or _message(wanted, "last_applied_commit"))
        else:
            changes = {field: value for field, value in wanted.items() if record.fields[field] != value}
            if changes:
                text = message or _message(wanted, "last_applied_commit")
                record = self._fabrics.update(record.id, changes, message=text)
        self._names.learn(name, record.id)
        return record

    def delete_fabric(self, name: str) -> None:
        """Delete the record of a fabric; none there is as good.

        Raises:
            Conflict: the fabric still has records of CRs.
            TargetError: by cause.
        """
        record = self.fabric(name)
        if record is not None:
            self._fabrics.delete(record.id)
        self._names.forget(name)

    def list(self, kind: Kind, fabric: str) -> dict[str, Record]:
        """The records of one kind that are in a fabric, by their `ref`; one LIST. None where type or fabric are missing.

        Raises:
            TargetError: by cause.
        """
        fabric_id = self._names.id(fabric)
        if fabric_id is None:
            return {}
        records = self._tables[kind.name].read(fabric_id=fabric_id)
        return {record.fields["ref"]: record for record in records if record.fields["fabric"] == fabric}

    def misassigned(self, kind: Kind, fabric: str) -> dict[str, Record]:
        """The records of one kind whose `ref` says that they belong to a fabric, and whose field `fabric` says otherwise.

        Raises:
            TargetError: by cause.
        """
        found = {}
        for record in self._tables[kind.name].read(**claims(fabric)):
            ref = record.fields["ref"]
            if ref.startswith(f"{fabric}/") and record.fields["fabric"] != fabric:
                found[ref] = record
        return found

    def create(self, kind: Kind, fields: Mapping[str, Any], *, message: str = "") -> Record:
        """Create a record, together with others that are created now; `message` goes to NetBox's change log.

        Where its `ref` is taken (a lost answer, or a record to adopt), that record is brought to these fields instead.

        Raises:
            TargetError: by cause, about this very record.
        """
        return self._tables[kind.name].create(fields, message=message or _message(fields, "git_commit"))

    def update(self, kind: Kind, record_id: int, changes: Mapping[str, Any], *, message: str = "") -> Record:
        """Set some fields of a record, together with others that are changed now.

        Raises:
            NotFound: there is no such record any more.
            TargetError: by cause, about this very record.
        """
        return self._tables[kind.name].update(record_id, changes, message=message or _message(changes, "git_commit"))

    def delete(self, kind: Kind, record_id: int, *, message: str = "") -> None:
        """Delete a record, together with others that are deleted now; none there is as good.

        Raises:
            TargetError: by cause, about this very record.
        """
        self._tables[kind.name].delete(record_id, message=message)


def _message(fields: Mapping[str, Any], key: str) -> str:
    commit = fields.get(key)
    return f"hhsync: commit {commit}" if commit else "hhsync"


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with: "4.7.3-Docker-3.2" is (4, 7, 3)."""
    parts = version.partition("-")[0].split(".")
    return tuple(int(part) for part in parts if part.isdigit())
