"""What rules look at: the CRs of one fabric by kind, in the order in which Git has them, and the findings that rules make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.core.finding import WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from providers.core.field_path import FieldPath
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Manifest

# The name that Hedgehog fills in where a spec names no namespace, and the subnet of an attachment that names none.
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class CR:
    """One CR as rules see it: a spec that its schema accepts, and where it is written."""

    manifest: Manifest

    @property
    def ref(self) -> ObjectRef:
        """Its identity."""
        return self.manifest.ref

    @property
    def name(self) -> str:
        """Its name."""
        return self.manifest.ref.name

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its spec as Git says."""
        return self.manifest.spec

    def __str__(self) -> str:
        return f"{self.ref} ({self.manifest.origin})"

    def error(self, rule: str, path: FieldPath, message: str) -> Finding:
        """A finding that stops a sync; `path` is inside the spec."""
        return Finding(("spec", *path), message, rule, ref=self.ref)

    def warning(self, rule: str, path: FieldPath, message: str) -> Finding:
        """A finding that stops nothing; `path` is inside the spec."""
        return Finding(("spec", *path), message, rule, WARNING, ref=self.ref)


type Findings = Iterator[Finding]


class Fabric:
    """The CRs of a fabric. Iteration is in order of path, document and line, so that "the second one" is the later one."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        self._kinds: dict[str, dict[str, CR]] = defaultdict(dict)
        for each in sorted(manifests, key=_place):
            self._kinds[each.ref.kind].setdefault(each.ref.name, CR(each))

    def all(self, kind: str) -> Iterable[CR]:
        """Every CR of a kind."""
        return self._kinds[kind].values() if kind in self._kinds else ()

    def get(self, kind: str, name: str) -> CR | None:
        """A CR by name; None where it is not in Git, about which nothing can be said."""
        return self._kinds[kind].get(name) if kind in self._kinds else None

    def names(self, kind: str) -> Iterable[str]:
        """The names of a kind."""
        return self._kinds[kind].keys() if kind in self._kinds else ()


def _place(manifest: Manifest) -> tuple[str, int, int]:
    return manifest.origin.path, manifest.origin.document, manifest.origin.line


@dataclass(frozen=True, slots=True)
class Place[T]:
    """A value of a fabric with the CR and the field that say it."""

    value: T
    cr: CR
    path: FieldPath


def used_again[T: Hashable](places: Iterable[Place[T]]) -> Iterator[tuple[Place[T], Place[T]]]:
    """Every place whose value an earlier place has already: (the later, the first)."""
    first: dict[T, Place[T]] = {}
    for place in places:
        before = first.setdefault(place.value, place)
        if before is not place:
            yield place, before


def twice[T: Hashable](rule: str, places: Iterable[Place[T]], what: Callable[[T], str], right: str) -> Findings:
    """A finding for every place whose value an earlier one has; `what` names the value, `right` says what to do."""
    for later, first in used_again(places):
        yield later.cr.error(rule, later.path, f"{what(later.value)} is used already {whose(first, later)}; {right}")


def whose(first: Place[Any], later: Place[Any]) -> str:
    """Where the first place is, as seen from the later one: "by X (file:line)" or "in this CR at field"."""
    if first.cr is later.cr:
        return f"in this CR, at {'.'.join(str(part) for part in ('spec', *first.path))}"
    return f"by {first.cr}"
