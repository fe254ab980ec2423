"""Does what a registration asks for: refresh, Check, Diff, then the step. One call handles one resource, start to end.

Calls run in as many threads as the program has registrations under way, so independent resources overlap. What has to
be done is decided by `steps`; what is kept is the deployment's business; this module puts the two in order.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from embedded.engine import steps
from embedded.engine.admission import Admission
from embedded.engine.applier import Applier
from embedded.engine.entries import entry_of, finding
from embedded.engine.errors import EngineError
from embedded.engine.failures import CheckFailed, ProviderFailed, StepFailed, Stopped
from embedded.engine.reads import Reads, to_import
from embedded.engine.refresher import readable
from embedded.engine.replacer import Replacer
from embedded.engine.steps import Answer, Decision, Goal, Op, Step
from embedded.engine.values import has_unknown

if TYPE_CHECKING:
    from embedded.engine.deployment import Deployment
    from embedded.engine.hooks import Action
    from embedded.engine.provider_host import ProviderHost
    from embedded.engine.refresher import Refresher
    from embedded.engine.state import Resource


class Executor:
    """Registers resources of one run against one set of configured providers."""

    def __init__(self, deployment: Deployment, host: ProviderHost, refresher: Refresher | None, threads: int) -> None:
        """`refresher` reads every old entry before it is compared; None when that is not wanted (any more).

        `threads` is how many dependents of a replaced resource are deleted at a time.
        """
        self._deployment = deployment
        self._reporter = deployment.reporter
        self._host = host
        self._refresher = refresher
        self._applier = Applier(deployment, host)
        self._replacer = Replacer(deployment, host, self._applier, threads)
        self._reads = Reads(deployment, host, self._applier)
        self._admission = Admission(deployment)
        self._components: dict[str, Step] = {}

    def register(self, goal: Goal) -> Answer:
        """Make the goal true. Raises Stopped when the run is ending, for this resource's own failure too.

        With --continue-on-error its own failure is an answer.
        """
        self._deployment.guard()
        try:
            known = self._deployment.claim(goal)
            self._deployment.enter(goal)
            return self._custom(goal, known) if goal.custom else self._component(goal, known)
        except StepFailed:
            return Answer(goal.urn, failed=True)
        except EngineError as error:
            self._refuse(goal.urn, str(error))
            raise Stopped from error

    def _refuse(self, urn: str, message: str) -> None:
        self._deployment.fail()
        self._reporter.diagnostic("error", message, urn)

    # --- components -------------------------------------------------------------------------------------------------

    def _component(self, goal: Goal, known: Resource | None) -> Answer:
        """Components have no provider: their inputs are compared, and nothing is called."""
        if (answer := self._admission.turned_away(goal, known, "")) is not None:
            return answer
        old = self._deployment.rename(goal, known)
        decision = steps.decide(old, goal, goal.inputs, None, self._replaced(), forced=self._forced(goal, old))
        self._before_component(goal, old, decision)
        if old is not None and decision.op is Op.REPLACE:
            answer = self._replacer.replace(goal, old, goal.inputs, decision, "")
            self._components[goal.urn] = Step(Op.REPLACE, goal.urn, goal.type, old, self._deployment.news[goal.urn])
            return replace(answer, id="", properties={})
        new = entry_of(goal, old, goal.inputs, old.outputs if old else {}, "", changed=decision.op is not Op.SAME)
        step = Step(decision.op, goal.urn, goal.type, old, new, decision)
        self._reporter.pre(step)
        self._components[goal.urn] = step
        self._deployment.commit(new)
        self._reporter.done(step)
        if self._deployment.dry:
            self._reporter.outputs(step)
        return Answer(goal.urn)

    def _before_component(self, goal: Goal, old: Resource | None, decision: Decision) -> None:
        """Call the hooks before a component is made or changed; those after it wait for its outputs."""
        if decision.op is Op.SAME or not goal.hooks:
            return
        new = entry_of(goal, old, goal.inputs, {}, "", changed=True)
        try:
            self._deployment.hooks.before(*_hooked(new, old, decision.op))
        except ProviderFailed as error:
            self._applier.fail(Step(decision.op, goal.urn, goal.type, old, new, decision), error, unclear=False)

    def read(self, goal: Goal, id_: str) -> Answer:
        """Read what somebody else made. Raises Stopped when the run is ending."""
        return self._reads.read(goal, id_)

    def register_outputs(self, urn: str, outputs: dict[str, Any]) -> None:
        """The outputs of a component or of the stack; the stack's are held back until the run has ended."""
        deployment = self._deployment
        if urn in deployment.left or urn in deployment.absent or urn in deployment.broken:
            return
        step = self._components.get(urn)
        if step is None:
            raise EngineError(f"outputs of {urn}, which is no component that this run has registered")
        step = replace(step, new=replace(self._deployment.news[urn], outputs=outputs))
        if urn == self._deployment.stack_urn:
            self._deployment.stack_outputs = outputs
            self._deployment.stack_step = step
            if not self._deployment.dry:
                return
        elif step.new is not None:
            self._deployment.commit(step.new)
        if step.op is not Op.SAME:
            self._deployment.after(*_hooked(step.new, step.old, step.op))
        self._reporter.outputs(step)

    # --- custom resources -------------------------------------------------------------------------------------------

    def _custom(self, goal: Goal, known: Resource | None) -> Answer:
        provider = self._deployment.providers.of(goal)
        if (answer := self._admission.turned_away(goal, known, provider)) is not None:
            return answer
        old = self._live(goal, self._deployment.rename(goal, known))
        imported = to_import(goal, old)
        if imported:
            old = self._reads.adopt(goal, old, provider)
        forced = self._forced(goal, old)
        afresh = old is None or forced or old.external or not old.custom
        inputs = self._checked(goal, None if afresh else old, provider)
        self._deployment.guard()
        decision = self._decide(goal, old, inputs, provider, forced=forced)
        self._deployment.guard()
        if old is not None and decision.op is Op.REPLACE:
            self._refuse_import(goal, decision)
            fresh = inputs if afresh else self._checked(goal, None, provider)
            return self._replacer.replace(goal, old, fresh, decision, provider)
        if imported and old is not None and decision.op is Op.SAME:
            self._deployment.commit(entry_of(goal, old, inputs, old.outputs, provider, changed=False))
            return Answer(goal.urn, old.id, old.outputs)
        return self._make(goal, old, inputs, decision, provider)

    def _live(self, goal: Goal, known: Resource | None) -> Resource | None:
        """The old entry, read anew when this run refreshes; None when the object is gone."""
        if known is None or self._refresher is None or not readable(known) or known.external:
            return None if goal.urn in self._deployment.gone else known
        try:
            return self._refresher.read(known)
        except ProviderFailed as error:
            self._applier.fail(Step(Op.REFRESH, goal.urn, goal.type, known, known, logical=False), error, unclear=False)

    def _checked(self, goal: Goal, old: Resource | None, provider: str) -> dict[str, Any]:
        inputs = steps.ignored(goal.inputs, old, goal.ignore_changes)
        try:
            return self._host.of(goal.urn, provider).check(old.inputs if old else {}, inputs)
        except CheckFailed as error:
            self._deployment.fail()
            for name, reason in error.findings:
                self._reporter.diagnostic("error", finding(goal, name, inputs, reason), goal.urn)
            raise Stopped from error
        except ProviderFailed as error:
            step = Step(Op.SAME if old else Op.CREATE, goal.urn, goal.type, old, old)
            self._applier.fail(step, error, unclear=False, planning=True)

    def _forced(self, goal: Goal, old: Resource | None) -> bool:
        """Whether it is to be replaced whatever its provider says."""
        return goal.urn in self._deployment.selection.replaces or bool(old is not None and old.extra.get("taint"))

    def _replaced(self) -> frozenset[str]:
        return frozenset(self._deployment.replaced)

    def _decide(
        self, goal: Goal, old: Resource | None, inputs: dict[str, Any], provider: str, *, forced: bool
    ) -> Decision:
        if old is not None and not self._deployment.dry and has_unknown(goal.replacement_trigger):
            raise EngineError(f"replacement trigger contains unknowns for {goal.urn}")
        fixed = old is None or old.pending_replacement or forced or old.external or not old.custom
        if old is None or fixed or steps.triggered(old, goal):
            return steps.decide(old, goal, inputs, None, self._replaced(), forced=forced)
        try:
            bound = self._host.of(goal.urn, provider)
            answer = bound.diff(old.id, old.outputs, inputs)
            if moved := self._deployment.providers.moved(bound, old.provider, provider):
                answer = replace(answer, changes=True, replaces=(*answer.replaces, *moved))
        except ProviderFailed as error:
            step = Step(Op.UPDATE, goal.urn, goal.type, old, old)
            self._applier.fail(step, error, unclear=False, planning=True)
        return steps.decide(old, goal, inputs, answer, self._replaced())

    def _refuse_import(self, goal: Goal, decision: Decision) -> None:
        """A replace would change the id that the program still names. A preview only warns."""
        if not goal.import_id:
            return
        keys = f" ({', '.join(decision.replace_keys)})" if decision.replace_keys else ""
        text = (
            "previously-imported resources that still specify an ID may not be replaced; please remove the `import` "
            f"declaration from your program{keys}"
        )
        if not self._deployment.dry:
            raise EngineError(text)
        self._reporter.diagnostic("warning", text, goal.urn)

    def _make(
        self, goal: Goal, old: Resource | None, inputs: dict[str, Any], decision: Decision, provider: str
    ) -> Answer:
        changed = decision.op is not Op.SAME
        outputs = self._applier.preview(goal, old, inputs, provider) if changed and self._deployment.dry else None
        outputs = steps.preview_outputs(decision, old, inputs) if outputs is None else outputs
        new = entry_of(goal, old, inputs, outputs, provider, changed=changed)
        step = Step(decision.op, goal.urn, goal.type, old, new, decision)
        self._reporter.pre(step)
        if changed and not self._deployment.dry:
            new = self._apply(goal, old, new, step)
            step = replace(step, new=new)
        else:
            self._deployment.commit(new)
            if changed:
                self._applier.rehearse(step)
        self._reporter.done(step)
        self._reporter.outputs(step)
        return Answer(goal.urn, new.id, new.outputs)

    def _apply(self, goal: Goal, old: Resource | None, new: Resource, step: Step) -> Resource:
        """Call the provider, with the journal around it."""
        try:
            return self._applier.create(goal, new) if old is None else self._applier.update(goal, old, new)
        except ProviderFailed as error:
            self._applier.fail(step, error, unclear=error.unanswered or old is not None)


def _hooked(new: Resource | None, old: Resource | None, op: Op) -> tuple[Action, Resource | None, Resource | None]:
    """What the hooks of a component are told: a replace is a create to them."""
    return ("update", new, old) if op is Op.UPDATE else ("create", new, None)
