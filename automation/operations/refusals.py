"""Why a sync would not begin: one list of reasons for preview and sync, so that both refuse the same for the same reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from program import cluster_checks
from providers.core.drift.adoption import refusal
from providers.core.drift.facts import Unread
from providers.core.identity import FABRIC_LABEL
from providers.core.planning import prune
from providers.core.planning.plan import owner, present
from providers.errors import HhsyncError, ValidationFailed, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from automation.context import RunContext
    from providers.core.identity import ObjectRef

# Deleted and made again they would take half a fabric with them; reassigning their addresses takes two commits.
_NEVER_DELETED_TO_COME_BACK = frozenset({"Switch", "Server", "IPv4Namespace", "VLANNamespace"})


def refusals(context: RunContext, allow_deletes: int | None = None) -> list[str]:
    """Every reason, one line each, none where a sync may begin; nothing is written. `allow_deletes` goes before stack config.

    Where a side could not be read, nothing else can be said, and that is the reason.
    """
    unread = list(_unread(context))
    if unread:
        return unread
    found: list[str] = []
    found += _prune(context, allow_deletes)
    found += _hydrated(context)
    found += _adoptions(context)
    found += _owners(context)
    return [*found, *_reassignment(context)]


def _unread(context: RunContext) -> Iterator[str]:
    reasons = [one.reason for one in context.plan.unknown]
    if isinstance(context.own, Unread):
        reasons.append(context.own.reason)
    yield from dict.fromkeys(reasons)


def _prune(context: RunContext, allow_deletes: int | None) -> list[str]:
    if context.selection is not None:
        return []
    allowed = context.settings.allow_deletes if allow_deletes is None else allow_deletes
    managed = context.recorded.crs.keys()
    line = prune.refusal(managed, managed - context.plan.deleted(), allowed)
    return [line] if line else []


def _hydrated(context: RunContext) -> list[str]:
    managed = present(context.fabric, context.facts.values())
    cluster, desired = context.session.cluster, context.loaded.desired
    return _caught(lambda: cluster_checks.require_hydrated(cluster, context.fabric, desired, managed))


def _adoptions(context: RunContext) -> list[str]:
    if context.settings.force_conflicts:
        return []
    found = [one.adoption for one in context.facts.values() if one.adoption is not None]
    text = refusal([one for one in found if one.ref in context.plan.touched])
    return [text] if text else []


def _owners(context: RunContext) -> list[str]:
    return [
        f"{ref} in the cluster belongs to fabric {other} (label {FABRIC_LABEL}); remove it from one of the two Git folders; "
        f"nothing was written"
        for ref in context.plan.touched
        if (other := _other_fabric(context, ref))
    ]


def _other_fabric(context: RunContext, ref: ObjectRef) -> str | None:
    live = context.facts[ref].live
    if live is None or isinstance(live, Unread):
        return None
    found = owner(live)
    return found if found not in (None, context.fabric) else None


def _reassignment(context: RunContext) -> Iterator[str]:
    """What a delete-first phase must not do: delete what is not in the state, or what half a fabric hangs on."""
    plan = context.plan
    if not plan.first:
        return
    why = "; ".join(str(one) for one in plan.reassignment.because)
    if context.selection is not None:
        yield f"{why}: that needs deletes, and --partial deletes nothing, so nothing was written; run a whole sync"
        return
    unknown = sorted(plan.first - context.recorded.crs.keys())
    if unknown:
        yield (
            f"{why}; but {named(unknown)} in its way carry this fabric's label and are not in its state, so nothing was "
            f"written. Sync the commit before this one, which adopts them, and then this one"
        )
        return
    kept = sorted(
        ref for ref in plan.first if ref.kind in _NEVER_DELETED_TO_COME_BACK and ref in context.loaded.desired.manifests
    )
    if kept:
        yield (
            f"{why}; that would delete {', '.join(map(str, kept))} for a moment with all that is connected, so nothing was "
            f"written. Do it in two commits: free it in the first, take it in the second"
        )


def _caught(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except ValidationFailed as error:
        return [*(one_line(str(issue)) for issue in error.issues), str(error)]
    except HhsyncError as error:
        return [str(error)]
    return []


def named(refs: Collection[ObjectRef]) -> str:
    """Some CRs by name, the first five of them."""
    return ", ".join(str(ref) for ref in sorted(refs)[:5]) + (", …" if len(refs) > 5 else "")
