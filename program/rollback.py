"""CRs that a reassignment deleted and that must come back, since what should have followed them was refused. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from providers.core import sections
from providers.core.identity import FABRIC_LABEL
from providers.core.manifest import Attribution, Manifest, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping


def manifest(outputs: Mapping[str, Any]) -> Manifest:
    """A CR as the server had answered to our last write; `outputs` are whole, as `sections.restored`."""
    git, cluster = outputs["git"], sections.recorded_section(outputs, "cluster")
    return Manifest(
        ref=sections.ref_of(outputs),
        spec=cluster.get("spec") or {},
        origin=Origin(git["path"], 1, git["document"]),
        attribution=Attribution(git["commit"], git["author"], git["committed_at"]),
        labels={key: value for key, value in (cluster.get("labels") or {}).items() if key != FABRIC_LABEL},
        annotations=cluster.get("annotations") or {},
    )
