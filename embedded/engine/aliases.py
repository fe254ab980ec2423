"""Renamed resources: which old URNs a resource may have had, and entries under a new one. Pure (engine-contract §4.2).

A resource is found by its own URN first, then by its aliases in order, then by what its parent's matched alias makes of
its own name and of each alias. Aliases are not stored: the state simply has the new URN from then on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedded.engine import urns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.state import Resource
    from embedded.engine.steps import Alias, Goal


def candidates(goal: Goal, matched: Mapping[str, str]) -> tuple[str, ...]:
    """The URNs that a resource may have had, best first; `matched` maps this run's URNs to the aliases they matched."""
    stack, project = urns.origin(goal.urn)
    found = [_collapsed(goal, alias, stack, project, matched) for alias in goal.aliases]
    former = matched.get(goal.parent)
    if former is not None:
        parent = urns.name_of(goal.parent)
        found.append(_inherited(goal.type, goal.name, parent, former, stack, project))
        for alias in found[: len(goal.aliases)]:
            type_, name = urns.type_of(alias), urns.name_of(alias)
            found.append(_inherited(type_, name, parent, former, stack, project))
    return tuple(urn for urn in dict.fromkeys(found) if urn != goal.urn)


def _collapsed(goal: Goal, alias: Alias, stack: str, project: str, matched: Mapping[str, str]) -> str:
    """One alias as a URN. What it leaves out did not change; a parent that was renamed counts under its former name."""
    if alias.urn:
        return alias.urn
    parent = matched.get(alias.parent, alias.parent) or goal.parent
    return urns.build(
        alias.stack or stack,
        alias.project or project,
        "" if alias.no_parent else parent,
        alias.type or goal.type,
        alias.name or goal.name,
    )


def _inherited(type_: str, name: str, parent: str, former: str, stack: str, project: str) -> str:
    """The URN below the parent's former one; a name that begins with the parent's follows the parent's rename."""
    if name.startswith(parent):
        name = urns.name_of(former) + name.removeprefix(parent)
    return urns.build(stack, project, former, type_, name)


def renamed(entry: Resource, old: str, new: str) -> Resource:
    """The entry with a URN exchanged everywhere, its own included unless it waits for its deletion; the same object
    when it is nowhere."""
    swap = {old: new}

    def of(urn: str) -> str:
        return swap.get(urn, urn)

    provider = entry.provider
    if provider and urns.provider_urn(provider) == old:
        provider = urns.provider_reference(new, provider.rsplit("::", 1)[1])
    kept = replace(
        entry,
        urn=entry.urn if entry.delete else of(entry.urn),
        type=urns.type_of(new) if entry.urn == old and not entry.delete else entry.type,
        parent=of(entry.parent),
        dependencies=[of(urn) for urn in entry.dependencies],
        property_dependencies={key: [of(urn) for urn in needed] for key, needed in entry.property_dependencies.items()},
        provider=provider,
        deleted_with=of(entry.deleted_with),
        replace_with=[of(urn) for urn in entry.replace_with],
    )
    return entry if kept == entry else kept
