"""`preview --json`: one document instead of the display (engine-contract §6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded.engine import urns
from embedded.engine.events import detailed_diff, dumps, state_of
from embedded.engine.steps import Op

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.state import Resource
    from embedded.engine.steps import Step


class PreviewDocument:
    """Collects the steps and diagnostics of one preview."""

    def __init__(self) -> None:
        self.config: Mapping[str, str] = {}
        self._steps: list[dict[str, Any]] = []
        self._diagnostics: list[dict[str, Any]] = []

    def step(self, step: Step) -> None:
        """Add a step; unchanged resources are left out, the stack is not."""
        if step.op is Op.SAME and step.type != urns.STACK_TYPE:
            return
        found: dict[str, Any] = {"op": step.op.value, "urn": step.urn}
        found |= {"provider": step.provider} if step.provider else {}
        found |= {"oldState": _state(step.old)} if step.old else {}
        found |= {"newState": _state(step.new)} if step.new else {}
        decision = step.decision
        if decision is not None and decision.diffs:
            found["diffReasons"] = list(decision.diffs)
        if decision is not None and decision.replace_keys:
            found["replaceReasons"] = list(decision.replace_keys)
        known = decision is not None and decision.detailed is not None
        found["detailedDiff"] = detailed_diff(decision) if decision is not None and known else None
        self._steps.append(json.loads(dumps(found), object_hook=_hide))

    def diagnostic(self, urn: str, message: str, severity: str) -> None:
        """Add something that was said."""
        self._diagnostics.append({**({"urn": urn} if urn else {}), "message": message, "severity": severity})

    def text(self, changes: Mapping[str, int], seconds: float, *, maybe_corrupt: bool) -> str:
        """The document, indented."""
        document: dict[str, Any] = {"config": self.config} if self.config else {}
        document |= {"steps": self._steps, "diagnostics": self._diagnostics}
        document |= {"duration": int(seconds * 1e9), "changeSummary": changes}
        document |= {"maybeCorrupt": True} if maybe_corrupt else {}
        return json.dumps(document, indent=4, ensure_ascii=False)


def _state(resource: Resource) -> dict[str, Any]:
    """The entry in the shape of the checkpoint: what is empty is left out."""
    found = state_of(resource) or {}
    found |= {"dependencies": resource.dependencies, "propertyDependencies": resource.property_dependencies}
    kept = {key: value for key, value in found.items() if value or key in ("urn", "type")}
    return {"custom": resource.custom, **kept}


def _hide(value: dict[str, Any]) -> Any:
    """A blinded secret as the plain text `[secret]`."""
    return value["ciphertext"] if value.get("ciphertext") == "[secret]" else value
