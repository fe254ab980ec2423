"""Creates, updates and deletes through a provider, with the journal around every call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from embedded.engine import steps, urns
from embedded.engine.errors import EngineError
from embedded.engine.failures import HookFailed, ProviderFailed, StepFailed, Stopped
from embedded.engine.secrecy import mark_secrets
from embedded.engine.steps import Op

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.deployment import Deployment, Mutation
    from embedded.engine.hooks import Action
    from embedded.engine.provider_host import ProviderHost
    from embedded.engine.state import Resource
    from embedded.engine.steps import Goal, Step


class Applier:
    """The mutating calls of registrations."""

    def __init__(self, deployment: Deployment, host: ProviderHost) -> None:
        self._deployment = deployment
        self._host = host

    def create(self, goal: Goal, new: Resource, *, superseding: bool = False) -> Resource:
        """Make the object and put its entry into the state; `superseding` marks the one before it to be deleted.

        Raises ProviderFailed.
        """
        hooks = self._deployment.hooks
        hooks.before("create", replace(new, outputs={}), None)
        made = hooks.persist("create", new, None, lambda: self._create(goal, new, superseding=superseding))
        self._deployment.after("create", made, None)
        return made

    def _create(self, goal: Goal, new: Resource, *, superseding: bool) -> Resource:
        wanted = replace(new, outputs={}, id="")
        with self._host.turn(), self._deployment.mutation("creating", wanted) as mutation:
            failure: ProviderFailed | None = None
            try:
                bound = self._host.of(new.urn, new.provider)
                id_, outputs = bound.create(new.inputs, goal.custom_timeouts.get("create", 0))
            except ProviderFailed as error:
                if error.made is None:
                    raise
                failure, (id_, outputs) = error, error.made
            made = replace(new, id=id_, outputs=mark_secrets(outputs, {}, goal.additional_secret_outputs))
            if superseding:
                self._deployment.supersede(goal.urn)
            mutation.made(made if failure is None else replace(made, init_errors=[str(failure)]))
        if self._deployment.context.snapshot.pending_operations:
            self._deployment.context.journal.clear_pending(goal.urn)
        if failure is not None:
            raise failure
        return made

    def update(self, goal: Goal, old: Resource, new: Resource) -> Resource:
        """Change the object and its entry. Raises ProviderFailed."""
        hooks = self._deployment.hooks
        hooks.before("update", new, old)
        made = hooks.persist("update", new, old, lambda: self._update(goal, old, new))
        self._deployment.after("update", made, old)
        return made

    def rehearse(self, step: Step) -> None:
        """Call the hooks that want to see previews. Raises Stopped when one says no."""
        action: Action = "create" if step.old is None or step.op is Op.CREATE_REPLACEMENT else "update"
        old = None if action == "create" else step.old
        try:
            self._deployment.hooks.before(action, step.new, old)
        except ProviderFailed as error:
            self.fail(step, error, unclear=False)
        self._deployment.after(action, step.new, old)

    def _update(self, goal: Goal, old: Resource, new: Resource) -> Resource:
        with self._host.turn(), self._deployment.mutation("updating", old) as mutation:
            failure: ProviderFailed | None = None
            try:
                bound = self._host.of(new.urn, new.provider)
                outputs = bound.update(old.id, old.outputs, new.inputs, goal.custom_timeouts.get("update", 0))
            except ProviderFailed as error:
                if error.made is None:
                    raise
                failure, (_, outputs) = error, error.made
            made = replace(new, outputs=mark_secrets(outputs, {}, goal.additional_secret_outputs))
            mutation.made(made if failure is None else replace(made, inputs=old.inputs, init_errors=[str(failure)]))
        if failure is not None:
            raise failure
        return made

    def preview(self, goal: Goal, old: Resource | None, inputs: dict[str, Any], provider: str) -> dict[str, Any] | None:
        """What a provider that previews says the outputs would be; None from one that does not. Writes nothing."""
        bound = self._host.of(goal.urn, provider)
        if not bound.previews:
            return None
        try:
            with self._host.turn():
                if old is None:
                    outputs = bound.create(inputs, preview=True)[1]
                else:
                    outputs = bound.update(old.id, old.outputs, inputs, preview=True)
        except ProviderFailed as error:
            op = steps.Op.CREATE if old is None else steps.Op.UPDATE
            self.fail(steps.Step(op, goal.urn, goal.type, old, old), error, unclear=False)
        return mark_secrets(outputs, {}, goal.additional_secret_outputs)

    def delete(self, entry: Resource, settle: Callable[[Mutation, Resource], object]) -> None:
        """Remove the object; `settle` says what becomes of its entry. Raises ProviderFailed."""
        self._deployment.hooks.persist("delete", None, entry, lambda: self._delete(entry, settle))

    def _delete(self, entry: Resource, settle: Callable[[Mutation, Resource], object]) -> None:
        timeouts = entry.extra.get("customTimeouts") or {}
        with self._host.turn(), self._deployment.mutation("deleting", entry) as mutation:
            bound = self._host.of(entry.urn, entry.provider)
            bound.delete(entry.id, entry.outputs, float(timeouts.get("delete", 0)))
            settle(mutation, entry)

    def leave(self, step: Step, work: Callable[[Resource], None]) -> None:
        """Carry out a step by which an entry leaves, by `work(entry)`, and tell of it; a failure is told too."""
        deployment, reporter = self._deployment, self._deployment.reporter
        if step.old is None or deployment.stopping.is_set():
            return
        reporter.pre(step)
        hooked = step.op is not Op.REMOVE_PENDING_REPLACE
        try:
            if hooked:
                deployment.hooks.before("delete", None, step.old)
            work(step.old)
        except Stopped:
            return
        except (ProviderFailed, EngineError) as error:
            deployment.step_failed(step.urn)
            reporter.failed(step, str(error), unclear=not isinstance(error, HookFailed))
            return
        if hooked:
            deployment.after("delete", None, step.old)
        if not urns.is_default_provider(step.urn):
            reporter.done(step)
        if step.old.custom or step.op is Op.DELETE:
            reporter.outputs(step)

    def fail(self, step: Step, error: ProviderFailed, *, unclear: bool, planning: bool = False) -> NoReturn:
        """A step has failed: the run ends, or goes on with --continue-on-error. Raises Stopped, or then StepFailed.

        `planning` says that it could not even be decided what to do: that ends the run always.
        """
        if planning:
            self._deployment.fail()
        else:
            self._deployment.step_failed(step.urn)
        self._deployment.reporter.failed(step, str(error), unclear=unclear and not isinstance(error, HookFailed))
        if error.detail:
            self._deployment.reporter.diagnostic("debug", error.detail, step.urn)
        if self._deployment.stopping.is_set():
            raise Stopped from error
        raise StepFailed from error
