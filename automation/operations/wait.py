"""`hhsync sync --wait`: follow Hedgehog's Agents until the switches run what was applied, or the deadline passes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from automation.agents import Convergence
from automation.execution.publishing import publish_after
from automation.results import Health
from providers.core.drift.classify import Action
from providers.core.drift.convergence import Agent, Concerned, behind
from providers.core.planning.plan import present

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from automation.context import RunContext
    from automation.progress import Progress
    from automation.results import OperationResult
    from providers.core.identity import ObjectRef

# Seconds that the fabric's controller is given to move an Agent after a change, before the change counts as none of
# its business. A label, for one, changes no switch.
SETTLE = 5.0

# Seconds between two looks at the Agents: one LIST each.
INTERVAL = 1.0

# Seconds to wait when nothing else is said.
DEADLINE = 300.0


def followed_by(
    before: RunContext, sync: Callable[[], tuple[OperationResult, RunContext]], progress: Progress, deadline: float
) -> tuple[OperationResult, RunContext]:
    """Run a sync, and follow the switches that its changes concern; a sync that failed is not followed.

    Raises:
        HhsyncError: as the sync, or the Agents cannot be read.
    """
    cluster = before.session.cluster
    agents = cluster.agents()
    result, after = sync()
    if not result.ok:
        return result, after
    if agents is None:
        return replace(result, health=Health(known=False)), after
    changed = [ref for ref, action in before.plan.touched.items() if action is not Action.ATTRIBUTION]
    switches = touched(changed, *(present(one.fabric, one.facts.values()) for one in (before, after)))
    health = wait(cluster.agents, switches, agents, progress, deadline=deadline)
    behind_now = {agent.switch: agent for agent in health.not_converged}
    publish_after(after.with_convergence(Convergence(behind_now)))
    return replace(result, health=health), after


def touched(
    changed: Collection[ObjectRef],
    before: Mapping[ObjectRef, Mapping[str, Any]],
    after: Mapping[ObjectRef, Mapping[str, Any]],
) -> frozenset[str]:
    """The switches that a change concerns, by what the fabric was before it and what it is now."""
    return Concerned(before).of(changed) | Concerned(after).of(changed)


def wait(
    agents: Callable[[], Mapping[str, Agent] | None],
    switches: Collection[str],
    before: Mapping[str, Agent],
    progress: Progress,
    *,
    deadline: float = DEADLINE,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Health:
    """Look at the Agents until no switch is behind, or `deadline` seconds passed.

    Switches that were behind before are followed, too, so that a second `--wait` goes on where the first gave up.

    Raises:
        TargetError: the Agents cannot be read.
    """
    started = clock()
    now = agents()
    if now is None:
        return Health(known=False)
    followed = tuple(
        sorted((set(switches) | {name for name, agent in now.items() if agent.not_converged}) & now.keys())
    )
    moving = set(switches)
    while True:
        spent = clock() - started
        waiting = behind(before, now, moving, settled=spent >= SETTLE)
        waiting += [now[name] for name in followed if name not in moving and name in now and now[name].not_converged]
        if not waiting or spent >= deadline:
            return Health(followed, tuple(sorted(waiting, key=lambda one: one.switch)), spent)
        shown = ", ".join(one.switch for one in waiting[:3]) + (", …" if len(waiting) > 3 else "")
        progress.update(
            f"{len(followed) - len(waiting)} of {len(followed)} switches have taken it up; waiting for {shown}"
        )
        sleep(INTERVAL)
        now = agents() or {}
