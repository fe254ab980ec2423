"""What the cluster would say to the changes of a plan: a dry run of each, or what it must wait for.

Dry runs do not add up: an attachment cannot be tried before its VPC is there. A CR whose parent is made in the same sync is
"blocked by" it and not asked about, as one that takes what another still holds; one that is refused, and whose parent changes,
may be refused for that alone. No LIST: what is there was read for the plan. One dry run for each CR that is asked about.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from providers.core import sections
from providers.core.drift.classify import Action
from providers.errors import Conflict, Forbidden, Rejected, TargetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from automation.context import RunContext
    from providers.core.drift.difference import Difference
    from providers.core.identity import ObjectRef

# Dry runs in flight; more connections do not make a Hedgehog server faster.
_AT_ONCE = 8

_WRITTEN = {Action.CREATE: "created", Action.UPDATE: "changed", Action.REPLACE: "replaced", Action.ADOPT: "adopted"}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """By CR: what each waits for (`blocked`), and what the server refuses (`refused`); `note` says what was not asked."""

    blocked: Mapping[ObjectRef, str] = field(default_factory=dict)
    refused: Mapping[ObjectRef, str] = field(default_factory=dict)
    note: str = ""

    @property
    def notes(self) -> dict[ObjectRef, str]:
        """One line for each CR that waits or would be refused."""
        return {**self.refused, **self.blocked}

    @property
    def errors(self) -> list[str]:
        """The refusals, one line each."""
        return [f"{ref}: {text}" for ref, text in sorted(self.refused.items())]


def ask(context: RunContext) -> Verdicts:
    """Try every CR that the plan would write in the cluster, without writing."""
    plan, desired = context.plan, context.loaded.desired
    actions = {
        ref: _WRITTEN[action]
        for ref, action in plan.touched.items()
        if action in _WRITTEN and (action is not Action.UPDATE or _concerns_cluster(plan.by_ref[ref].differences))
    }
    if not actions:
        return Verdicts()
    blocked = {ref: text for ref, text in _waiting(context).items() if ref in actions}
    for ref in desired.manifests:
        parent = next((one for one in desired.references[ref] if actions.get(one) in {"created", "replaced"}), None)
        if ref in actions and parent is not None:
            blocked.setdefault(ref, f"blocked by {parent}, {actions[parent]} in this sync")
    asked = [ref for ref in desired.manifests if ref in actions and ref not in blocked]
    refused: dict[ObjectRef, str] = {}
    note = ""
    for ref, error in _answers(context, asked).items():
        moving = next((one for one in desired.references[ref] if actions.get(one, "adopted") != "adopted"), None)
        if isinstance(error, Forbidden):
            note = f"not tried on the cluster, which takes a dry run only from who may write: {error}"
        elif moving is not None:
            blocked[ref] = f"blocked by {moving}, {actions[moving]} in this sync"
        elif isinstance(error, (Rejected, Conflict)):
            refused[ref] = f"refused by the server: {error}"
        else:
            note = f"not tried on the cluster: {error}"
    return Verdicts(blocked, refused, note)


def _waiting(context: RunContext) -> dict[ObjectRef, str]:
    """What takes something that another CR still holds, and what is deleted first and made again."""
    moves = context.plan.reassignment
    waiting = {ref: f"blocked by {owners[0]}, changed in this sync" for ref, owners in moves.order.items()}
    waiting |= {one.new_owner: f"blocked by {one.old_owner}, deleted first in this sync" for one in moves.because}
    return waiting | dict.fromkeys(context.plan.first, "deleted first in this sync, and made again")


def _answers(context: RunContext, refs: Iterable[ObjectRef]) -> dict[ObjectRef, TargetError]:
    """What the server has against each CR; a CR that it would take is not among them."""
    cluster = context.session.cluster

    def response(ref: ObjectRef) -> TargetError | None:
        facts = context.facts[ref]
        manifest = sections.manifest_of((facts.desired or {})["cluster"])
        live: Any = facts.live
        try:
            if live is None:
                cluster.create(manifest, dry_run=True)
            else:
                cluster.replace(manifest, live, dry_run=True)
        except TargetError as error:
            return error
        return None

    every = list(refs)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        answers = zip(every, pool.map(response, every), strict=True)
        return {ref: error for ref, error in answers if error is not None}


def _concerns_cluster(differences: Iterable[Difference]) -> bool:
    return any(difference.section == "cluster" for difference in differences)
