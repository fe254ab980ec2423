"""Does what a registration asks for: refresh, Check, Diff, then the step. One call handles one resource, start to end.

Calls run in as many threads as the program has registrations under way, so independent resources overlap. What has to
be done is decided by `steps`; what is kept is the deployment's business; this module puts the two in order.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from embedded.engine import paths, steps
from embedded.engine.deployment import now
from embedded.engine.display import shown
from embedded.engine.errors import EngineError, NotSupported
from embedded.engine.failures import CheckFailed, ProviderFailed, Stopped
from embedded.engine.refresher import readable
from embedded.engine.state import Resource
from embedded.engine.steps import Answer, Decision, Goal, Op, Step

if TYPE_CHECKING:
    from embedded.engine.deployment import Deployment
    from embedded.engine.provider_host import ProviderHost
    from embedded.engine.refresher import Refresher


class Executor:
    """Registers resources of one run against one set of configured providers."""

    def __init__(self, deployment: Deployment, host: ProviderHost, refresher: Refresher | None) -> None:
        """`refresher` reads every old entry before it is compared; None when that is not wanted (any more)."""
        self._deployment = deployment
        self._reporter = deployment.reporter
        self._host = host
        self._refresher = refresher
        self._components: dict[str, Step] = {}

    def register(self, goal: Goal) -> Answer:
        """Make the goal true. Raises Stopped when the run is ending, for this resource's own failure too."""
        self._deployment.guard()
        try:
            self._deployment.claim(goal.urn)
            self._deployment.enter(goal)
            return self._custom(goal) if goal.custom else self._component(goal)
        except EngineError as error:
            self._refuse(goal.urn, str(error))
            raise Stopped from error

    def _refuse(self, urn: str, message: str) -> None:
        self._deployment.fail()
        self._reporter.diagnostic("error", message, urn)

    # --- components -------------------------------------------------------------------------------------------------

    def _component(self, goal: Goal) -> Answer:
        """Components have no provider: their inputs are compared, and nothing is called."""
        old = self._deployment.entries.get(goal.urn)
        self._refuse_aliases(goal, old)
        decision = steps.decide(old, goal, goal.inputs, None)
        self._refuse_replace(old, decision)
        new = entry_of(goal, old, goal.inputs, old.outputs if old else {}, "", changed=decision.op is not Op.SAME)
        step = Step(decision.op, goal.urn, goal.type, old, new, decision)
        self._reporter.pre(step)
        self._components[goal.urn] = step
        self._deployment.commit(new)
        self._reporter.done(step)
        if self._deployment.dry:
            self._reporter.outputs(step)
        return Answer(goal.urn)

    def register_outputs(self, urn: str, outputs: dict[str, Any]) -> None:
        """The outputs of a component or of the stack; the stack's are held back until the run has ended."""
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
        self._reporter.outputs(step)

    # --- custom resources -------------------------------------------------------------------------------------------

    def _custom(self, goal: Goal) -> Answer:
        known = self._deployment.entries.get(goal.urn)
        self._refuse_aliases(goal, known)
        provider = self._deployment.provider()
        old = self._live(goal, known)
        inputs = self._checked(goal, old)
        self._deployment.guard()
        decision = self._decide(goal, old, inputs)
        self._refuse_replace(old, decision)
        self._deployment.guard()
        return self._make(goal, old, inputs, decision, provider)

    def _live(self, goal: Goal, known: Resource | None) -> Resource | None:
        """The old entry, read anew when this run refreshes; None when the object is gone."""
        if known is None or self._refresher is None or not readable(known):
            return None if goal.urn in self._deployment.gone else known
        try:
            return self._refresher.read(known)
        except ProviderFailed as error:
            self._fail(Step(Op.REFRESH, goal.urn, goal.type, known, known, logical=False), error, unclear=False)

    def _checked(self, goal: Goal, old: Resource | None) -> dict[str, Any]:
        inputs = steps.ignored(goal.inputs, old, goal.ignore_changes)
        try:
            return self._host.check(old.inputs if old else {}, inputs)
        except CheckFailed as error:
            self._deployment.fail()
            for name, reason in error.findings:
                self._reporter.diagnostic("error", finding(goal, name, inputs, reason), goal.urn)
            raise Stopped from error
        except ProviderFailed as error:
            self._fail(Step(Op.SAME if old else Op.CREATE, goal.urn, goal.type, old, old), error, unclear=False)

    def _decide(self, goal: Goal, old: Resource | None, inputs: dict[str, Any]) -> Decision:
        if old is None or steps.must_replace(old, goal):
            return steps.decide(old, goal, inputs, None)
        try:
            answer = self._host.diff(old.id, old.outputs, inputs)
        except ProviderFailed as error:
            self._fail(Step(Op.UPDATE, goal.urn, goal.type, old, old), error, unclear=False)
        return steps.decide(old, goal, inputs, answer)

    def _make(
        self, goal: Goal, old: Resource | None, inputs: dict[str, Any], decision: Decision, provider: str
    ) -> Answer:
        outputs = steps.preview_outputs(decision, old, inputs)
        changed = decision.op is not Op.SAME
        new = entry_of(goal, old, inputs, outputs, provider, changed=changed)
        step = Step(decision.op, goal.urn, goal.type, old, new, decision)
        self._reporter.pre(step)
        if changed and not self._deployment.dry:
            new = self._apply(goal, old, new, step)
            step = replace(step, new=new)
        else:
            self._deployment.commit(new)
        self._reporter.done(step)
        self._reporter.outputs(step)
        return Answer(goal.urn, new.id, new.outputs)

    def _apply(self, goal: Goal, old: Resource | None, new: Resource, step: Step) -> Resource:
        """Call the provider, with the journal around it."""
        try:
            return self._create(goal, new) if old is None else self._update(goal, old, new)
        except ProviderFailed as error:
            self._fail(step, error, unclear=error.unanswered or old is not None)

    def _create(self, goal: Goal, new: Resource) -> Resource:
        with self._host.turn(), self._deployment.mutation("creating", replace(new, outputs={}, id="")) as mutation:
            id_, outputs = self._host.create(new.inputs, goal.custom_timeouts.get("create", 0))
            made = replace(new, id=id_, outputs=steps.mark_secrets(outputs, {}, goal.additional_secret_outputs))
            mutation.made(made)
        self._deployment.context.journal.clear_pending(goal.urn)
        return made

    def _update(self, goal: Goal, old: Resource, new: Resource) -> Resource:
        with self._host.turn(), self._deployment.mutation("updating", old) as mutation:
            outputs = self._host.update(old.id, old.outputs, new.inputs, goal.custom_timeouts.get("update", 0))
            made = replace(new, outputs=steps.mark_secrets(outputs, {}, goal.additional_secret_outputs))
            mutation.made(made)
        return made

    def _fail(self, step: Step, error: ProviderFailed, *, unclear: bool) -> NoReturn:
        self._deployment.fail()
        self._reporter.failed(step, str(error), unclear=unclear)
        if error.detail:
            self._reporter.diagnostic("debug", error.detail, step.urn)
        raise Stopped from error

    # --- refusals ---------------------------------------------------------------------------------------------------

    def _refuse_aliases(self, goal: Goal, known: Resource | None) -> None:
        """A rename that the state would have to follow; aliases of what never existed, or exists already, are inert."""
        if known is None:
            former = next((urn for urn in goal.alias_urns if urn in self._deployment.entries), "")
            if former:
                raise NotSupported(f"renaming {former} to {goal.urn} by an alias")

    def _refuse_replace(self, old: Resource | None, decision: Decision) -> None:
        if old is not None and decision.op is Op.REPLACE:
            raise NotSupported(
                f"replacing {old.urn} (because of {_reason(old, decision)})",
                "delete the resource in one run and create it again in the next, or install the Pulumi CLI and put it "
                "on PATH",
            )


def _reason(old: Resource, decision: Decision) -> str:
    if decision.replace_keys:
        return "its property " + ", ".join(decision.replace_keys)
    if old.extra.get("taint"):
        return "its taint mark"
    if old.external:
        return "it was only read, not created, so far"
    return "an interrupted replace" if old.pending_replacement else "its kind: component or custom resource"


def finding(goal: Goal, name: str, inputs: dict[str, Any], reason: str) -> str:
    """What a provider finds wrong with a property, in one line."""
    if not name:
        return f"{goal.type} resource {goal.name!r} has a problem: {reason}"
    value = paths.lookup_marked(inputs, paths.parse(name) or ())
    given = "" if value is None else f" value {{{shown(value)}}}"
    return f"{goal.type} resource {goal.name!r}: property {name}{given} has a problem: {reason}"


def entry_of(
    goal: Goal,
    old: Resource | None,
    inputs: dict[str, Any],
    outputs: dict[str, Any],
    provider: str,
    *,
    changed: bool,
) -> Resource:
    """The state entry that a goal makes, with the old one's id and stamps."""
    stamp = now()
    return Resource(
        urn=goal.urn,
        type=goal.type,
        custom=goal.custom,
        id=old.id if old else "",
        inputs=inputs,
        outputs=outputs,
        parent=goal.parent,
        dependencies=list(goal.dependencies),
        property_dependencies={key: list(needed) for key, needed in sorted(goal.property_dependencies.items())},
        provider=provider,
        protect=goal.protect,
        retain_on_delete=goal.retain_on_delete,
        deleted_with=goal.deleted_with,
        replace_with=list(goal.replace_with),
        additional_secret_outputs=list(goal.additional_secret_outputs),
        created=old.created if old else stamp,
        modified=old.modified if old and not changed else stamp,
        source_position=goal.source_position,
        extra=_extra(goal, old),
    )


def _extra(goal: Goal, old: Resource | None) -> dict[str, Any]:
    """File keys beyond the fields of a Resource: the goal's options, and what the old entry had and the goal lacks."""
    options = {
        "customTimeouts": dict(goal.custom_timeouts),
        "ignoreChanges": list(goal.ignore_changes),
        "replaceOnChanges": list(goal.replace_on_changes),
        "hideDiff": list(goal.hide_diff),
    }
    kept = {key: value for key, value in (old.extra if old else {}).items() if key not in (*options, "stackTrace")}
    return kept | {key: value for key, value in options.items() if value}
