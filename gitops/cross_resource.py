"""CRs against each other: the rules of `providers.core.rules`, with the line of each finding. Pure, but for who is asked.

Whether a CR that Git names and does not have exists elsewhere is for `Outside` to say: nobody (`hhsync check`), the benefit of
the doubt (drift), or the cluster (`hhsync check --cluster`, and the program before it registers anything).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from providers.core.identity import KINDS
from providers.core.rules import findings
from providers.core.rules.fabric import Fabric
from providers.core.rules.unresolved import Outside, all_named, missing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gitops.manifests import Located
    from providers.core.finding import Finding
    from providers.core.identity import ObjectRef


def across(
    found: Sequence[Located], refused: Sequence[Located], issues: Iterable[Finding], outside: Outside
) -> list[Finding]:
    """Every finding about how the CRs of a folder go together.

    Of two documents with one identity the first counts, and a sound one before one of `refused`, those with errors of their
    own. `issues` are these errors: what a rule says about a field that has one already is left out.
    """
    located: dict[ObjectRef, Located] = {}
    for each in (*sorted(found, key=_place), *sorted(refused, key=_place)):
        located.setdefault(each.manifest.ref, each)
    manifests = [one.manifest for one in located.values()]
    fabric = Fabric(manifests)
    all_findings = [*findings(manifests), *missing(fabric, all_named(fabric, KINDS), outside)]
    validated = (located[finding.ref].located(finding) for finding in all_findings if finding.ref is not None)
    reported = _fields(issues) if refused else {}
    return [one for one in validated if not _is_reported(one, reported)]


def is_across(issue: Finding) -> bool:
    """Whether a finding is about how CRs go together, and not about a document that cannot be read or taken for itself."""
    return bool(issue.rule) and issue.rule not in _OWN and not issue.rule.startswith("schema/")


_OWN = frozenset({"metadata", "identity-twice", "reference-cycle"})

type _Reported = Mapping[tuple[str, int], Collection[str]]


def _fields(issues: Iterable[Finding]) -> _Reported:
    """The fields with an error of their own, by file and document."""
    reported: dict[tuple[str, int], set[str]] = defaultdict(set)
    for one in issues:
        if one.severity == "error":
            reported[one.origin.path, one.origin.document].add(one.field)
    return reported


def _is_reported(issue: Finding, reported: _Reported) -> bool:
    """Whether the field, or one around or inside it, has an error already."""
    fields = reported.get((issue.origin.path, issue.origin.document), ())
    return any(_holds(field, issue.field) or _holds(issue.field, field) for field in fields)


def _holds(outer: str, inner: str) -> bool:
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def _place(each: Located) -> tuple[str, int, int]:
    origin = each.manifest.origin
    return origin.path, origin.document, origin.line
