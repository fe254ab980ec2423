"""CRs to the desired state: what is read of a folder, identities, references and the order. Pure."""

from __future__ import annotations

import graphlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from providers.core.finding import Finding
from providers.core.references import Reference, references

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gitops.manifests import Located
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Manifest, Origin

MANAGED, RAW, ARCHIVE = "managed", "raw", "archive"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which YAML files of a fabric's folder are desired, which are drafts, and which are not read, all in order."""

    desired: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A document of raw/: listed, never desired. `ref` is None where it cannot be read."""

    ref: ObjectRef | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredState:
    """What one commit wants: CRs in dependency order, the references among them, and what is only reported.

    `references` has an entry for every CR and names only CRs in `manifests`; `skipped` counts foreign objects by
    "apiVersion/Kind"; `unread` are YAML files that the folder's layout leaves out; `twice` are CRs that two documents write.
    """

    manifests: Mapping[ObjectRef, Manifest]
    references: Mapping[ObjectRef, tuple[ObjectRef, ...]]
    drafts: tuple[Draft, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[Finding, ...] = ()
    unread: tuple[str, ...] = ()
    twice: tuple[ObjectRef, ...] = ()

    def only(self, refs: Collection[ObjectRef]) -> DesiredState:
        """This state with fewer CRs; a reference to one that is left out is no dependency."""
        kept = set(refs)
        return replace(
            self,
            manifests={ref: one for ref, one in self.manifests.items() if ref in kept},
            references={
                ref: tuple(one for one in named if one in kept) for ref, named in self.references.items() if ref in kept
            },
        )

    def ordered(self, after: Mapping[ObjectRef, Sequence[ObjectRef]]) -> DesiredState:
        """This state with further dependencies, which must not make a circle with the references."""
        if not after:
            return self
        edges = {ref: (*parents, *after.get(ref, ())) for ref, parents in self.references.items()}
        order, cycles = _ordered(edges)
        if cycles:
            raise ValueError(f"the order goes in a circle: {cycles[0]}")
        return replace(
            self, manifests={ref: self.manifests[ref] for ref in order}, references={ref: edges[ref] for ref in order}
        )

    def including(self, returning: Iterable[Manifest]) -> DesiredState:
        """This state with these CRs in place of those of the same name; what they name comes before them."""
        manifests = {**self.manifests, **{one.ref: one for one in returning}}
        edges = {
            ref: tuple(
                sorted({named.ref for named in references(ref.kind, one.spec, ref.namespace)} & manifests.keys())
            )
            for ref, one in manifests.items()
        }
        order, _ = _ordered(edges)
        return replace(
            self, manifests={ref: manifests[ref] for ref in order}, references={ref: edges[ref] for ref in order}
        )


def layout(folder: str, paths: Iterable[str]) -> Layout:
    """Sort the files of a folder (paths from the repository's root, YAML or not) by the folder's layout.

    Where managed/ or raw/ exists, only managed/ is desired and raw/ is drafts; a folder with neither is read whole.
    archive/, and files and folders whose name starts with a dot, are never read.
    """
    start = len(folder) + 1 if folder else 0
    parts: dict[str, list[str]] = {MANAGED: [], RAW: [], ARCHIVE: [], "": []}
    seen: set[str] = set()
    for path in sorted(paths):
        first, slash, _ = path[start:].partition("/")
        place = first if slash and first in parts else ""
        seen.add(place)
        hidden = path[start:].startswith(".") or "/." in path[start:]
        if path.endswith((".yaml", ".yml")):
            parts[ARCHIVE if hidden else place].append(path)
    if MANAGED in seen or RAW in seen:
        unread = tuple(sorted(parts[ARCHIVE] + parts[""]))
        return Layout(tuple(parts[MANAGED]), tuple(parts[RAW]), unread)
    return Layout(tuple(parts[""]), (), tuple(parts[ARCHIVE]))


def build(found: Sequence[Located]) -> tuple[DesiredState, list[Finding]]:
    """Join CRs to one desired state; the findings are duplicate identities and reference cycles, with every origin.

    References to CRs that are not in Git are `judgement`'s. The order depends only on the CRs' names and references, not on
    files.
    """
    issues: list[Finding] = []
    located: dict[ObjectRef, Located] = {}
    twice: set[ObjectRef] = set()
    for each in sorted(found, key=_place):
        first = located.setdefault(each.manifest.ref, each)
        if first is not each:
            twice.add(each.manifest.ref)
            message = f"{each.manifest.ref} is written twice: here and at {first.manifest.origin}; remove one"
            issues.append(each.located(Finding(("metadata", "name"), message, "identity-twice")))
    named = {ref: references(ref.kind, one.manifest.spec, ref.namespace) for ref, one in located.items()}
    edges = {ref: tuple(sorted({each.ref for each in names} & located.keys())) for ref, names in named.items()}
    order, cycles = _ordered(edges)
    issues += (_cycle(cycle, named, located) for cycle in cycles)
    manifests = {ref: located[ref].manifest for ref in order}
    return DesiredState(manifests, {ref: edges[ref] for ref in order}, twice=tuple(sorted(twice))), issues


def _place(each: Located) -> tuple[str, int, int]:
    origin = each.manifest.origin
    return origin.path, origin.document, origin.line


def _ordered(edges: Mapping[ObjectRef, Sequence[ObjectRef]]) -> tuple[list[ObjectRef], list[list[ObjectRef]]]:
    """Every CR after those that it names, by name within a rank; and the cycles that had to be cut for that."""
    left = {ref: set(names) for ref, names in sorted(edges.items())}
    cycles: list[list[ObjectRef]] = []
    while True:
        sorter = graphlib.TopologicalSorter(left)
        try:
            sorter.prepare()
        except graphlib.CycleError as error:
            cycle: list[ObjectRef] = error.args[1]
            cycles.append(cycle)
            left[cycle[1]].discard(cycle[0])
            continue
        order: list[ObjectRef] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready())
            order += ready
            sorter.done(*ready)
        return order, cycles


def _cycle(
    cycle: Sequence[ObjectRef], named: Mapping[ObjectRef, Sequence[Reference]], located: Mapping[ObjectRef, Located]
) -> Finding:
    """The finding for a cycle, which graphlib gives as [a, b, ..., a] where each is named by the next one."""
    ring = list(reversed(cycle))
    start = ring.index(min(ring[:-1]))
    ring = ring[start:-1] + ring[: start + 1]
    path = next(each.path for each in named[ring[0]] if each.ref == ring[1])
    places = ", ".join(f"{ref} ({located[ref].manifest.origin})" for ref in ring[:-1])
    chain = " → ".join(str(ref) for ref in ring)
    message = f"the references go in a circle: {chain}; break it in one of {places}"
    return located[ring[0]].located(Finding(path, message, "reference-cycle"))
