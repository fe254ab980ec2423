"""What the stack's state records of a fabric: the outputs of every managed CR, and the fabric's own record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automation.engine.workspace import engine_errors
from automation.events import kind_of
from providers.core import sections
from providers.core.identity import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from automation.engine.workspace import Workspace
    from providers.core.identity import ObjectRef

HOOK_TYPE = "command:local:Command"
_FABRIC = ("FabricIdentity", "FabricResult")


@dataclass(frozen=True, slots=True)
class Recorded:
    """`crs` are outputs by CR, `urns` the resources' names in the state; `fabric` the record's fields, None before a sync.

    `result_urn` is the fabric's result, which depends on every CR, or ""; `hook_urns` are the commands that follow it.
    """

    crs: Mapping[ObjectRef, Mapping[str, Any]] = field(default_factory=dict)
    urns: Mapping[ObjectRef, str] = field(default_factory=dict)
    fabric: Mapping[str, Any] | None = None
    result_urn: str = ""
    hook_urns: tuple[str, ...] = ()


def read(workspace: Workspace, fabric: str) -> Recorded:
    """The state of a fabric's stack.

    Raises:
        EngineError: there is no such stack, or its state cannot be read.
    """
    stack = workspace.select(fabric)
    with engine_errors(fabric):
        deployment = stack.export_stack().deployment or {}
    return recorded(_consumed(deployment.get("resources") or []))


def _consumed(resources: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The resources one by one, each forgotten when the next is asked for: a large state is never held twice."""
    resources.reverse()
    while resources:
        yield resources.pop()


def recorded(resources: Iterable[Mapping[str, Any]]) -> Recorded:
    """The same from a state's resources; those that are on their way out are not recorded."""
    crs: dict[ObjectRef, Mapping[str, Any]] = {}
    urns: dict[ObjectRef, str] = {}
    fabric: dict[str, Any] | None = None
    result_urn, hook_urns = "", []
    for resource in resources:
        kind, outputs = kind_of(resource["type"]), resource.get("outputs")
        if resource.get("delete") or not outputs:
            continue
        if resource["type"] == HOOK_TYPE:
            hook_urns.append(str(resource["urn"]))
        if kind in KINDS:
            restored = sections.restored(outputs)
            ref = sections.ref_of(restored)
            crs[ref], urns[ref] = restored, str(resource["urn"])
        elif kind in _FABRIC:
            fabric = {**(fabric or {}), **(outputs.get("record") or {})}
            result_urn = str(resource["urn"]) if kind == "FabricResult" else result_urn
    return Recorded(crs, urns, fabric, result_urn, tuple(hook_urns))
