"""`hhsync status`: the state of every CR with its reason, from the same facts and the same function as the drift report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automation import context
from automation.reports.summary import crs
from providers.core.drift.classify import current_state
from providers.core.drift.states import State
from providers.core.identity import KINDS
from providers.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from automation.context import RunContext
    from automation.engine.workspace import Workspace
    from automation.progress import Progress
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Origin


@dataclass(frozen=True, slots=True)
class CRStatus:
    """One CR: its state, why, where Git has it (None: nowhere), and whether a sync may delete it."""

    ref: ObjectRef
    state: State
    reason: str
    origin: Origin | None
    managed: bool


@dataclass(frozen=True, slots=True)
class StatusReport:
    """How every CR of a fabric stands, by name. `crs` are those asked for, `counts` are of all.

    `commit` is the head of the tracked branch, `last_commit` the last one that changed the fabric's folder; `applied` the one
    that the last sync applied, "" before the first. `exit_code` is the drift report's, whatever was asked for.
    """

    fabric: str
    crs: tuple[CRStatus, ...]
    counts: Mapping[State, int]
    exit_code: int
    commit: str = ""
    last_commit: str = ""
    applied: str = ""
    notes: tuple[str, ...] = ()
    duration_s: float = field(default=0.0, compare=False)

    @property
    def errors(self) -> list[str]:
        """Why CRs are unknown, each reason once."""
        return list(dict.fromkeys(one.reason for one in self.crs if one.state is State.UNKNOWN))

    def to_json(self) -> dict[str, Any]:
        """The shape that `--json` prints."""
        return {
            "verb": "status",
            "fabric": self.fabric,
            "ok": self.exit_code != 1,
            "exit_code": self.exit_code,
            "duration_s": round(self.duration_s, 3),
            "commit": self.commit,
            "last_folder_commit": self.last_commit,
            "last_applied_commit": self.applied,
            "total": sum(self.counts.values()),
            "counts": {state.value: self.counts.get(state, 0) for state in State},
            "crs": [_json(one) for one in self.crs],
            "notes": list(self.notes),
            "errors": self.errors,
        }


def _json(one: CRStatus) -> dict[str, Any]:
    origin = one.origin
    return {
        "ref": str(one.ref),
        "state": one.state.value,
        "reason": one.reason,
        "managed": one.managed,
        "origin": {"path": origin.path, "line": origin.line, "document": origin.document} if origin else None,
    }


def status(
    workspace: Workspace,
    fabric: str,
    progress: Progress | None = None,
    *,
    kinds: Collection[str] = (),
    states: Collection[str] = (),
) -> StatusReport:
    """The state of every CR that Git, raw/, an edit branch, the state or a server has; none is written.

    `kinds` and `states` choose what is listed, in any case of letters; none of either means all.

    Raises:
        ConfigError: there is no such kind or state.
        GitError, ValidationFailed, EngineError: as `automation.context.read`.
    """
    wanted_kinds = {_named(name, list(KINDS), "kind") for name in kinds}
    wanted_states = {State(_named(name, [one.value for one in State], "state")) for name in states}
    read = context.read(workspace, fabric, progress, across=False, with_convergence=True, with_drafts=True)
    statuses, report = statuses_of(read), read.report()
    return StatusReport(
        fabric=fabric,
        crs=tuple(
            one
            for one in statuses
            if (not kinds or one.ref.kind in wanted_kinds) and (not states or one.state in wanted_states)
        ),
        counts=Counter(one.state for one in statuses),
        exit_code=report.exit_code,
        commit=read.loaded.commit,
        last_commit=read.loaded.last_folder_commit,
        applied=str((read.recorded.fabric or {}).get("last_applied_commit", "")),
        notes=report.notes,
        duration_s=read.seconds,
    )


def statuses_of(read: RunContext) -> tuple[CRStatus, ...]:
    """The state of each CR, by name."""
    return tuple(
        CRStatus(one.ref, *current_state(one), one.origin, managed=one.outputs is not None)
        for one in read.facts.values()
    )


def _named(given: str, known: Collection[str], what: str) -> str:
    for name in known:
        if name.lower() == given.lower():
            return name
    raise ConfigError(f'there is no {what} "{given}"; known: {", ".join(known)}')


def status_text(report: StatusReport) -> str:
    """A line for each CR that was asked for, then one of counts."""
    width = max((len(state.value) for state in State), default=0)
    lines = [_line(one, width) for one in report.crs]
    lines += [f"note: {note}" for note in report.notes]
    reported = [f"{report.counts[state]} {state.value}" for state in State if report.counts.get(state)]
    head = f"; commit {report.commit[:12]}" if report.commit else ""
    lines.append(f"{report.fabric}: {crs(sum(report.counts.values()))}: {', '.join(reported) or 'none'}{head}")
    return "\n".join(lines)


def _line(one: CRStatus, width: int) -> str:
    where = f"  [{one.origin}]" if one.origin else ""
    reason = f"  {one.reason}" if one.reason else ""
    return f"{one.state.value:<{width}}  {one.ref}{reason}{where}"
