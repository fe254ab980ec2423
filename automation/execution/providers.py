"""The providers of one run: they know its session and its plan, and take down what the servers answered.

The engine calls them through `automation.engine.host`. Plain `pulumi` uses their parents, in Pulumi's own host.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import DiffResult

from automation.progress import Progress, silent
from automation.reports.summary import crs
from providers import writing
from providers.core import sections
from providers.core.drift.classify import Action
from providers.errors import EngineError, HhsyncError, one_line
from providers.fabric_lifecycle import FabricIdentityProvider, FabricResultProvider
from providers.lifecycle import HedgehogProvider

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pulumi.dynamic import ResourceProvider

    from providers.core.identity import ObjectRef
    from providers.core.planning.plan import Plan
    from providers.session import Session


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one CR: its outputs now (None: deleted, or never made), which servers took a write, or why none did."""

    outputs: Mapping[str, Any] | None = None
    cluster: bool = False
    netbox: bool = False
    error: str = ""


@dataclass(slots=True)
class Journal:
    """The outcome of every CR that the provider was called for, as it comes. Thread-safe.

    `notes` are lines for the person; once `stopped` is set, no further write begins.
    """

    total: int
    progress: Progress = field(default_factory=silent)
    doing: str = "written"
    outcomes: dict[ObjectRef, Outcome] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    _failed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, ref: ObjectRef, outcome: Outcome) -> None:
        """Take one down."""
        with self._lock:
            self.outcomes[ref] = outcome
            self._failed += bool(outcome.error)
            done, failed = len(self.outcomes), self._failed
        more = f", {failed} failed" if failed else ""
        self.progress.update(f"{done} of {crs(self.total)} {self.doing}{more}")

    @contextmanager
    def failing(self, ref: ObjectRef) -> Iterator[None]:
        """Take down why the block failed; the exception goes on to the engine."""
        if self.stopped.is_set():  # the engine still carries out what was registered before it was told to stop
            raise EngineError(f"{ref}: interrupted before it was written")
        try:
            yield
        except Exception as error:
            text = str(error) if isinstance(error, HhsyncError) else f"unexpected {type(error).__name__}: {error}"
            self.note(ref, Outcome(error=one_line(text)))
            raise

    @property
    def written(self) -> dict[ObjectRef, Mapping[str, Any] | None]:
        """The new outputs of the CRs that were done, None where one was deleted."""
        return {ref: one.outputs for ref, one in self.outcomes.items() if not one.error}

    @property
    def idle(self) -> set[ObjectRef]:
        """The CRs that were done, and for which no server took a write: they were as they should be already."""
        return {ref for ref, one in self.outcomes.items() if not (one.error or one.cluster or one.netbox)}

    @property
    def errors(self) -> dict[ObjectRef, str]:
        """Why a server did not take a CR."""
        return {ref: one.error for ref, one in self.outcomes.items() if one.error}


class _CRs(HedgehogProvider):
    """The provider of the CRs."""

    def __init__(self, session: Session, touched: Mapping[ObjectRef, Action], journal: Journal) -> None:
        self._run_session, self._touched, self._journal = session, touched, journal

    def _session(self, _props: dict[str, Any]) -> Session:
        return self._run_session

    def diff(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """What the plan says: the state's inputs may be behind what was observed."""
        return DiffResult(changes=sections.ref_of(news) in self._touched)

    def _write(self, desired: sections.Inputs, before: dict[str, Any]) -> dict[str, Any]:
        ref = sections.ref_of(desired)
        with self._journal.failing(ref):
            done = writing.write(self._run_session, desired, before)
        self._journal.note(ref, Outcome(done.outputs, done.cluster, done.netbox))
        return done.outputs

    def _remove(self, outputs: dict[str, Any]) -> None:
        ref = sections.ref_of(outputs)
        with self._journal.failing(ref):
            cluster, netbox = writing.remove(self._run_session, outputs)
        self._journal.note(ref, Outcome(None, cluster, netbox))


class _OfThisRun:
    """What both halves of the fabric's record have in common: the run's session, and the plan's word on whether to write."""

    def __init__(self, session: Session, *, touched: bool) -> None:
        self._run_session, self._touched = session, touched

    def _session(self, _props: dict[str, Any]) -> Session:
        return self._run_session

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """What the plan says."""
        return DiffResult(changes=self._touched)


class _Identity(_OfThisRun, FabricIdentityProvider):
    """The provider of the fabric's identity."""


class _Result(_OfThisRun, FabricResultProvider):
    """The provider of the fabric's result."""


def providers_for(
    session: Session, plan: Plan, touched: Mapping[ObjectRef, Action], journal: Journal
) -> dict[str, ResourceProvider]:
    """The providers of one run that writes the CRs `touched`, by the import path that the state has of each."""
    identity = next((one.action for one in plan.record if one.name == "identity"), Action.CREATE)
    return {
        "providers.lifecycle.HedgehogProvider": _CRs(session, touched, journal),
        "providers.fabric_lifecycle.FabricIdentityProvider": _Identity(
            session, touched=identity is not Action.UNCHANGED
        ),
        # Whatever a run writes, the result's receipts move with it.
        "providers.fabric_lifecycle.FabricResultProvider": _Result(session, touched=True),
    }
