"""Which resources a run may touch: --target, --exclude, --replace and their relatives. Pure (engine-contract §4.7).

A pattern is a URN, or a glob: `*` stands for anything within one segment of a URN (no colon), `**` for anything. The
stack and its providers take part in every run and are not asked about here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from embedded.engine.deletes import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embedded.engine.request import Request
    from embedded.engine.state import Resource


class UrnSet:
    """A set of URNs given by patterns; it can be told of more members."""

    def __init__(self, patterns: Iterable[str]) -> None:
        given = tuple(patterns)
        self.literals = tuple(dict.fromkeys(pattern for pattern in given if "*" not in pattern))
        """The URNs that were written out, in the order given."""
        self._members = set(self.literals)
        self._globs = [_compiled(pattern) for pattern in given if "*" in pattern]

    def __bool__(self) -> bool:
        """Whether any pattern was given."""
        return bool(self.literals or self._globs)

    def __contains__(self, urn: str) -> bool:
        return urn in self._members or any(glob.fullmatch(urn) for glob in self._globs)

    def add(self, urn: str) -> None:
        """Make a URN a member."""
        self._members.add(urn)


def _compiled(glob: str) -> re.Pattern[str]:
    spans = ("[^:]*".join(map(re.escape, span.split("*"))) for span in glob.split("**"))
    return re.compile(".*".join(spans), re.DOTALL)


class Selection:
    """What one run was asked to touch. Members are added while it goes on; safe to use from any thread."""

    def __init__(self, request: Request) -> None:
        self.targets = UrnSet(request.targets)
        self.excludes = UrnSet(request.excludes)
        self.replaces = UrnSet(request.replaces)
        self._target_dependents = request.target_dependents
        self._exclude_dependents = request.exclude_dependents
        self._targeted = UrnSet(request.targets)
        """`targets` with the dependents that were met so far."""
        self._excluded = UrnSet(request.excludes)

    @property
    def partial(self) -> bool:
        """Whether anything is left out."""
        return bool(self.targets or self.excludes)

    def takes(self, urn: str, needs: Iterable[str]) -> bool:
        """Whether a resource takes part; `needs` are the URNs that it refers to, its provider included.

        Resources have to be asked about in an order in which references point backwards, as programs register them.
        """
        if self.targets:
            taken = urn in self.targets or (self._target_dependents and any(need in self._targeted for need in needs))
            if taken:
                self._targeted.add(urn)
            return taken
        if self.excludes:
            left = urn in self.excludes or (self._exclude_dependents and any(need in self._excluded for need in needs))
            if left:
                self._excluded.add(urn)
            return not left
        return True

    def to_read(self, entries: Sequence[Resource]) -> list[Resource]:
        """The entries that a refresh reads, of a whole state in its order."""
        named = {entry.urn for entry in entries if entry.urn in (self.targets or self.excludes)}
        if self._target_dependents if self.targets else self._exclude_dependents:
            named = dependents(entries, named)
        if self.targets:
            return [entry for entry in entries if entry.urn in named]
        return [entry for entry in entries if entry.urn not in named]

    def to_delete(self, entries: Sequence[Resource]) -> frozenset[str]:
        """The URNs that may be deleted, of a whole state in its order.

        With targets: those and whatever cannot stay without them. With excludes: all but those and what they need, and
        with --exclude-dependents what needs any of these.
        """
        urns = frozenset(entry.urn for entry in entries)
        if self.targets:
            return frozenset(dependents(entries, {urn for urn in urns if urn in self.targets}))
        if self.excludes:
            return urns - self._kept(entries, {urn for urn in urns if urn in self.excludes})
        return urns

    def _kept(self, entries: Sequence[Resource], kept: set[str]) -> set[str]:
        return needs(entries, dependents(entries, kept) if self._exclude_dependents else kept)

    def unnamed(self, urns: Iterable[str]) -> list[str]:
        """Of URNs about to be deleted, those that nobody asked to delete, in the given order."""
        if not self.targets or self._target_dependents:
            return []
        return [urn for urn in urns if urn not in self.targets]


def dependents(entries: Sequence[Resource], roots: set[str]) -> set[str]:
    """The roots and the URNs of whatever refers to them, directly or not; `entries` in the state's order."""
    found = set(roots)
    for entry in entries:
        if entry.urn not in found and not found.isdisjoint(references(entry)):
            found.add(entry.urn)
    return found


def needs(entries: Sequence[Resource], roots: set[str]) -> set[str]:
    """The roots and the URNs that they refer to, directly or not; `entries` in the state's order."""
    found = set(roots)
    for entry in reversed(entries):
        if entry.urn in found:
            found.update(references(entry))
    return found


def missing(patterns: UrnSet, known: Iterable[str]) -> list[str]:
    """One line for each URN that was written out and that nothing has."""
    there = set(known)
    return [_missing(urn) for urn in patterns.literals if urn not in there]


def _missing(urn: str) -> str:
    hint = "" if "$" in urn else " Did you forget to escape $ in your shell?"
    return f"Target '{urn}' could not be found in the stack.{hint}"


def unnamed_text(urn: str) -> str:
    """Why a resource is not deleted along with a target."""
    return (
        f"Resource '{urn}' will be destroyed but was not specified in --target list.\n"
        "Either include resource in --target list or pass --target-dependents to proceed."
    )


def skipped_text(urn: str, needed: str, *, targeted: bool) -> str:
    """Why a resource cannot be made: it needs one that this run leaves out and that does not exist yet."""
    if targeted:
        return f"Resource '{urn}' depends on '{needed}' which was was not specified in --target list."
    return (
        f"Resource '{urn}' depends on '{needed}' which does not exist yet and which --exclude leaves out.\n"
        "Either take it off the --exclude list or pass --exclude-dependents to proceed."
    )
