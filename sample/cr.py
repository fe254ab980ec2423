"""A generated CR: its document and the file that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from providers.core.identity import DEFAULT_NAMESPACE, KINDS


@dataclass(frozen=True, slots=True)
class CR:
    """One CR: path of its file from the fabric's folder, kind, name, spec and labels."""

    path: str
    kind: str
    name: str
    spec: dict[str, Any]
    labels: dict[str, str] | None = None

    def document(self) -> dict[str, Any]:
        """The manifest as a YAML document would hold it."""
        metadata: dict[str, Any] = {"name": self.name, "namespace": DEFAULT_NAMESPACE}
        if self.labels:
            metadata["labels"] = dict(self.labels)
        return {
            "apiVersion": KINDS[self.kind].api_version,
            "kind": self.kind,
            "metadata": metadata,
            "spec": self.spec,
        }
