"""Resources that exist already: `Resource.get`, StackReference, and the option `import_` (engine-contract §2.6, §4.9).

What is only read is `external`: nobody updates or deletes it. What is imported is read once and is the stack's own from
then on; where the program wants it otherwise, an update follows in the same run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedded.engine import paths, urns
from embedded.engine.entries import entry_of
from embedded.engine.errors import EngineError
from embedded.engine.failures import ProviderFailed, StepFailed, Stopped
from embedded.engine.property_json import UNKNOWN_TEXT
from embedded.engine.secrecy import mark_secrets
from embedded.engine.steps import Answer, Op, Step

if TYPE_CHECKING:
    from typing import NoReturn

    from embedded.engine.applier import Applier
    from embedded.engine.deployment import Deployment
    from embedded.engine.provider_host import ProviderHost
    from embedded.engine.provider_protocol import ReadAnswer
    from embedded.engine.state import Resource
    from embedded.engine.steps import Goal


class Reads:
    """The reads and imports of one run."""

    def __init__(self, deployment: Deployment, host: ProviderHost, applier: Applier) -> None:
        self._deployment = deployment
        self._reporter = deployment.reporter
        self._host = host
        self._applier = applier

    # --- what is only read ------------------------------------------------------------------------------------------

    def read(self, goal: Goal, id_: str) -> Answer:
        """Read the object with an id, which is not this stack's. Raises Stopped when the run is ending."""
        self._deployment.guard()
        try:
            known = self._deployment.claim(goal)
            self._deployment.enter(goal)
            return self._read(goal, id_, known)
        except StepFailed:
            return Answer(goal.urn, failed=True)
        except EngineError as error:
            self._deployment.fail()
            self._reporter.diagnostic("error", str(error), goal.urn)
            raise Stopped from error

    def _read(self, goal: Goal, id_: str, known: Resource | None) -> Answer:
        if not id_:
            raise EngineError(f"reading {goal.urn} needs an id, which is empty")
        provider = self._deployment.providers.of(goal)
        replacing = known is not None and not known.external and known.id != id_
        new = replace(entry_of(goal, known, goal.inputs, {}, provider, changed=False), id=id_, external=True)
        step = Step(Op.READ_REPLACEMENT if replacing else Op.READ, goal.urn, goal.type, known, new)
        self._reporter.pre(step)
        if id_ == UNKNOWN_TEXT:
            return Answer(goal.urn, "", {}, unknown=True)
        answer = self._asked(goal, id_, step)
        outputs = mark_secrets(answer.outputs, {}, goal.additional_secret_outputs)
        new = replace(new, id=answer.id, outputs=outputs)
        if replacing:
            self._deployment.replaced.add(goal.urn)
            self._deployment.supersede(goal.urn)
        self._deployment.commit(new)
        self._tell(replace(step, new=new), counted=known is not None and not paths.equal(known.outputs, outputs))
        if replacing:
            self._tell(Step(Op.REPLACE, goal.urn, goal.type, known, new), counted=True)
        return Answer(goal.urn, new.id, outputs)

    def answer(self, goal: Goal, id_: str) -> Answer:
        """What a read finds, in a run that keeps nothing of it. Raises Stopped when the run is ending."""
        self._deployment.guard()
        self._deployment.claim(goal)
        self._deployment.enter(goal)
        if not id_ or id_ == UNKNOWN_TEXT:
            return Answer(goal.urn, unknown=True)
        new = replace(entry_of(goal, None, goal.inputs, {}, self._deployment.providers.of(goal), changed=False), id=id_)
        answer = self._asked(goal, id_, Step(Op.READ, goal.urn, goal.type, None, new))
        outputs = mark_secrets(answer.outputs, {}, goal.additional_secret_outputs)
        return Answer(goal.urn, answer.id, outputs)

    def _asked(self, goal: Goal, id_: str, step: Step) -> ReadAnswer:
        """What the provider says; only the program's properties are known to it. Raises Stopped or StepFailed."""
        provider = step.new.provider if step.new is not None else ""
        try:
            answer = self._host.of(goal.urn, provider).read(id_, {}, goal.inputs, goal.custom_timeouts.get("read", 0))
        except ProviderFailed as error:
            self._fail(step, error)
        if answer.gone:
            self._fail(step, ProviderFailed(f"resource '{id_}' does not exist"))
        return answer

    def _fail(self, step: Step, error: ProviderFailed) -> NoReturn:
        prefix = "Preview failed: " if self._deployment.dry else ""
        self._applier.fail(step, ProviderFailed(f"{prefix}{error}", detail=error.detail), unclear=False)

    def _tell(self, step: Step, *, counted: bool) -> None:
        self._reporter.done(step, counted=counted)
        self._reporter.outputs(step)

    # --- what is imported -------------------------------------------------------------------------------------------

    def adopt(self, goal: Goal, known: Resource | None, provider: str) -> Resource:
        """The entry of an object that is imported, in the state already; `known` is what it takes the place of.

        Raises Stopped or StepFailed when there is no such object.
        """
        new = entry_of(goal, None, goal.inputs, {}, provider, changed=True)
        step = Step(Op.IMPORT_REPLACEMENT if known else Op.IMPORT, goal.urn, goal.type, known, new)
        self._reporter.pre(step)
        answer = self._asked(goal, goal.import_id, step)
        outputs = mark_secrets(answer.outputs, goal.inputs, goal.additional_secret_outputs)
        inputs = answer.inputs
        if inputs is None:
            inputs = {key: value for key, value in answer.outputs.items() if key in goal.inputs}
        new = replace(new, id=answer.id, inputs=mark_secrets(inputs, goal.inputs), outputs=outputs)
        if known is not None:
            self._deployment.replaced.add(goal.urn)
            self._deployment.supersede(goal.urn)
        self._deployment.commit(new)
        self._tell(replace(step, new=new), counted=known is None)
        if known is not None:
            self._tell(Step(Op.REPLACE, goal.urn, goal.type, known, new), counted=True)
        return new


def to_import(goal: Goal, known: Resource | None) -> bool:
    """Whether the program asks for an import that has not been made yet."""
    if not goal.import_id or urns.is_provider(goal.type):
        return False
    return known is None or known.external or str(known.extra.get("importID") or known.id) != goal.import_id
