"""State entries and messages made from goals. Pure but for the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine import paths
from embedded.engine.clock import now
from embedded.engine.display import shown
from embedded.engine.state import Resource

if TYPE_CHECKING:
    from embedded.engine.steps import Goal


def needs_of(goal: Goal) -> tuple[str, ...]:
    """The URNs that a resource refers to, its parent first; its provider is not among them."""
    needs = [goal.parent, *goal.dependencies]
    for needed in goal.property_dependencies.values():
        needs += needed
    needs += [goal.deleted_with, *goal.replace_with]
    return tuple(urn for urn in needs if urn)


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
    options: dict[str, Any] = {
        "customTimeouts": dict(goal.custom_timeouts),
        "ignoreChanges": list(goal.ignore_changes),
        "replaceOnChanges": list(goal.replace_on_changes),
        "hideDiff": list(goal.hide_diff),
        "importID": goal.import_id,
        "resourceHooks": {kind: list(names) for kind, names in goal.hooks.items()},
    }
    if goal.replacement_trigger is not None:
        options["replacementTrigger"] = goal.replacement_trigger
    kept = {
        key: value
        for key, value in (old.extra if old else {}).items()
        if key not in (*options, "replacementTrigger", "stackTrace")
    }
    return kept | {key: value for key, value in options.items() if value or key == "replacementTrigger"}
