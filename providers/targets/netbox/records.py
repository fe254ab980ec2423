"""The records of one custom object type: read as plain values, written in bulk by any number of threads.

Knows how a record looks on the wire. Does not know what a record means, nor when to write.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.errors import Conflict, NotFound
from providers.targets.netbox import types
from providers.targets.netbox.api import PLUGIN_API, PLUGIN_PAGES, is_duplicate
from providers.targets.netbox.batches import Batcher, RejectedItems
from providers.targets.netbox.types import FABRICS, OBJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from providers.targets.http_errors import HttpResponse
    from providers.targets.netbox.api import NetBoxApi
    from providers.targets.netbox.types import ObjectType

_log = logging.getLogger(__name__)

# Records in one bulk write.
BATCH = 100

# Seconds that a write waits for others: the next resource of the engine comes within a few milliseconds.
WINDOW = 0.02

# Times that a refused duplicate is looked up and written anew, before the refusal stands.
_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Record:
    """A record as NetBox has it: id, the address of its page, and our fields as `netbox_types.canonical` values.

    `fields["fabric"]` is the fabric's name, "" where the record has none.
    """

    id: int
    url: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Write:
    """One element of a bulk write: `key` is its ref or name, `fields` are canonical, `message` goes to the change log.

    `fabric_id` is the id that NetBox wants instead of the name in `fields`, None where that is "".
    """

    key: str
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    record_id: int = 0
    message: str = ""
    fabric_id: int | None = None

    def body(self) -> dict[str, Any]:
        """What is sent."""
        body: dict[str, Any] = dict(self.fields)
        if "fabric" in body:
            body["fabric"] = self.fabric_id
        if self.record_id:
            body["id"] = self.record_id
        if self.message:
            body["changelog_message"] = self.message
        return body


class FabricNames:
    """Names and ids of fabrics, as far as they are known; `find` asks NetBox for the id of one, None where there is none."""

    def __init__(self, find: Callable[[str], int | None]) -> None:
        self._find = find
        self._finding = threading.Lock()
        self._ids: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def learn(self, name: str, record_id: int) -> None:
        """Remember a fabric that NetBox has."""
        self._ids[name], self._names[record_id] = record_id, name

    def forget(self, name: str) -> None:
        """Forget a fabric that may be gone."""
        self._names.pop(self._ids.pop(name, 0), None)

    def id(self, name: str) -> int | None:
        """The id of a fabric, None where NetBox has none of that name."""
        known = self._ids.get(name)
        if known is not None:
            return known
        with self._finding:  # all kinds are listed side by side, and each needs it: one asks
            known = self._ids.get(name)
            return known if known is not None else self._find(name)

    def name(self, nested: Any) -> str:
        """The name of the fabric that a record refers to; NetBox shows it by its primary field. No fabric is ""."""
        if not isinstance(nested, dict):
            return ""
        return self._names.get(nested["id"], str(nested["display"]))


class Table:
    """The records of one type. Thread-safe.

    Args:
        api: the server.
        object_type: which type.
        fabrics: names and ids of fabrics.
        gate: how many writes the server gets at once.
    """

    def __init__(
        self, api: NetBoxApi, object_type: ObjectType, fabrics: FabricNames, gate: threading.Semaphore
    ) -> None:
        self._api = api
        self._type = object_type
        self._fabrics = fabrics
        self._path = f"{PLUGIN_API}/{object_type.slug}/"
        self._key = next(field.name for field in object_type.fields if field.primary)
        self._keys: dict[int, str] = {}
        self._creates = Batcher(self._create, window_s=WINDOW, limit=BATCH, gate=gate)
        self._updates = Batcher(self._update, window_s=WINDOW, limit=BATCH, gate=gate)
        self._deletes = Batcher(self._delete, window_s=WINDOW, limit=BATCH, gate=gate)

    def read(self, **filters: str | int) -> Iterator[Record]:
        """All records that NetBox gives for the filters, which it may have ignored: the caller checks each.

        No records where the type is not there.

        Raises:
            TargetError: by cause.
        """
        fields = ",".join(["id", *(field.name for field in self._type.fields)])
        about = f"list {self._type.slug}"
        for page in self._api.pages(self._path, {"fields": fields, **filters}, about=about):
            for entry in page:
                yield self._record(entry)

    def create(self, fields: Mapping[str, Any], *, message: str = "") -> Record:
        """Create a record, or take over the one that has its key already and bring it to these fields.

        Raises:
            TargetError: by cause, about this very record.
        """
        wanted = types.canonical(self._type, fields)
        return self._creates.submit(self._write(wanted[self._key], wanted, message=message))

    def update(self, record_id: int, changes: Mapping[str, Any], *, message: str = "") -> Record:
        """Set some fields of a record.

        Raises:
            NotFound: there is no such record any more.
            TargetError: by cause, about this very record.
        """
        wanted = types.canonical(self._type, changes)
        return self._updates.submit(self._write(self._key_of(record_id), wanted, record_id, message))

    def delete(self, record_id: int, *, message: str = "") -> None:
        """Delete a record; none there is as good.

        Raises:
            TargetError: by cause, about this very record.
        """
        try:
            self._deletes.submit(_Write(self._key_of(record_id), record_id=record_id, message=message))
        except NotFound:
            _log.debug("record %d of %s was gone already", record_id, self._type.slug)

    def _key_of(self, record_id: int) -> str:
        return self._keys.get(record_id, f"{self._type.slug} {record_id}")

    def _record(self, entry: Mapping[str, Any]) -> Record:
        fields = types.canonical(
            self._type,
            {
                field.name: self._fabrics.name(entry.get(field.name)) if field.type == OBJECT else entry.get(field.name)
                for field in self._type.fields
            },
        )
        self._keys[entry["id"]] = fields[self._key]
        return Record(entry["id"], f"{self._api.base}{PLUGIN_PAGES}/{self._type.slug}/{entry['id']}/", fields)

    def _write(self, key: str, fields: Mapping[str, Any], record_id: int = 0, message: str = "") -> _Write:
        """The element for `fields`, with the fabric found before others join: that it is missing is only this one's matter."""
        name = fields.get("fabric")
        fabric_id = self._fabrics.id(name) if name else None
        if name and fabric_id is None:
            raise self._api.failure(NotFound, f"write {key}", f"it has no fabric {name}; save the fabric first")
        return _Write(key, fields, record_id, message, fabric_id)

    def _send(self, method: str, verb: str, writes: Sequence[_Write]) -> HttpResponse:
        bodies = [write.body() for write in writes]
        return self._api.write_list(method, self._path, bodies, [f"{verb} {write.key}" for write in writes])

    def _create(self, writes: list[_Write], looks: int = _LOOKS) -> list[Record]:
        response = self._send("POST", "create", writes)
        if not is_duplicate(response):
            return [self._record(entry) for entry in response.body]
        there = self._look_up(writes)
        if looks == 0 or not there:
            raise self._api.duplicate(response, f"create {writes[0].key}")
        return self._take_over(writes, there, looks - 1)

    def _look_up(self, writes: Sequence[_Write]) -> dict[str, Record]:
        """The records that have the keys of `writes` already, whatever fabric they are in."""
        keys = {write.key for write in writes}
        found: dict[str, Record] = {}
        for filters in self._filters(keys):
            found |= {record.fields[self._key]: record for record in self.read(**filters)}
        return {key: record for key, record in found.items() if key in keys}

    def _filters(self, keys: set[str]) -> list[dict[str, str | int]]:
        if self._type is FABRICS:
            return [{self._key: key} for key in sorted(keys)]
        return [claims(fabric) for fabric in sorted({key.partition("/")[0] for key in keys})]

    def _take_over(self, writes: list[_Write], there: Mapping[str, Record], looks: int) -> list[Record]:
        """Bring the records that are there to our fields, and create the others."""
        updates, positions = [], []
        for index, write in enumerate(writes):
            record = there.get(write.key)
            changes = {name: v for name, v in write.fields.items() if record and record.fields[name] != v}
            if record and changes:
                positions.append(index)
                updates.append(dataclasses.replace(write, fields=changes, record_id=record.id))
        done = dict(there)
        try:
            done |= {record.fields[self._key]: record for record in self._update(updates)}
        except RejectedItems as rejected:  # in terms of the whole batch, of which nothing was written yet
            raise RejectedItems({positions[index]: error for index, error in rejected.by_index.items()}) from None
        absent = [write for write in writes if write.key not in there]
        done |= {record.fields[self._key]: record for record in (self._create(absent, looks) if absent else ())}
        return [done[write.key] for write in writes]

    def _update(self, writes: list[_Write]) -> list[Record]:
        if not writes:
            return []
        response = self._send("PATCH", "update", writes)
        if is_duplicate(response):
            raise self._api.duplicate(response, f"update {writes[0].key}")
        records = {entry["id"]: self._record(entry) for entry in response.body}
        return [records[write.record_id] for write in writes]

    def _delete(self, writes: list[_Write]) -> list[None]:
        response = self._send("DELETE", "delete", writes)
        if is_duplicate(response):  # the same exception as for a duplicate: here a reference that would dangle
            raise self._api.failure(Conflict, f"delete {writes[0].key}", "other records still refer to it")
        return [None] * len(writes)


def claims(fabric: str) -> dict[str, str | int]:
    """The filter for records whose ref says that they belong to a fabric, whatever their field `fabric` says."""
    return {"ref__isw": f"{fabric}/"}
