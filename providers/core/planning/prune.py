"""The prune rule: how much of a fabric one commit may take away. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from providers.core.identity import ObjectRef

# So many may go from any fabric, since 30 % of a small one would be less than a person deletes on purpose.
ALWAYS_ALLOWED = 3

SHARE_ALLOWED = 0.30
_NAMED = 5


def refusal(managed: Collection[ObjectRef], desired: Collection[ObjectRef], allowed: int | None) -> str:
    """Why the managed CRs that are not desired may not go: the counts, the threshold, some names, the remedy; "" if they may.

    Refused are: leaving none, and more than max(3, 30 % of the managed), unless `allowed` says that many may go.
    """
    going = set(managed) - set(desired)
    if not going or (allowed is not None and len(going) <= allowed):
        return ""
    threshold = max(ALWAYS_ALLOWED, int(SHARE_ALLOWED * len(managed)))
    none_stays = len(going) == len(managed)
    if len(going) <= threshold and not none_stays:
        return ""
    named = ", ".join(str(ref) for ref in sorted(going)[:_NAMED]) + (", …" if len(going) > _NAMED else "")
    why = "none would stay" if none_stays else f"at most {threshold} may go at once"
    return (
        f"refused to delete {len(going)} of {len(managed)} managed CRs that are not in Git ({why}): {named}; nothing was "
        f"written. If Git is right, allow it with --allow-deletes {len(going)} (or stack config hhsync:allowDeletes); "
        f"to remove a whole fabric use: hhsync destroy"
    )
