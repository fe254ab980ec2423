"""What is known of one CR: Git's side, the state's, and the servers'. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.core import sections
from providers.core.equality import same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.drift.adoption import Adoption
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Origin


@dataclass(frozen=True, slots=True)
class Unread:
    """A side that could not be read, with the reason; never "in sync"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known of one CR. None means: not there. `reference` is a dry-run answer, where one was asked for.

    `draft` is where the CR exists besides Git's tracked revision, `lags` which of its switches run something older, `waits` for
    which CR it waits, whose last apply failed; "" if none.
    """

    ref: ObjectRef
    desired: sections.Inputs | None = None
    outputs: Mapping[str, Any] | None = None
    live: Mapping[str, Any] | Unread | None = None
    record: Mapping[str, Any] | Unread | None = None
    reference: Mapping[str, Any] | None = None
    origin: Origin | None = None
    note: str = ""
    adoption: Adoption | None = None
    draft: str = ""
    not_converged: str = ""
    waits: str = ""


def needs_reference(facts: Facts) -> bool:
    """Whether the cluster's object differs from what it answered to our last write, so that a dry run should be asked."""
    if facts.outputs is None or facts.live is None or isinstance(facts.live, Unread):
        return False
    recorded = sections.recorded_section(facts.outputs, "cluster")
    return not same(recorded, sections.cluster_section(facts.live, facts.outputs["cluster"]))
