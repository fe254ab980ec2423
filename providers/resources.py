"""The resource classes that the program declares: one per kind, the fabric component, its identity and its result.

LOAD-BEARING: type tokens and logical names are stored in every state.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi import dynamic

from providers.core.identity import KINDS
from providers.fabric_lifecycle import FabricIdentityProvider, FabricResultProvider
from providers.lifecycle import HedgehogProvider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.identity import ObjectRef
    from providers.core.sections import Inputs

# One instance for all, so that every CR carries the same pickle.
_PROVIDER = HedgehogProvider()


class CustomResource(dynamic.Resource):
    """One CR; `receipt` changes with every write that a server accepted."""

    receipt: pulumi.Output[str]

    def __init__(self, ref: ObjectRef, inputs: Inputs, opts: pulumi.ResourceOptions) -> None:
        super().__init__(_PROVIDER, str(ref), {**inputs, "receipt": None}, opts)


def _class_of(kind: str) -> type[CustomResource]:
    return types.new_class(kind, (CustomResource,), {"module": "hedgehog", "name": kind})


# Type tokens `pulumi-python:dynamic/hedgehog:<Kind>`.
CLASSES: Mapping[str, type[CustomResource]] = {kind: _class_of(kind) for kind in KINDS}


class Fabric(pulumi.ComponentResource):
    """The parent of everything that belongs to one fabric."""

    def __init__(self, name: str) -> None:
        super().__init__("hhsync:index:Fabric", name)


class FabricIdentity(dynamic.Resource, module="hedgehog", name="FabricIdentity"):
    """Where a fabric's CRs come from; made before all CRs."""

    def __init__(self, fabric: str, record: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        props = {"fabric": fabric, "record": dict(record)}
        super().__init__(FabricIdentityProvider(), f"{fabric}/identity", props, opts)


class FabricResult(dynamic.Resource, module="hedgehog", name="FabricResult"):
    """What the last sync of a fabric achieved; made after all CRs, unchanged when nothing was written."""

    def __init__(
        self, fabric: str, record: Mapping[str, Any], receipts: pulumi.Output[str], opts: pulumi.ResourceOptions
    ) -> None:
        props = {"fabric": fabric, "record": dict(record), "receipts": receipts}
        super().__init__(FabricResultProvider(), f"{fabric}/result", props, opts)
