"""What an operation did: frozen values and their stable JSON shape (docs/command.md).

Every figure of a sync is counted from what the servers answered, never from what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automation.engine.info import EngineInfo
from providers.core.equality import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from providers.core.drift.convergence import Agent
    from providers.core.drift.difference import Difference

# The verbs of an engine run.
PREVIEW, SYNC, DESTROY = "preview", "sync", "destroy"

INTERRUPTED = "interrupted: what the servers accepted is in the state; run the same command again to go on"

# 0 in sync or done, 1 error, 2 drift or pending changes, 130 interrupted by Ctrl-C (128 + SIGINT).
EXIT_DONE, EXIT_ERROR, EXIT_CHANGES, EXIT_INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One resource that changes: `action` is create, adopt, update, attribution, replace or delete.

    `adopt` is a create of what the cluster had already; its properties are those that it changes. `attribution` is an update
    of nothing but where Git says the CR comes from. `differences` are what a server has now (or had), and what Git says;
    empty for create and delete.
    """

    ref: str
    action: str
    differences: tuple[Difference, ...] = ()
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """`{"ref", "action", "differences": […], "note"?}`; `note`: what the change waits for, or why the server refuses it."""
        return {
            "ref": self.ref,
            "action": self.action,
            "differences": [difference_json(difference) for difference in self.differences],
            **({"note": self.note} if self.note else {}),
        }


def difference_json(difference: Difference) -> dict[str, Any]:
    """`{"path", "git"?, "recorded"?, "cluster"?, "netbox"?, "owned_by"?}`; an absent side has no key.

    `path` begins with where the difference was found, e.g. cluster.spec.subnets.default.vlan; `owned_by` are the other field
    managers that own the property in the cluster.
    """
    values = {
        "git": difference.git,
        "recorded": difference.recorded,
        "cluster": difference.cluster,
        "netbox": difference.netbox,
        "owned_by": list(difference.owned_by) or MISSING,
    }
    return {"path": str(difference), **{side: value for side, value in values.items() if value is not MISSING}}


@dataclass(frozen=True, slots=True)
class Counts:
    """CRs by what was done to them (in a preview: what would be done). The fabric's own records are not CRs."""

    created: int = 0
    updated: int = 0
    attribution: int = 0
    replaced: int = 0
    deleted: int = 0
    unchanged: int = 0
    failed: int = 0
    adopted: int = 0

    @property
    def changed(self) -> int:
        """How many CRs were written."""
        return self.created + self.adopted + self.updated + self.attribution + self.replaced + self.deleted

    @property
    def total(self) -> int:
        """How many CRs the run looked at, failed ones included."""
        return self.changed + self.unchanged + self.failed

    def to_json(self) -> dict[str, int]:
        """The eight counts by name."""
        return {
            "created": self.created,
            "adopted": self.adopted,
            "updated": self.updated,
            "attribution": self.attribution,
            "replaced": self.replaced,
            "deleted": self.deleted,
            "unchanged": self.unchanged,
            "failed": self.failed,
        }


@dataclass(frozen=True, slots=True)
class Reassignment:
    """A delete-first phase: the CRs deleted before anything else, why, and those that were rolled back."""

    first: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    rolled_back: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """`{"deleted_first", "because", "rolled_back"}`, each a list of texts."""
        return {"deleted_first": list(self.first), "because": list(self.because), "rolled_back": list(self.rolled_back)}


NO_AGENTS = "the cluster has no Agents, so whether the switches run this is not known; not waited for"


@dataclass(frozen=True, slots=True)
class Health:
    """How the waiting ended: the switches that were followed, and those that had not taken up the change in time."""

    watched: tuple[str, ...] = ()
    not_converged: tuple[Agent, ...] = ()
    seconds: float = 0.0
    known: bool = True

    @property
    def text(self) -> str:
        """One line."""
        if not self.known:
            return NO_AGENTS
        if not self.watched:
            return "no switch is concerned"
        if self.not_converged:
            named = ", ".join(str(agent) for agent in self.not_converged)
            done = len(self.watched) - len(self.not_converged)
            return f"{done} of {len(self.watched)} switches run it after {self.seconds:.0f} s; behind: {named}"
        return f"all {len(self.watched)} switches concerned run it ({self.seconds:.0f} s)"

    def to_json(self) -> dict[str, Any]:
        """`{"known", "switches", "not_converged": [{"switch", "generation", "applied"}], "seconds"}`."""
        not_converged = [
            {"switch": one.switch, "generation": one.generation, "applied": one.applied} for one in self.not_converged
        ]
        return {
            "known": self.known,
            "switches": list(self.watched),
            "not_converged": not_converged,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class NotDone:
    """A CR that a failed sync did not bring in sync, and why."""

    ref: str
    why: str

    def to_json(self) -> dict[str, Any]:
        """The two fields by name."""
        return {"ref": self.ref, "why": self.why}


@dataclass(frozen=True, slots=True)
class OperationResult:
    """One preview, sync or destroy. `fabric_changes` are those of the fabric's own record and the stack's components.

    `failed` are the CRs that a server refused, by name; `reassignment` is a delete-first phase that was (or would be) taken,
    `health` what became of the waiting for switches, where somebody asked for it.
    """

    verb: str
    fabric: str
    counts: Counts
    changes: tuple[ResourceChange, ...] = ()
    fabric_changes: tuple[ResourceChange, ...] = ()
    failed: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    duration_s: float = 0.0
    engine: EngineInfo = field(default_factory=lambda: EngineInfo("none", ""))
    interrupted: bool = False
    reassignment: Reassignment | None = None
    partial: bool = False
    not_done: tuple[NotDone, ...] = ()
    orphans_recorded: int | None = None
    health: Health | None = None
    ingest: Mapping[str, Any] | None = None

    @property
    def ok(self) -> bool:
        """Whether the run ended without an error."""
        return not self.errors

    @property
    def has_changes(self) -> bool:
        """Whether anything was written, or in a preview would be."""
        return bool(self.changes or self.fabric_changes or (self.ingest and self.ingest["moved"]))

    @property
    def exit_code(self) -> int:
        """130 when interrupted; 1 on error; 2 for a preview with changes, or switches that are behind; else 0."""
        if self.interrupted:
            return EXIT_INTERRUPTED
        if not self.ok:
            return EXIT_ERROR
        pending = self.has_changes if self.verb == PREVIEW else bool(self.health and self.health.not_converged)
        return EXIT_CHANGES if pending else EXIT_DONE

    def to_json(self) -> dict[str, Any]:
        """The shape that `--json` prints."""
        return {
            "verb": self.verb,
            "fabric": self.fabric,
            "ok": self.ok,
            "exit_code": self.exit_code,
            "engine": {"name": self.engine.name, "version": self.engine.version},
            "duration_s": round(self.duration_s, 3),
            "counts": self.counts.to_json(),
            "changes": [change.to_json() for change in self.changes],
            "fabric_changes": [change.to_json() for change in self.fabric_changes],
            **({"reassignment": self.reassignment.to_json()} if self.reassignment else {}),
            **({"health": self.health.to_json()} if self.health else {}),
            **({"ingest": dict(self.ingest)} if self.ingest else {}),
            "errors": list(self.errors),
            "warnings": list(self.warnings),
            "partial": self.partial,
            "not_done": [one.to_json() for one in self.not_done],
            **({} if self.orphans_recorded is None else {"orphans_recorded": self.orphans_recorded}),
        }


def failure(verb: str, fabric: str, errors: Sequence[str]) -> dict[str, Any]:
    """The JSON of a verb that ended before it had a result: same keys as every verb shares, nothing done."""
    return {"verb": verb, "fabric": fabric, "ok": False, "exit_code": EXIT_ERROR, "errors": list(errors)}
