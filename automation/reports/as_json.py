"""The drift report and the plan as one JSON document; docs/report.schema.json is its schema. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automation.reports.links import blob_url
from automation.results import difference_json
from providers.core.drift.report import COUNTS, DriftReport, FabricRecord, Source
from providers.core.drift.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.drift.classify import Detail

# Moves when a key is renamed, removed or means something else; a new key moves nothing.
SCHEMA_VERSION = 1


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
        "differences": [difference_json(difference) for difference in record.differences],
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
        "differences": [difference_json(difference) for difference in detail.differences],
    }
