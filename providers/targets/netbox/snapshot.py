"""What one run sees of a fabric's records in NetBox: one LIST per kind, whatever the number of CRs and threads."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from providers import errors
from providers.core.identity import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from providers.core.identity import Kind, ObjectRef
    from providers.targets.netbox.records import Record
    from providers.targets.netbox.target import NetBox


class NetBoxSnapshot:
    """The records of one fabric as one run sees them: one LIST per kind, asked when first needed, and then our own writes.

    A failed LIST fails once and for the whole run: what could not be read is unknown, however often it is asked for.
    """

    def __init__(self, netbox: NetBox, fabric: str) -> None:
        self._netbox = netbox
        self._fabric = fabric
        self._records = {name: _Once(partial(netbox.list, kind, fabric)) for name, kind in KINDS.items()}
        self._misassigned = {name: _Once(partial(netbox.misassigned, kind, fabric)) for name, kind in KINDS.items()}

    def get(self, ref: ObjectRef) -> Record | None:
        """The record of a CR, also where somebody moved it to another fabric; None where there is none.

        Raises:
            TargetError: by cause.
        """
        key = ref.record_ref(self._fabric)
        record = self._records[ref.kind].value().get(key)
        # Only what is missing can be elsewhere, so a fabric in order costs no second LIST.
        return record or self._misassigned[ref.kind].value().get(key)

    def all(self, kind: Kind) -> dict[str, Record]:
        """All records of one kind in the fabric, by `ref`; also those that Git does not know.

        Raises:
            TargetError: by cause.
        """
        return dict(self._records[kind.name].value())

    def put(self, ref: ObjectRef, record: Record) -> None:
        """Remember what NetBox answered to our write."""
        key = ref.record_ref(self._fabric)
        self._misassigned[ref.kind].remember(key, None)
        self._records[ref.kind].remember(key, record)

    def drop(self, ref: ObjectRef) -> None:
        """Remember that we deleted the record."""
        key = ref.record_ref(self._fabric)
        self._misassigned[ref.kind].remember(key, None)
        self._records[ref.kind].remember(key, None)


class _Once:
    """A dictionary that the first caller fetches for all; its error is everybody's."""

    def __init__(self, fetch: Callable[[], dict[str, Record]]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._value: dict[str, Record] | None = None
        self._error: errors.TargetError | None = None

    def value(self) -> dict[str, Record]:
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._value is None:
                try:
                    self._value = self._fetch()
                except errors.TargetError as error:
                    self._error = error
                    raise
            return self._value

    def remember(self, key: str, record: Record | None) -> None:
        """Change what was fetched; what was not fetched yet will come as the server has it then."""
        with self._lock:
            if self._value is None:
                return
            if record is None:
                self._value.pop(key, None)
            else:
                self._value[key] = record
