"""A run context from values, without any I/O: what Git, the state and the servers say is given."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from automation.context import RunContext
from automation.engine.state.recorded import Recorded
from gitops.desired import DesiredState
from gitops.load import Loaded
from program.config import FabricConfig
from providers.core import sections
from providers.core.drift.facts import Facts
from providers.core.identity import FABRIC_LABEL, KINDS, ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from providers.core.references import references
from providers.settings import ClusterSettings, GitSettings, NetBoxSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FABRIC = "f"
URL = "https://git.example.com/f.git"
COMMIT = "c" * 40
RECORD = {"git_repository": URL, "git_branch": "main", "git_path": ""}


def ref(text: str) -> ObjectRef:
    """A CR by "Kind/name"."""
    kind, name = text.split("/")
    return ObjectRef(kind, "default", name)


def manifest(one: ObjectRef, spec: Mapping[str, Any] | None = None) -> Manifest:
    """A CR as Git has it."""
    by = Attribution(COMMIT, "Ann <ann@example.org>", "2026-01-02T03:04:05Z")
    return Manifest(one, dict(spec or {}), Origin(f"f/{one.name}.yaml", 1, 0), by)


def live(one: ObjectRef, spec: Mapping[str, Any] | None = None, *, label: str | None = FABRIC) -> dict[str, Any]:
    """An object of the cluster, with a fabric's label or none."""
    return {
        "apiVersion": KINDS[one.kind].api_version,
        "kind": one.kind,
        "metadata": {
            "name": one.name,
            "namespace": one.namespace,
            "uid": f"uid-{one.name}",
            "labels": {FABRIC_LABEL: label} if label else {},
        },
        "spec": dict(spec or {}),
    }


def outputs(one: ObjectRef, spec: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the state has of a CR that was applied as Git said then."""
    return {**sections.inputs_for(FABRIC, manifest(one, spec)), "uid": f"uid-{one.name}", "receipt": f"r-{one.name}"}


def synced(one: ObjectRef, spec: Mapping[str, Any] | None = None) -> Facts:
    """The facts of a CR on which all sides agree."""
    inputs = sections.inputs_for(FABRIC, manifest(one, spec))
    return Facts(one, inputs, outputs(one, spec), live(one, spec), dict(inputs["netbox"]), origin=manifest(one).origin)


def committed(one: ObjectRef, spec: Mapping[str, Any] | None = None) -> Facts:
    """The facts of a CR that only Git has."""
    return Facts(one, sections.inputs_for(FABRIC, manifest(one, spec)), origin=manifest(one).origin)


def left(one: ObjectRef, spec: Mapping[str, Any] | None = None) -> Facts:
    """The facts of a managed CR that left Git."""
    whole = synced(one, spec)
    return Facts(one, None, whole.outputs, whole.live, whole.record)


def context(facts: Iterable[Facts], **changes: Any) -> RunContext:
    """The context of these CRs; `changes` replace what it would have besides."""
    known = {one.ref: one for one in sorted(facts, key=lambda one: one.ref)}
    desired = _desired(known.values())
    crs = {one.ref: one.outputs for one in known.values() if one.outputs is not None}
    depends = {
        one: tuple(each.ref for each in references(one.kind, found["cluster"].get("spec") or {}) if each.ref in crs)
        for one, found in crs.items()
    }
    result = {"status": "success", "error": "", "counts": _counts(desired), "last_applied_commit": COMMIT}
    recorded = Recorded(
        crs=crs, depends=depends, identity=RECORD, result=result, component_urn="urn:fabric", result_urn="urn:result"
    )
    settings = FabricConfig(
        FABRIC, GitSettings(URL), ClusterSettings(url="https://c"), NetBoxSettings("https://n", "t"), None
    )
    values: dict[str, Any] = {
        "workspace": SimpleNamespace(),
        "fabric": FABRIC,
        "config": {},
        "settings": settings,
        "session": SimpleNamespace(fabric=FABRIC, cluster=SimpleNamespace(server="https://c")),
        "loaded": Loaded(URL, "main", "", COMMIT, COMMIT, len(desired.manifests), desired),
        "recorded": recorded,
        "facts": known,
        "own": {**RECORD, **result},
        "generated_at": "2026-01-02T03:04:05Z",
    }
    return RunContext(**{**values, **changes})


def _desired(facts: Iterable[Facts]) -> DesiredState:
    found = {one.ref: manifest(one.ref, one.desired["cluster"].get("spec")) for one in facts if one.desired is not None}
    edges = {
        one: tuple(each.ref for each in references(one.kind, made.spec) if each.ref in found)
        for one, made in found.items()
    }
    return DesiredState(found, edges).ordered(dict.fromkeys(found, ()))


def _counts(desired: DesiredState) -> dict[str, int]:
    kinds = [one.kind for one in desired.manifests]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}
