"""CRs that a spec names and that Git does not have. Whether that is a mistake depends on who else may have them.

A folder need not hold a whole fabric: wiring may come from elsewhere. So a name is an error only where the folder has
other CRs of that kind, and nobody knows the object outside of Git; else it is a warning. A namespace "default" that a spec
only implies comes with the fabric's own wiring and is not missed.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from providers.core.finding import ERROR, WARNING, Finding
from providers.core.references import Reference, references

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from providers.core.identity import ObjectRef
    from providers.core.rules.fabric import CR, Fabric, Findings

RULE = "missing-reference"


@dataclass(frozen=True, slots=True)
class Outside:
    """What is known of CRs that are not in Git: `exist` tells which of some do; `asked` is whether a cluster was asked."""

    exist: Callable[[Collection[ObjectRef]], Collection[ObjectRef]]
    asked: bool = False


# Nobody was asked, and the benefit of the doubt is given: the server will say.
# Nobody was asked, and only Git counts.
ASSUMED = Outside(lambda refs: refs)

NOTHING = Outside(lambda _: ())


def missing(fabric: Fabric, named: Iterable[tuple[CR, Reference]], outside: Outside) -> Findings:
    """A finding for each of the references `named` that leads out of Git."""
    gone = [(cr, one) for cr, one in named if not one.implied and _absent(fabric, one.ref)]
    if not gone:
        return
    there = set(outside.exist(frozenset(one.ref for _, one in gone)))
    for cr, one in gone:
        if one.ref in there:
            text, severity = f"names {one.ref}, which is not in Git; it must exist on the cluster", WARNING
        else:
            text, severity = _nowhere(fabric, one.ref, outside)
        yield Finding(one.path, text, RULE, severity, ref=cr.ref)


def all_named(fabric: Fabric, kinds: Iterable[str]) -> Iterable[tuple[CR, Reference]]:
    """Every reference of every CR."""
    return [
        (cr, one) for kind in kinds for cr in fabric.all(kind) for one in references(kind, cr.spec, cr.ref.namespace)
    ]


def _absent(fabric: Fabric, ref: ObjectRef) -> bool:
    return fabric.get(ref.kind, ref.name) is None


def _nowhere(fabric: Fabric, ref: ObjectRef, outside: Outside) -> tuple[str, str]:
    names = list(fabric.names(ref.kind))
    where = "neither in Git nor on the cluster" if outside.asked else "not in Git"
    if not names:
        right = "add it, or correct the name" if outside.asked else "it must exist on the cluster"
        return f"names {ref}, which is {where}; {right}", WARNING
    alike = [name for name in names if _numbers(name) == _numbers(ref.name)]  # "leaf-05" is no mistyped "leaf-01"
    close = difflib.get_close_matches(ref.name, alike, n=1, cutoff=0.7)
    right = f'did you mean "{close[0]}"?' if close else "correct the name, or add the CR"
    more = "" if outside.asked else " (where it exists on the cluster only: hhsync check --cluster)"
    return f"names {ref}, which is {where}; {right}{more}", ERROR


def _numbers(name: str) -> list[int]:
    return [int(digits) for digits in re.findall("[0-9]+", name)]
