"""The drift report and the plan as one JSON document; docs/report.schema.json is its schema. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automation.reports.links import blob_url
from providers.core.drift.report import COUNTS, Detail, Difference, DriftReport, FabricRecord, Source
from providers.core.drift.sides import CLUSTER, NETBOX, Property
from providers.core.drift.states import State
from providers.core.equality import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION = 1
#: Moves when a key is renamed, removed or means something else; a new key moves nothing.


def drift_json(
    report: DriftReport, duration_s: float = 0.0, *, verb: str = "drift", plan: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The report in its stable shape; `plan` is what `automation.operations.plan_file` adds, None in a report of drift."""
    return {
        "schema_version": SCHEMA_VERSION,
        "verb": verb,
        "fabric": report.fabric,
        "ok": report.exit_code != 1,
        "exit_code": report.exit_code,
        "generated_at": report.generated_at,
        "duration_s": round(duration_s, 3),
        "source": _source_json(report.source) if report.source else None,
        "total": report.total,
        **{name: report.counts.get(name, 0) for name in COUNTS},
        "fabric_record": _record_json(report.record) if report.record else None,
        "details": [detail_json(detail, report.source) for detail in report.details],
        "notes": list(report.notes),
        "errors": drift_errors(report),
        "plan": None if plan is None else dict(plan),
    }


def drift_errors(report: DriftReport) -> list[str]:
    """Why CRs or the fabric's record are unknown, each reason once."""
    unknown = [detail.reason for detail in report.details if detail.state is State.UNKNOWN]
    if report.record and report.record.state is State.UNKNOWN:
        unknown.append(report.record.reason)
    return list(dict.fromkeys(reason for reason in unknown if reason))


def _source_json(source: Source) -> dict[str, Any]:
    return {"repository": source.url, "branch": source.branch, "folder": source.folder, "commit": source.commit}


def _record_json(record: FabricRecord) -> dict[str, Any]:
    return {
        "state": record.state.value,
        "reason": record.reason,
        "differences": [_difference_json(one) for one in record.differences],
    }


def detail_json(detail: Detail, source: Source | None) -> dict[str, Any]:
    """One CR."""
    origin = detail.origin
    return {
        "ref": str(detail.ref),
        "state": detail.state.value,
        "managed": detail.managed,
        "attribution_only": detail.attribution_only,
        "action": detail.action,
        "origin": {
            "path": origin.path,
            "line": origin.line,
            "document": origin.document,
            "url": blob_url(source, origin),
        }
        if origin
        else None,
        "reason": detail.reason,
        "places": list(detail.places),
        "managers": list(detail.managers),
        "created_at": detail.created_at,
        "owned_by_others": [{"path": path, "managers": list(names)} for path, names in sorted(detail.owned.items())],
        "differences": [_difference_json(one) for one in detail.differences],
        "properties": [_property_json(one) for one in detail.properties],
    }


def _difference_json(one: Difference) -> dict[str, Any]:
    return {"path": one.path, **_present({"desired": one.desired, "recorded": one.recorded, "observed": one.observed})}


def _property_json(one: Property) -> dict[str, Any]:
    values = _present({"git": one.git, CLUSTER: one.cluster, NETBOX: one.netbox})
    return {"path": one.path, **values, "differs": list(one.differs)}


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {side: value for side, value in values.items() if value is not MISSING}
