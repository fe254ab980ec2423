"""Documents to CRs: which are ours, what their metadata must be, and what is only counted. Pure; knows no Git and no order."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gitops import metadata
from providers.core import equality, schema
from providers.core.finding import WARNING, Finding
from providers.core.identity import KINDS, VPC_GROUP, WIRING_GROUP, ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops.documents import Document
    from providers.core.field_path import FieldPath

# Required by the CRDs, but written as "" or 0 by Hedgehog's mutating webhook where left out (recorded answers of v0.126).
FILLED_IN = frozenset(
    {("VPC", "interfaceMTU"), ("VPC", "leaseTimeSeconds"), ("ExternalAttachment", "neighbor")}
    | {("ExternalAttachment", "switch")}
)

# Kinds of the two groups that Hedgehog has and hhsync leaves alone.
_GROUPS = (VPC_GROUP, WIRING_GROUP)

_OTHER_KINDS = frozenset({"SwitchProfile", "ServerProfile"})


@dataclass(frozen=True, slots=True)
class Located:
    """A CR and the place it was read from: a document, and the item of a List in it."""

    manifest: Manifest
    document: Document = field(repr=False)
    prefix: FieldPath = ()

    def located(self, finding: Finding) -> Finding:
        """A finding at a field of this CR, with the line of that field."""
        return self.document.located(finding, self.prefix)


@dataclass(slots=True)
class Reading:
    """What a set of documents holds: CRs, findings (errors and warnings), and what was counted and not touched.

    `skipped` counts by "apiVersion/Kind"; `refused` are CRs with an error of their own, where their names are legible: never
    desired, and judged with the others all the same, so that all findings come at once.
    """

    found: list[Located] = field(default_factory=list)
    issues: list[Finding] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    refused: list[Located] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Object:
    """One object of a document: a document itself or an item of a List."""

    document: Document
    prefix: FieldPath
    value: Any

    @property
    def origin(self) -> Origin:
        if not self.prefix:
            return self.document.origin
        own = self.document.origin
        return Origin(own.path, self.document.line_of(self.prefix), own.document)

    def located(self, finding: Finding) -> Finding:
        return self.document.located(finding, self.prefix)


def read(
    documents: Iterable[Document], attribution: Mapping[str, Attribution], schemas: Mapping[str, schema.Schema]
) -> Reading:
    """Tell CRs, findings and foreign objects apart; `attribution` is by path, `schemas` by kind.

    A CR with an error is not among `found`; one with warnings only is.
    """
    reading = Reading()
    for document in documents:
        for each in _objects(_Object(document, (), document.value), reading.issues):
            _read_object(each, attribution, schemas, reading)
    return reading


def _objects(outer: _Object, issues: list[Finding]) -> Iterator[_Object]:
    """The object itself, or the items of `kind: List` and `kind: <Kind>List`."""
    value = outer.value
    kind = value.get("kind") if isinstance(value, Mapping) else None
    api_version = value.get("apiVersion") if isinstance(value, Mapping) else None
    inner = _item_type(api_version, kind)
    if inner is None:
        yield outer
        return
    items = value.get("items")
    if not isinstance(items, list | None):
        issues.append(outer.located(Finding(("items",), "must be a list of objects")))
        return
    for index, item in enumerate(items or ()):
        # Items of a typed list may leave out what the list says already.
        filled = {**inner, **item} if isinstance(item, Mapping) else item
        yield from _objects(_Object(outer.document, (*outer.prefix, "items", index), filled), issues)


def _item_type(api_version: Any, kind: Any) -> dict[str, str] | None:
    """None for an object that is no list; else what its items may leave out."""
    if not isinstance(kind, str) or not isinstance(api_version, str):
        return None
    if kind == "List" and api_version == "v1":
        return {}
    known = KINDS.get(kind.removesuffix("List")) if kind.endswith("List") else None
    return (
        {"apiVersion": api_version, "kind": known.name} if known and api_version.startswith(f"{known.group}/") else None
    )


def _read_object(
    each: _Object, attribution: Mapping[str, Attribution], schemas: Mapping[str, schema.Schema], reading: Reading
) -> None:
    value = each.value
    if not isinstance(value, Mapping):
        reading.issues.append(each.located(Finding((), "not a Kubernetes object; move it out of the fabric's folder")))
        return
    missing = [key for key in ("apiVersion", "kind") if not isinstance(value.get(key), str) or not value[key]]
    if missing:
        what = f"{' and '.join(missing)} missing: not a Kubernetes object; complete it or move it out of the fabric's folder"
        reading.issues.append(each.located(Finding((), what)))
        return
    verdict = _validate(value["apiVersion"], value["kind"])
    if isinstance(verdict, _Foreign):
        reading.skipped[f"{value['apiVersion']}/{value['kind']}"] += 1
    elif isinstance(verdict, _Wrong):
        reading.issues.append(each.located(Finding((verdict.field,), verdict.message)))
    else:
        _read_cr(each, value["kind"], attribution, schemas, reading)


class _Foreign:
    """Another kind or group: counted, not touched."""


@dataclass(frozen=True, slots=True)
class _Wrong:
    field: str
    message: str


def _validate(api_version: str, kind: str) -> _Foreign | _Wrong | None:
    """Whether this is a CR of ours (None), somebody else's, or a mistake."""
    group, _, _ = api_version.rpartition("/")
    known = KINDS.get(kind)
    if known is not None and group in _GROUPS:
        if api_version == known.api_version:
            return None
        if group != known.group:
            return _Wrong("apiVersion", f"{kind} is of {known.api_version}, not {api_version}")
        return _Wrong("apiVersion", f"{api_version} of {kind} is not served; the served version is {known.api_version}")
    if group in _GROUPS and kind not in _OTHER_KINDS and not kind.endswith("List"):
        lower = {name.lower(): name for name in KINDS}
        close = difflib.get_close_matches(kind.lower(), lower, n=1, cutoff=0.8)
        if close:
            return _Wrong("kind", f'{group} has no kind "{kind}"; did you mean "{lower[close[0]]}"?')
    return _Foreign()


def _read_cr(
    each: _Object,
    kind: str,
    attribution: Mapping[str, Attribution],
    schemas: Mapping[str, schema.Schema],
    reading: Reading,
) -> None:
    value = each.value
    checked = metadata.check(kind, value.get("metadata"))
    findings = [*checked.findings]
    if "status" in value:
        findings.append(Finding(("status",), "is the server's to write; ignored", severity=WARNING))
    content = equality.without_nulls({key: part for key, part in value.items() if key not in schema.NOT_CONTENT})
    findings += (_of_schema(kind, one) for one in schemas[kind].findings(content))
    reading.issues += (each.located(replace(finding, rule=finding.rule or "metadata")) for finding in findings)
    origin, spec = each.origin, content.get("spec", {})
    manifest = Manifest(
        ref=ObjectRef(kind, checked.namespace, checked.name),
        spec=spec if isinstance(spec, Mapping) else {},
        origin=origin,
        attribution=attribution[origin.path],
        labels=checked.labels,
        annotations=checked.annotations,
    )
    located = Located(manifest, each.document, each.prefix)
    if not any(one.severity == "error" for one in findings):
        reading.found.append(located)
    elif checked.name:
        reading.refused.append(located)


def _of_schema(kind: str, finding: Finding) -> Finding:
    """A finding of the schema; only a warning where Hedgehog's webhook fills the field in before its schema looks."""
    if finding.rule == "required" and (kind, finding.path[-1]) in FILLED_IN:
        message = "is missing; a Hedgehog server fills it in, an API server without Hedgehog's webhooks refuses the CR"
        return Finding(finding.path, message, f"schema/{finding.rule}", WARNING)
    return replace(finding, rule=f"schema/{finding.rule}")
