"""`hhsync orphans`: what is on the servers and not in Git; and the removal of those that a person names."""

from __future__ import annotations

import graphlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automation import context
from automation.reports.as_json import detail_json, drift_errors
from automation.reports.as_text import known_text, state_text
from providers import orphan_records
from providers.core.drift.facts import Unread
from providers.core.identity import DEFAULT_NAMESPACE, KINDS, ObjectRef
from providers.core.planning import plan
from providers.core.references import references
from providers.core.sections import NOT_FROM_GIT
from providers.errors import ConfigError, TargetError, UnsafeChange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from automation.context import RunContext
    from automation.engine.workspace import Workspace
    from automation.progress import Progress
    from providers.core.drift.classify import Detail
    from providers.core.drift.facts import Facts


@dataclass(frozen=True, slots=True)
class Orphans:
    """The orphans of a fabric, and those that were removed just now. `errors` are servers that could not be read or refused."""

    fabric: str
    details: tuple[Detail, ...]
    generated_at: str
    removed: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0, or 1 where a server could not be read or refused."""
        return 1 if self.errors else 0

    def to_json(self) -> dict[str, Any]:
        """The shape that `--json` prints."""
        return {
            "verb": "orphans",
            "fabric": self.fabric,
            "ok": not self.errors,
            "exit_code": self.exit_code,
            "orphans": [detail_json(one, None) for one in self.details],
            "removed": list(self.removed),
            "errors": list(self.errors),
        }

    def text(self) -> str:
        """A line for each, and one of counts."""
        lines = [f"{name}  removed" for name in self.removed]
        for one in self.details:
            known = known_text(one, self.generated_at)
            lines.append(f"{one.ref}  {state_text(one)}" + (f": {known}" if known else ""))
        managed = sum(one.managed for one in self.details)
        counts = f"{len(self.details) - managed} unmanaged, {managed} managed (the next sync deletes those)"
        return "\n".join([*lines, f"{self.fabric}: {counts if self.details else 'no orphans'}"])


def parse(text: str) -> ObjectRef:
    """KIND/NAME or KIND/NAMESPACE/NAME.

    Raises:
        ConfigError: it is neither, or no kind of ours.
    """
    parts = text.split("/")
    if len(parts) == 2:
        parts.insert(1, DEFAULT_NAMESPACE)
    if len(parts) != 3 or not all(parts) or parts[0] not in KINDS:
        raise ConfigError(
            f'"{text}" names no CR: write KIND/NAME or KIND/NAMESPACE/NAME, with one of {", ".join(KINDS)}'
        )
    return ObjectRef(*parts)


def listed(workspace: Workspace, fabric: str, progress: Progress | None = None) -> Orphans:
    """The orphans, managed or not.

    Raises:
        HhsyncError: Git or the state cannot be read.
    """
    return _found(context.read(workspace, fabric, progress, across=False))


def _found(run: RunContext, removed: Sequence[str] = (), errors: Sequence[str] = ()) -> Orphans:
    report = run.report()
    details = tuple(one for one in plan.orphans(run.plan) if str(one.ref) not in set(removed))
    return Orphans(run.fabric, details, run.generated_at, tuple(removed), (*errors, *drift_errors(report)))


def remove(workspace: Workspace, fabric: str, refs: Sequence[ObjectRef], progress: Progress | None = None) -> Orphans:
    """Delete these unmanaged CRs from both servers: what refers to others first. Nothing is deleted unless all may be.

    Raises:
        UnsafeChange: one of them is managed, in Git, or nowhere.
        HhsyncError: Git or the state cannot be read.
    """
    run = context.read(workspace, fabric, progress, across=False)
    chosen = {ref: _removable(ref, run.facts.get(ref), fabric) for ref in refs}
    removed, errors = [], []
    for ref in _ordered(chosen):
        try:
            orphan_records.remove(run.session, ref, chosen[ref])
        except TargetError as error:
            errors.append(str(error))
            break
        removed.append(str(ref))
    return _found(run, removed, errors)


def _removable(ref: ObjectRef, facts: Facts | None, fabric: str) -> Mapping[str, Any] | None:
    """The live object of a CR that may be removed; None where only NetBox has it."""
    if facts is None:
        raise UnsafeChange(
            f"{ref} is neither in the cluster nor in NetBox, or belongs to another fabric; nothing was removed"
        )
    for side in (facts.live, facts.record):
        if isinstance(side, Unread):
            raise UnsafeChange(f"whether {ref} may be removed is not known: {side.reason}; nothing was removed")
    if facts.desired is not None:
        raise UnsafeChange(f"{ref} is in Git at {facts.origin}; delete it there; nothing was removed")
    if facts.outputs is not None:
        raise UnsafeChange(f"{ref} is managed, and the next hhsync sync {fabric} deletes it; nothing was removed")
    return None if facts.live is None or isinstance(facts.live, Unread) else facts.live


def _ordered(chosen: Mapping[ObjectRef, Mapping[str, Any] | None]) -> list[ObjectRef]:
    """What refers to others comes before them; a circle is left to the server."""
    edges: dict[ObjectRef, set[ObjectRef]] = {ref: set() for ref in sorted(chosen)}
    for ref, live in chosen.items():
        spec = (live or {}).get("spec") or {}
        for parent in {one.ref for one in references(ref.kind, spec, ref.namespace)} & edges.keys() - {ref}:
            edges[parent].add(ref)
    try:
        return list(graphlib.TopologicalSorter(edges).static_order())
    except graphlib.CycleError:
        return sorted(chosen)


def record(run: RunContext) -> int:
    """Record the unmanaged CRs of the cluster in NetBox as "Not from Git"; returns how many records were written.

    Raises:
        TargetError: NetBox refused or could not be reached; or a server could not be read.
    """
    unmanaged = [one for one in run.facts.values() if one.desired is None and one.outputs is None]
    live = {one.ref: one.live for one in unmanaged if one.live is not None and not isinstance(one.live, Unread)}
    gone = [
        one.ref
        for one in unmanaged
        if one.live is None
        and one.record is not None
        and not isinstance(one.record, Unread)
        and one.record.get("git_status") == NOT_FROM_GIT
    ]
    return orphan_records.record(run.session, live, gone) if live or gone else 0
