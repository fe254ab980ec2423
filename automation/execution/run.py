"""Carries a plan out: one engine run with the provider of this process, and the result held against the plan.

What was done is counted from the servers' answers to the provider's writes, never from what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from automation.engine import locks
from automation.engine import run as engine
from automation.engine.problems import Problem
from automation.engine.state import urns
from automation.execution.providers import Journal, providers_for
from automation.progress import silent, ticking
from automation.reports.summary import crs
from program.declare import Part
from providers.core.drift.classify import Action
from providers.core.planning.plan import scope, with_dependents
from providers.errors import EngineError, StackLocked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from automation.context import RunContext
    from automation.engine.run import EngineRun
    from automation.progress import Progress
    from providers.core.identity import ObjectRef
    from providers.core.planning.plan import Plan

# URNs on a command line; a plan that touches more is carried out on the whole fabric, at the same cost.
TARGETS = 500


@dataclass(frozen=True, slots=True)
class Done:
    """What an engine run came to: the engine's report, and the servers'."""

    run: EngineRun
    journal: Journal

    def mismatches(self, plan: Plan, fabric: str, recorded: Iterable[ObjectRef]) -> list[str]:
        """What the engine did otherwise than was planned, one line each; [] as it should be."""
        known = set(recorded)
        found = []
        for ref, action in plan.touched.items():
            op = self.run.done.get(urns.of(fabric, ref))
            if op is None or ref in self.journal.errors:
                continue
            if op not in _ops(action, managed=ref in known):
                found.append(f"{ref}: planned {action}, and the engine did {op}")
        planned = {urns.of(fabric, ref) for ref in plan.touched}
        for urn, op in self.run.done.items():
            if urns.is_cr(urn) and urn not in planned and op not in {"same", "refresh"}:
                found.append(f"{urns.name_of(urn)}: not planned, and the engine did {op}")
        return found


def _ops(action: Action, *, managed: bool) -> set[str]:
    """The engine's ops that carry an action out. A CR that is gone everywhere and still in the state is updated into being."""
    if action is Action.DELETE:
        return {"delete"}
    if action in (Action.CREATE, Action.ADOPT, Action.REPLACE):
        return {"update"} if managed else {"create"}
    return {"update"}


def carry_out(context: RunContext, progress: Progress | None) -> Done:
    """Do what the plan says in one engine run.

    Raises:
        StackLocked, EngineError: the run could not begin, or ended without saying how.
    """
    plan, shown = context.plan, progress or silent()
    journal = Journal(len(plan.touched), shown)
    shown.update(f"writing {crs(len(plan.touched))}" if plan.touched else "writing the fabric's record")
    with ticking(shown):
        if _on_the_whole(context):
            part = Part(context.loaded.desired.manifests.keys(), bootstrap=context.settings.bootstrap is not None)
            program = program_of(context, part)
            done = _run(context, plan.touched, journal, engine.UP, program, None, _left_alone(context))
        else:
            done = _run_part(
                context, plan.touched, journal, plan.before, [urns.result(context.fabric), *_hooks(context)]
            )
    return Done(done, journal)


def _run_part(
    context: RunContext,
    touched: Mapping[ObjectRef, Action],
    journal: Journal,
    waits_for: Mapping[ObjectRef, Sequence[ObjectRef]],
    and_also: Iterable[str],
    loosened: Iterable[ObjectRef] = (),
) -> EngineRun:
    """One engine run over `touched` and the URNs `and_also`; `loosened` give up what the state has them depend on."""
    desired, recorded = context.loaded.desired, context.recorded
    registered, targets = scope({*touched, *loosened}, desired.manifests.keys(), waits_for, recorded.depends)
    receipts = {ref: str(outputs.get("receipt", "")) for ref, outputs in recorded.crs.items()}
    program = program_of(context, Part(registered, receipts, bootstrap=False))
    return _run(
        context, touched, journal, engine.UP, program, [*and_also, *(urns.of(context.fabric, ref) for ref in targets)]
    )


def _run(
    context: RunContext,
    touched: Mapping[ObjectRef, Action],
    journal: Journal,
    verb: str,
    program: Callable[[], None] | None,
    targets: Sequence[str] | None,
    excludes: Sequence[str] = (),
) -> EngineRun:
    """The engine run; a dead run's lock is cleared for it, and noted. An engine that dies half way is a run with that error:
    what the servers took until then is in the journal, and the next sync finds it.
    """
    providers = providers_for(context.session, context.plan, touched, journal)
    try:
        found, note = locks.clearing_stale_lock(
            context.workspace,
            context.fabric,
            lambda: engine.run(
                context.workspace,
                context.fabric,
                verb,
                program,
                providers,
                targets=targets,
                excludes=excludes,
                on_interrupt=journal.stopped.set,
            ),
        )
    except StackLocked:
        raise
    except EngineError as error:
        if not journal.outcomes:
            raise
        return engine.EngineRun(problems=(Problem("", str(error), "error"),))
    if note:
        journal.notes.append(note)
    return found


def program_of(context: RunContext, part: Part | None) -> Callable[[], None]:
    """The inline program: registers a part of the fabric, or all of it."""

    def program() -> None:
        from program import declare  # with the Pulumi SDK, which a verb that writes nothing need not load

        declare.declare(
            context.settings,
            context.loaded.desired,
            context.loaded.last_folder_commit,
            before=context.plan.reassignment.order,
            left_out=context.selection.left_out if context.selection else "",
            part=part,
        )

    return program


def _on_the_whole(context: RunContext) -> bool:
    """Whether the engine runs on the whole fabric: at the first sync, where its component or identity is written (everything
    depends on those), where a partial sync leaves out what the state has, and where a plan touches so much that it costs the
    same.
    """
    plan = context.plan
    identity = next((one.action for one in plan.record if one.name == "identity"), Action.CREATE)
    return (
        context.needs_bootstrap
        or context.selection is not None
        or identity is not Action.UNCHANGED
        or not context.recorded.component_urn
        or len(plan.touched) > TARGETS
    )


def _hooks(context: RunContext) -> Iterable[str]:
    """The URNs of the commands after a sync: those of the config, and those of the state."""
    hooks = [urns.hook(context.fabric, number) for number in range(1, len(context.settings.hooks) + 1)]
    return dict.fromkeys((*hooks, *context.recorded.hook_urns))


def _left_alone(context: RunContext) -> list[str]:
    """The managed CRs of which a partial sync takes no notice, where the engine runs on the whole fabric."""
    if context.selection is None:
        return []
    return [urns.of(context.fabric, ref) for ref in sorted(context.recorded.crs.keys() - context.selection.refs)]


def delete(context: RunContext, refs: Iterable[ObjectRef], progress: Progress | None) -> Done:
    """Delete some managed CRs in one engine run, what refers to others first.

    The fabric's result and the commands after a sync depend on every CR and leave the state with them; that writes nothing,
    and the next run makes them again. What the state has depend on a CR that goes only because of an order of updates gives
    that dependency up first, in an engine run that writes nothing.

    Raises:
        StackLocked, EngineError: as `carry_out`.
    """
    recorded, shown = context.recorded, progress or silent()
    going = set(refs)
    dependents = with_dependents(going, recorded.depends) - going
    loosened = dependents & context.loaded.desired.manifests.keys()
    going |= dependents - loosened
    journal = Journal(len(going), shown, "deleted")
    targets = [urns.of(context.fabric, ref) for ref in sorted(going)]
    targets += [*recorded.hook_urns, *([recorded.result_urn] if recorded.result_urn else [])]
    with ticking(shown):
        if loosened:
            found = _run_part(context, {}, journal, context.loaded.desired.references, (), loosened)
            if found.errors or found.interrupted:
                return Done(found, journal)
        done = _run(context, dict.fromkeys(going, Action.DELETE), journal, engine.DESTROY, None, targets)
    return Done(done, journal)


def merged(first: Done, second: Done) -> Done:
    """Both runs as one report; of what both did the second counts."""
    journal = replace(
        second.journal,
        outcomes={**first.journal.outcomes, **second.journal.outcomes},
        notes=[*first.journal.notes, *second.journal.notes],
    )
    run = replace(
        second.run,
        done={**first.run.done, **second.run.done},
        failed=(first.run.failed - second.run.done.keys()) | second.run.failed,
        problems=(*first.run.problems, *second.run.problems),
    )
    return Done(run, journal)
