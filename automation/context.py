"""One run of a verb as one value: config, the pinned commit, desired, recorded and observed, and the plan that follows.

Everything is read once and side by side: the stack's config and state by the Pulumi CLI, Git by one fetch, each server by
one LIST a kind. Every verb is a function of this value; what a sync has written is laid on top without reading again.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from automation import facts as joining
from automation.agents import Convergence, convergence
from automation.drafts import Drafts, drafts
from automation.engine import ahead
from automation.progress import Progress, log_phase, silent, ticking
from gitops import load
from gitops.load import Selection
from program import bootstrap, record
from program import config as stack_config
from program.cluster_checks import known_to
from providers.core.drift import fabric_record
from providers.core.drift.report import DriftReport, FabricRecord, Source, report_of
from providers.core.drift.waiting import waiting
from providers.core.planning import plan as planning
from providers.session import Session
from providers.settings import flag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from automation.engine.state.recorded import Recorded
    from automation.engine.workspace import Workspace
    from gitops.load import Loaded
    from program.config import FabricConfig
    from providers.core.drift.facts import Facts, Unread
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Manifest
    from providers.core.planning.plan import Plan, RecordStep

log = logging.getLogger("hhsync.context")

# Requests in flight: one LIST a kind and server, then the dry runs of what differs.
_AT_ONCE = 12


@dataclass(frozen=True)
class RunContext:
    """Everything that a verb knows of one fabric.

    `config` has flat keys without namespace, `settings` the same as values. `facts` join the three sides by CR. `own` are the
    fields of the fabric's own record in NetBox. `selection` are the CRs that a partial sync takes, None where all are.
    """

    workspace: Workspace
    fabric: str
    config: Mapping[str, str]
    settings: FabricConfig
    session: Session
    loaded: Loaded
    recorded: Recorded
    facts: Mapping[ObjectRef, Facts]
    own: Mapping[str, Any] | Unread | None
    notes: tuple[str, ...] = ()
    generated_at: str = ""
    seconds: float = 0.0
    selection: Selection | None = None

    @cached_property
    def plan(self) -> Plan:
        """What a sync does."""
        return planning.build(
            self.fabric,
            self._planned(),
            self.loaded.desired.references,
            depends=self.recorded.depends,
            record=self._record_steps(),
        )

    def _planned(self) -> Iterator[Facts]:
        """The facts that count: all, or those of a partial sync, which leaves every other CR as it is."""
        for one in self.facts.values():
            if (
                self.selection is None
                or one.ref in self.selection.refs
                or (one.desired is None and one.outputs is None)
            ):
                yield one

    def _record_steps(self) -> tuple[RecordStep, ...]:
        left_out = self.selection.left_out if self.selection else ""
        identity = record.identity(self.settings)
        result = record.result(self.loaded.desired, self.loaded.last_folder_commit, left_out)
        return (
            planning.record_step("identity", identity, self.recorded.identity, self.own),
            planning.record_step("result", result, self.recorded.result, self.own),
        )

    @cached_property
    def needs_bootstrap(self) -> bool:
        """Whether the stack wants the cluster made ready and it is not, as far as the state and the cluster tell."""
        if self.settings.bootstrap is None:
            return False
        wanted = bootstrap.names(self.settings.bootstrap)
        return not (set(wanted) <= set(self.recorded.bootstrap)) or bool(self.session.cluster.crds())

    @property
    def record_orphans(self) -> bool:
        """Whether the stack wants CRs that are not in Git recorded in NetBox."""
        return flag(self.config, "recordOrphans")

    @property
    def hooks_differ(self) -> bool:
        """Whether the commands after a sync are others than the state has, or one of them did not run for the last sync."""
        wanted = {f"after-sync-{number}": text for number, text in enumerate(self.settings.hooks, 1)}
        ran = set(self.recorded.hooks_ran_for.values())
        return dict(self.recorded.hooks) != wanted or not ran <= {self.recorded.receipts}

    @property
    def nothing_to_do(self) -> bool:
        """Whether a sync would write nothing anywhere, so that no engine need run."""
        return self.plan.is_empty and not self.needs_bootstrap and not self.hooks_differ

    @property
    def own_record(self) -> FabricRecord | None:
        """How the fabric's own record stands."""
        return fabric_record.classify(self.recorded.fabric, record.identity(self.settings), self.own)

    def report(self) -> DriftReport:
        """How the fabric stands, for people and scripts."""
        loaded = self.loaded
        return report_of(
            self.fabric,
            self.plan.crs,
            notes=sorted({*self.notes, *(one.note for one in self.facts.values() if one.note)}),
            source=Source(loaded.url, loaded.branch, loaded.folder, loaded.commit),
            record=self.own_record,
            generated_at=self.generated_at,
        )

    def valid_only(self, selection: Selection) -> RunContext:
        """The context of a partial sync: only these CRs are desired, and no other is touched."""
        loaded = replace(self.loaded, desired=self.loaded.desired.only(selection.refs), errors=())
        return replace(self, loaded=loaded, selection=selection)

    def with_convergence(self, seen: Convergence) -> RunContext:
        """The context with what these switches have not taken up."""
        facts = [replace(one, not_converged="") for one in self.facts.values()]
        return replace(self, facts={one.ref: one for one in _late(self.loaded, facts, seen)})

    def returning(self, manifests: Mapping[ObjectRef, Manifest]) -> RunContext:
        """The context of a run that makes these CRs again, as they are given, and nothing else."""
        desired = self.loaded.desired.including(manifests.values())
        loaded = replace(self.loaded, desired=desired)
        changed = replace(self, loaded=loaded)
        facts = {ref: changed._facts_of(ref) for ref in manifests}
        return replace(changed, facts={**self.facts, **facts}, selection=Selection(frozenset(manifests)))

    def after(
        self, written: Mapping[ObjectRef, Mapping[str, Any] | None], failed: Collection[ObjectRef] = ()
    ) -> RunContext:
        """The context once these CRs were written: new outputs by CR, None where it was deleted; `failed` were refused.

        Nothing is read again: the session has the servers' answers to our writes. What waits for a CR that failed says so.
        """
        crs = {ref: outputs for ref, outputs in self.recorded.crs.items() if written.get(ref, outputs) is not None}
        crs |= {ref: outputs for ref, outputs in written.items() if outputs is not None}
        depends = {ref: tuple(self.plan.before.get(ref, self.recorded.depends.get(ref, ()))) for ref in crs}
        now = replace(self, recorded=replace(self.recorded, crs=crs, depends=depends))
        found = dict(self.facts)
        for ref in (*written, *failed):
            one = now._facts_of(ref)
            if one.desired is None and one.outputs is None and one.live is None and one.record is None:
                found.pop(ref, None)
            else:
                found[ref] = one
        late = _late(self.loaded, [replace(one, waits="") for _, one in sorted(found.items())], Convergence())
        return replace(now, facts={one.ref: one for one in late})

    def _facts_of(self, ref: ObjectRef) -> Facts:
        return joining.facts_of(self.session, ref, self.loaded, self.recorded.crs)


def read(
    workspace: Workspace,
    fabric: str,
    progress: Progress | None = None,
    *,
    across: bool = True,
    partial_sync: bool = False,
    with_convergence: bool = False,
    with_drafts: bool = False,
) -> RunContext:
    """Read Git, the state and both servers side by side, each once, and join them.

    `across` refuses what is wrong between CRs, too, as a sync does; a report only counts it. `partial_sync` refuses nothing
    that is in Git: the caller selects what is valid. `with_lag` looks at the switches, `with_drafts` for CRs that are only in
    raw/ or on an edit branch. A server that cannot be read makes its CRs unknown.

    Raises:
        GitError: the repository, branch or folder cannot be read.
        ValidationFailed: documents cannot be read or validated.
        ConfigError, EngineError: the stack, its config or its state cannot be read.
    """
    shown, started = progress or silent(), time.monotonic()
    shown.update("reading Git, the state and the servers")
    with ticking(shown), ThreadPoolExecutor(max_workers=2 * _AT_ONCE + 2) as pool:
        recorded_later = pool.submit(ahead.recorded, workspace, fabric)
        flat = ahead.config(workspace, fabric)
        settings = stack_config.parse(flat, fabric)
        session = Session(flat, fabric)
        live = joining.lists(pool, session)
        loaded_later = pool.submit(
            load.inspect, settings.git, stack_config.cache_folder(), outside=known_to(session.live, fabric)
        )
        switches = pool.submit(convergence, session.cluster.agents) if with_convergence else None
        own, records = joining.records(pool, session)
        loaded = loaded_later.result()
        if not partial_sync:
            load.require_valid(loaded, across=across)
        only = drafts(settings.git, stack_config.cache_folder(), loaded) if with_drafts else Drafts()
        recorded = recorded_later.result()
        log_phase(log, "read", started)
        shown.update(f"comparing {len(loaded.desired.manifests)} CRs")
        joined = joining.joined(fabric, loaded, recorded.crs, joining.results(live), joining.results(records), only)
        joined = joining.completed(pool, session, joined)
        seen = switches.result() if switches else Convergence()
    late = _late(loaded, joined, seen)
    log_phase(log, "read and compare", started)
    return RunContext(
        workspace,
        fabric,
        flat,
        settings,
        session,
        loaded,
        recorded,
        {one.ref: one for one in late},
        own,
        notes=tuple(text for text in (*only.notes, seen.note, _refused(loaded)) if text and not partial_sync),
        generated_at=joining.now(),
        seconds=time.monotonic() - started,
    )


def _refused(loaded: Loaded) -> str:
    count = len(loaded.errors)
    return f"a sync refuses what is in Git: {count} error{'s' * (count > 1)}; see: hhsync check" if count else ""


def _late(loaded: Loaded, facts: list[Facts], seen: Convergence) -> list[Facts]:
    """The facts, with what else a CR waits for: switches that have not taken it up, or a CR whose last apply failed."""
    specs = {ref: one.spec for ref, one in loaded.desired.manifests.items()}
    not_converged = seen.reasons(
        specs, [one.ref for one in facts if one.desired is not None and one.outputs is not None]
    )
    waits = waiting(facts, loaded.desired.references)
    return [
        replace(one, not_converged=not_converged.get(one.ref, ""), waits=waits.get(one.ref, ""))
        if one.ref in not_converged or one.ref in waits
        else one
        for one in facts
    ]
