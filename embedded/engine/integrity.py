"""What every state must satisfy (engine-contract §5.3), and the order that makes it so. Pure.

`check` states the rules, `sort` puts resources in an order in which every reference points backwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embedded.engine.state import Resource

PROVIDER_TYPE = "pulumi:providers:"


def split_provider(reference: str) -> tuple[str, str]:
    """`URN::ID` -> (urn, id) of a provider reference. Raises IntegrityError when it has no id."""
    urn, separator, identifier = reference.rpartition("::")
    if not separator or not identifier or not urn.startswith("urn:"):
        raise IntegrityError(f"malformed provider reference {reference!r}: expected URN::ID")
    return urn, identifier


def references(resource: Resource) -> Iterator[tuple[str, str]]:
    """Every (kind, urn) that the resource refers to, its provider left out."""
    if resource.parent:
        yield "parent", resource.parent
    for urn in resource.dependencies:
        yield "dependency", urn
    for key, urns in resource.property_dependencies.items():
        for urn in urns:
            yield f"property dependency ({key})", urn
    if resource.deleted_with:
        yield "deletedWith", resource.deleted_with
    for urn in resource.replace_with:
        yield "replaceWith", urn


def check(resources: Sequence[Resource]) -> None:
    """Raise IntegrityError for the first rule that the list breaks, naming the resource."""
    seen: set[str] = set()
    alive: set[str] = set()
    providers: set[tuple[str, str]] = set()
    every = {resource.urn for resource in resources}
    for index, resource in enumerate(resources):
        _check_entry(index, resource)
        if resource.type.startswith(PROVIDER_TYPE):
            providers.add((resource.urn, resource.id))
        if resource.provider and not resource.pending_replacement:
            reference = split_provider(resource.provider)
            if reference not in providers:
                raise IntegrityError(f"resource {resource.urn} refers to unknown provider {resource.provider}")
        for kind, urn in references(resource):
            if urn not in seen:
                how = "comes after it" if urn in every else "is missing"
                raise IntegrityError(f"resource {resource.urn}: its {kind} {urn} {how}")
        seen.add(resource.urn)
        if not resource.delete:
            if resource.urn in alive:
                raise IntegrityError(f"duplicate resource {resource.urn} (not marked for deletion)")
            alive.add(resource.urn)


def _check_entry(index: int, resource: Resource) -> None:
    if not resource.urn:
        raise IntegrityError(f"resource at index {index} has no urn")
    if not resource.type:
        raise IntegrityError(f"resource {resource.urn} has no type")
    if not resource.custom and resource.id:
        raise IntegrityError(f"resource {resource.urn} is no custom resource but has the id {resource.id!r}")
    if resource.type.startswith(PROVIDER_TYPE) and not resource.id:
        raise IntegrityError(f"provider {resource.urn} has no id")


def sort(resources: Sequence[Resource]) -> list[Resource]:
    """The same resources, each after everything it refers to, otherwise in the given order.

    Where a URN occurs twice (a replacement whose old entry still waits for its deletion), an entry marked `delete`
    refers to the marked one and any other entry to the live one. Raises IntegrityError for a cycle. References to
    nothing are ignored here; `check` reports them.
    """
    index = _Index(resources)
    done: set[int] = set()
    result: list[Resource] = []
    for root in resources:
        _visit(root, index, done, result)
    return result


class _Index:
    """Finds the entries that an entry refers to."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._live = {resource.urn: resource for resource in resources if not resource.delete}
        self._dying = {resource.urn: resource for resource in resources if resource.delete}
        self._providers = {
            f"{resource.urn}::{resource.id}": resource
            for resource in resources
            if resource.type.startswith(PROVIDER_TYPE)
        }

    def targets(self, resource: Resource) -> Iterator[Resource]:
        first, second = (self._dying, self._live) if resource.delete else (self._live, self._dying)
        if provider := self._providers.get(resource.provider):
            yield provider
        for _, urn in references(resource):
            target = first.get(urn) or second.get(urn)
            if target is not None and target is not resource:
                yield target


def _visit(root: Resource, index: _Index, done: set[int], result: list[Resource]) -> None:
    """Depth first, without recursion: a chain of dependencies may be longer than Python's stack."""
    if id(root) in done:
        return
    path = {id(root)}
    stack = [(root, index.targets(root))]
    while stack:
        resource, remaining = stack[-1]
        target = next(remaining, None)
        if target is None:
            stack.pop()
            path.discard(id(resource))
            done.add(id(resource))
            result.append(resource)
        elif id(target) in path:
            raise IntegrityError(f"the state has a cycle: {resource.urn} and {target.urn} depend on each other")
        elif id(target) not in done:
            path.add(id(target))
            stack.append((target, index.targets(target)))


def prune(resources: Sequence[Resource]) -> list[str]:
    """Drop references to what is not there, in place; for a state that a killed run left half-way.

    Returns one line per resource that was changed. A missing provider cannot be helped here; `check` reports it.
    """
    present = {resource.urn for resource in resources}
    changed = []
    for resource in resources:
        missing = [urn for _, urn in references(resource) if urn not in present]
        if not missing:
            continue
        changed.append(f"{resource.urn} no longer refers to {', '.join(sorted(set(missing)))}")
        resource.parent = resource.parent if resource.parent in present else ""
        resource.dependencies = [urn for urn in resource.dependencies if urn in present]
        resource.property_dependencies = {
            key: [urn for urn in urns if urn in present] for key, urns in resource.property_dependencies.items()
        }
        resource.deleted_with = resource.deleted_with if resource.deleted_with in present else ""
        resource.replace_with = [urn for urn in resource.replace_with if urn in present]
    return changed
