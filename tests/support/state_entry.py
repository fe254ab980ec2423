"""A CR's entry in the state as a checkpoint holds it, with everything in it that grows with the CR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi.dynamic.dynamic import serialize_provider

from providers.core import sections
from providers.lifecycle import HedgehogProvider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from providers.core.identity import ObjectRef
    from providers.core.manifest import Manifest

PAGE = "http://netbox.example.org/plugins/custom-objects/hedgehog-externalattachments/100000/"
URN = "urn:pulumi:fabric-1::hhsync::hhsync:index:Fabric$pulumi-python:dynamic/hedgehog:{}::{}"


def entry(manifest: Manifest, references: Iterable[ObjectRef]) -> dict[str, Any]:
    """The entry after a sync to a server that stores what it is sent."""
    inputs = sections.inputs_for("fabric-1", manifest)
    facts = {"uid": "u" * 36, "generation": 10, "netbox_id": 100000, "netbox_url": PAGE, "receipt": "r" * 12}
    pickle = serialize_provider(HedgehogProvider())
    return {
        "urn": URN.format(manifest.ref.kind, manifest.ref),
        "custom": True,
        "id": str(manifest.ref),
        "type": f"pulumi-python:dynamic/hedgehog:{manifest.ref.kind}",
        "inputs": {**inputs, "__provider": pickle},
        "outputs": {**sections.stored({**inputs, "applied": {}, **facts}), "__provider": pickle},
        "parent": "urn:pulumi:fabric-1::hhsync::hhsync:index:Fabric::fabric-1",
        "dependencies": [
            URN.format("FabricIdentity", "fabric-1/identity"),
            *(URN.format(ref.kind, ref) for ref in references),
        ],
        "provider": f"urn:pulumi:fabric-1::hhsync::pulumi:providers:pulumi-python::default::{'i' * 36}",
        "propertyDependencies": {key: [] for key in ("__provider", "cluster", "git", "netbox")},
        "created": "2026-11-21T12:13:43.844211667Z",
        "modified": "2026-11-21T12:13:43.844211667Z",
        "sourcePosition": "project:///providers/resources.py#34",
    }
