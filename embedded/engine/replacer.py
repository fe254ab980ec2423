"""Replaces a resource: a new object for the same URN (engine-contract §4.3, §4.4).

By default the new object is created first and the old one deleted in the delete phase. Where the provider or the
program demands it the old one goes first, and with it whatever would have to be replaced too; entries of deleted
objects stay in the state, marked, until their successors are created, by this run or a later one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from embedded.engine import deletes, replacing
from embedded.engine.deployment import Mutation
from embedded.engine.entries import entry_of
from embedded.engine.errors import EngineError
from embedded.engine.failures import ProviderFailed, StepFailed
from embedded.engine.steps import Answer, Op, Step

if TYPE_CHECKING:
    from embedded.engine.applier import Applier
    from embedded.engine.deployment import Deployment
    from embedded.engine.provider_host import ProviderHost
    from embedded.engine.state import Resource
    from embedded.engine.steps import Decision, Goal


class Replacer:
    """The replaces of one run."""

    def __init__(self, deployment: Deployment, host: ProviderHost, applier: Applier, threads: int) -> None:
        self._deployment = deployment
        self._reporter = deployment.reporter
        self._host = host
        self._applier = applier
        self._threads = threads

    def replace(self, goal: Goal, old: Resource, inputs: dict[str, Any], decision: Decision, provider: str) -> Answer:
        """Replace `old` by what the goal says; `inputs` were checked as those of a new resource.

        Raises EngineError for a protected resource, before anything is done.
        """
        ignored = self._deployment.request.ignore_protect
        if old.protect and goal.protect and not old.pending_replacement and not ignored:
            raise EngineError(
                f'unable to replace resource "{goal.urn}"\nas it is currently marked for protection: remove its '
                "`protect` option in the program and run `pulumi up`"
            )
        first = decision.delete_before_replace or old.pending_replacement
        with self._deployment.gate:
            self._deployment.replaced.add(goal.urn)
            if first and not old.pending_replacement:
                self._clear(old)
        new = entry_of(goal, None, inputs, inputs, provider, changed=True)
        logical = Step(Op.REPLACE, goal.urn, goal.type, old, replace(new, outputs={}), decision)
        if first:
            self._tell(logical)
        made = self._create(goal, old, new, decision, superseding=not first)
        if not first:
            self._tell(replace(logical, new=made))
        return Answer(goal.urn, made.id, made.outputs)

    def _create(self, goal: Goal, old: Resource, new: Resource, decision: Decision, *, superseding: bool) -> Resource:
        step = Step(Op.CREATE_REPLACEMENT, goal.urn, goal.type, old, new, decision, logical=False)
        self._reporter.pre(step)
        if self._deployment.dry or not goal.custom:
            outputs = self._applier.preview(goal, None, new.inputs, new.provider) if goal.custom else None
            new = new if outputs is None else replace(new, outputs=outputs)
            if superseding:
                self._deployment.supersede(goal.urn)
            self._deployment.commit(new)
            if goal.custom:
                self._applier.rehearse(replace(step, new=new))
        else:
            try:
                new = self._applier.create(goal, new, superseding=superseding)
            except ProviderFailed as error:
                self._applier.fail(step, error, unclear=error.unanswered)
        self._close(replace(step, new=new))
        return new

    def _tell(self, step: Step) -> None:
        self._reporter.pre(step)
        self._close(step)

    def _close(self, step: Step) -> None:
        """A step is done; the outputs of a component are told when it registers them."""
        self._reporter.done(step)
        if step.new is not None and step.new.custom:
            self._reporter.outputs(step)

    # --- deleting first ---------------------------------------------------------------------------------------------

    def _clear(self, old: Resource) -> None:
        """Delete an object and those that cannot stay without it, dependents first."""
        deployment = self._deployment
        order = [entry for entry in deployment.standing() if not entry.delete and entry.urn not in deployment.gone]
        along = replacing.dependents(order, old.urn, deployment.claimed, self._asks)
        for entry in along:
            if entry.protect and not deployment.request.ignore_protect:
                raise EngineError(
                    f'unable to replace resource "{entry.urn}" as part of replacing "{old.urn}"\n'
                    "as it is currently marked for protection: remove its `protect` option in the program and run "
                    "`pulumi up`"
                )
        deployment.replaced.update(entry.urn for entry in along)
        going = {entry.urn for entry in (*along, old)}
        leaving = [entry for entry in order if entry.urn in going]
        with ThreadPoolExecutor(max_workers=max(1, min(self._threads, len(leaving)))) as pool:
            for group in deletes.antichains(leaving):
                for _ in pool.map(self._delete, group):
                    pass
                deployment.guard()
                if not deployment.broken.isdisjoint(going):
                    deployment.broken.add(old.urn)
                    raise StepFailed

    def _asks(self, entry: Resource, inputs: dict[str, Any]) -> bool:
        try:
            answer = self._host.of(entry.urn, entry.provider).diff(entry.id, entry.outputs, inputs)
        except ProviderFailed as error:
            self._applier.fail(Step(Op.REPLACE, entry.urn, entry.type, entry, entry), error, unclear=False)
        return answer.changes is not False and bool(answer.replaces)

    def _delete(self, entry: Resource) -> None:
        step = Step(Op.DELETE_REPLACED, entry.urn, entry.type, entry, None, logical=False)
        self._applier.leave(step, self._clear_one)

    def _clear_one(self, entry: Resource) -> None:
        pending = replace(entry, pending_replacement=True)
        without_call = not entry.custom or entry.retain_on_delete or entry.deleted_with in self._deployment.replaced
        if self._deployment.dry or without_call:
            self._deployment.persist(pending, entry)
            return
        self._applier.delete(entry, Mutation.cleared)
