"""CRs against each other: the rules of `providers.core.rules`, with the line of each finding. Pure, but for who is asked.

Whether a CR that Git names and does not have exists elsewhere is for `Outside` to say: nobody (`hhsync check`), the benefit of
the doubt (drift), or the cluster (`hhsync check --cluster`, and the program before it registers anything).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from providers.core.identity import KINDS
from providers.core.rules import findings
from providers.core.rules.fabric import Fabric
from providers.core.rules.references import Outside, all_named, missing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from program.manifests import Located
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Issue


def across(found: Sequence[Located], unread: Collection[ObjectRef], outside: Outside) -> list[Issue]:
    """Every finding about how the CRs of a folder go together.

    Of two documents with one identity the first counts. `unread` are CRs whose own findings keep them out of `found`: what
    names them is not told off for it.
    """
    located: dict[ObjectRef, Located] = {}
    for each in sorted(found, key=_place):
        located.setdefault(each.manifest.ref, each)
    fabric = Fabric(one.manifest for one in located.values())
    all_findings = [
        *findings(one.manifest for one in located.values()),
        *missing(fabric, all_named(fabric, KINDS), unread, outside),
    ]
    return [replace(located[one.ref].issue(one.path, one.message, one.severity), rule=one.rule) for one in all_findings]


def _place(each: Located) -> tuple[str, int, int]:
    origin = each.manifest.origin
    return origin.path, origin.document, origin.line
