"""The fabric's own record in NetBox, as two resources: its identity before all CRs, its result after all.

LOAD-BEARING: every stack's state stores the import paths of the two classes (pickles by reference).
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from providers import orphan_records
from providers.core.diff import overlay
from providers.core.equality import canonical, integral
from providers.lifecycle import quiet_tracebacks
from providers.session import Session, Sessions
from providers.settings import config_of

if TYPE_CHECKING:
    from pulumi.dynamic import ConfigureRequest


class _FabricRecordProvider(ResourceProvider):
    """Owns some fields of the fabric's record: those in `fields`, under the inputs' key `record`."""

    serialize_as_secret_always = False
    fields: ClassVar[tuple[str, ...]] = ()
    _sessions: Sessions

    def configure(self, req: ConfigureRequest) -> None:
        """Take the connection details from stack config; no server is contacted yet."""
        quiet_tracebacks()
        self._sessions = Sessions(config_of(req.config.get))

    def _session(self, props: dict[str, Any]) -> Session:
        return self._sessions.of(props["fabric"])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Leave the comparison to the engine."""
        return DiffResult()

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Write our fields, adopting the record that may be there."""
        return CreateResult(f"Fabric/{props['fabric']}/{type(self).__name__}", self._write(integral(props)))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Write our fields where they differ."""
        return UpdateResult(self._write(integral(news)))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Our fields as the record has them now; no record is an empty id."""
        outs = integral(props)
        record = self._session(outs).netbox.fabric(outs["fabric"])
        if record is None:
            return ReadResult("", {})
        desired = outs["record"]
        live = canonical({name: record.fields.get(name) for name in desired})
        inputs = {key: value for key, value in outs.items() if key in ("fabric", "record", "receipts")}
        return ReadResult(id_, outs, {**inputs, "record": overlay(desired, canonical(desired), live)})

    def _write(self, props: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


class FabricIdentityProvider(_FabricRecordProvider):
    """Repository, branch and path of a fabric; which cluster it is, as a published copy.

    Its creation makes NetBox's types; its deletion removes the record.
    """

    def _write(self, props: dict[str, Any]) -> dict[str, Any]:
        session = self._session(props)
        session.ensure_types()
        published = {"cluster": session.cluster.identity()}
        record = session.netbox.save_fabric(props["fabric"], {**props["record"], **published})
        return {**props, "netbox_id": record.id, "netbox_url": record.url}

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Remove the fabric's record, and before it those of CRs that are not in Git; the types stay for other fabrics."""
        session = self._session(props)
        orphan_records.forget_all(session)
        session.netbox.delete_fabric(props["fabric"])


class FabricResultProvider(_FabricRecordProvider):
    """Status, one-line error, counts per kind, last applied commit, and when a sync last changed something."""

    def _write(self, props: dict[str, Any]) -> dict[str, Any]:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self._session(props).netbox.save_fabric(props["fabric"], {**props["record"], "last_changed_at": now})
        return {**props, "last_changed_at": now}

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Leave the record: its identity is deleted after it."""
