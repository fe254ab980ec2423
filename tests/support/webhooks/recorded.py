"""What a real Hedgehog server was seen to do, in `cases/`: 267 answers of its webhooks, and the fabric that they need.

A case has an `id` (d: what is filled in, r: what is refused, a: what one might expect to be refused and is taken),
`needs` (what must be there: Kind/name of `cases/fabric.yaml`, or a manifest), one of `create`, `update` and `delete`,
and what comes of it: `stored` or `taken`, `refused` by a webhook, or `server`, refused by the API server before one is
asked. `apply` and `replace` are there where server-side apply gives another answer than POST and PUT; `by: apply` says
that the case is about server-side apply. "F/" stands for "fabric.githedgehog.com/".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from embedded.webhooks.admission import mutate, mutated, validate
from embedded.webhooks.rules.kind import World
from embedded.webhooks.settings import Settings
from embedded.webhooks.subject import Memory
from providers.core.identity import ObjectRef
from providers.core.references import references

if TYPE_CHECKING:
    from collections.abc import Iterable

CASES = Path(__file__).parent / "cases"
VPC_KINDS = {
    "VPC",
    "VPCAttachment",
    "VPCPeering",
    "External",
    "ExternalAttachment",
    "ExternalPeering",
    "IPv4Namespace",
}
OPERATIONS = ("create", "update", "delete")
_OWN = {"spec", "labels", "annotations", "namespace"}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _read(name: str) -> list[dict[str, Any]]:
    return list(yaml.load((CASES / f"{name}.yaml").read_text(), Loader=_LOADER))


def _spelled(labels: dict[str, str]) -> dict[str, str]:
    return {key.replace("F/", "fabric.githedgehog.com/"): value for key, value in labels.items()}


def manifest(item: dict[str, Any]) -> dict[str, Any]:
    """A manifest of the short form {Kind: name, spec: ..., labels: ...}."""
    kind = next(key for key in item if key not in _OWN)
    metadata: dict[str, Any] = {"name": item[kind], "namespace": item.get("namespace", "default")}
    for key in ("labels", "annotations"):
        if key in item:
            metadata[key] = _spelled(item[key])
    group = "vpc" if kind in VPC_KINDS else "wiring"
    made = {"apiVersion": f"{group}.githedgehog.com/v1beta1", "kind": kind, "metadata": metadata}
    return made | {"spec": item["spec"]} if "spec" in item else made


@cache
def fabric() -> dict[str, dict[str, Any]]:
    """The objects that cases name, in an order in which they can be created."""
    found = [manifest(item) for item in _read("fabric")]
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in found}


@cache
def cases() -> list[dict[str, Any]]:
    """Every case."""
    return [case for path in sorted(CASES.glob("*.yaml")) if path.stem != "fabric" for case in _read(path.stem)]


def needed(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The manifests that must be stored before the case."""
    return [fabric()[one] if isinstance(one, str) else manifest(one) for one in case["needs"]]


def operation(case: dict[str, Any]) -> str:
    """What is done: create, update or delete."""
    return next(one for one in OPERATIONS if one in case)


def expected(case: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """What a GET gives back, of a case with `stored`."""
    stored = case["stored"]
    metadata = {"name": sent["metadata"]["name"], "namespace": "default"}
    metadata |= {key: _spelled(stored[key]) for key in ("labels", "annotations") if key in stored}
    made = {"apiVersion": sent["apiVersion"], "kind": sent["kind"], "metadata": metadata}
    return made | ({"spec": stored["spec"]} if "spec" in stored else {})


def in_order(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Manifests of one fabric, each after what it refers to."""
    by_ref = {ObjectRef(one["kind"], "default", one["metadata"]["name"]): one for one in documents}
    ordered: dict[ObjectRef, dict[str, Any]] = {}

    def visit(ref: ObjectRef) -> None:
        if ref in by_ref and ref not in ordered:
            for other in references(ref.kind, by_ref[ref].get("spec") or {}):
                visit(other.ref)
            ordered[ref] = by_ref[ref]

    for ref in by_ref:
        visit(ref)
    return list(ordered.values())


@dataclass(slots=True)
class Fabric:
    """The webhooks with a memory for what is stored: the rules without any server."""

    settings: Settings = field(default_factory=Settings)
    memory: Memory = field(default_factory=Memory)
    stored: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def write(self, sent: dict[str, Any]) -> tuple[int, str, list[str]]:
        """Create or replace an object: (code, message, warnings), and it is stored if the code is 200."""
        kind, name = sent["kind"], sent["metadata"]["name"]
        if kind != "SwitchGroup":
            old = self.stored.get((kind, name))
            answer = mutate(kind, {"object": sent}, self.settings)
            if not answer.allowed:
                return answer.code, answer.message, []
            sent = mutated(kind, sent, self.settings)
            request = {"operation": "UPDATE" if old else "CREATE", "object": sent, "oldObject": old}
            answer = validate(kind, request, World(self.memory, self.settings))
            if not answer.allowed:
                return answer.code, answer.message, []
            warnings = list(answer.warnings)
        else:
            warnings = []
        self.memory.put(kind, sent)
        self.stored[kind, name] = sent
        return 200, "", warnings

    def delete(self, kind: str, name: str) -> tuple[int, str]:
        """Delete an object: (code, message)."""
        if kind != "SwitchGroup":
            request = {"operation": "DELETE", "oldObject": self.stored[kind, name]}
            answer = validate(kind, request, World(self.memory, self.settings))
            if not answer.allowed:
                return answer.code, answer.message
        self.memory.drop(kind, name)
        del self.stored[kind, name]
        return 200, ""

    def load(self, manifests: list[dict[str, Any]]) -> None:
        """Store objects that must be taken."""
        for one in manifests:
            code, message, _ = self.write(one)
            assert code == 200, f"{one['kind']}/{one['metadata']['name']}: {message}"
