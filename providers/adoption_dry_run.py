"""What adopting objects of the cluster would change, asked of the server where it is not plain to see. Nothing is written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from providers.core import sections
from providers.core.drift.adoption import Adoption, adoption, is_identical
from providers.errors import Conflict, Forbidden, Rejected, ServerFailure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from providers.core.identity import ObjectRef
    from providers.targets.cluster.target import Cluster

_AT_ONCE = 8


def of(cluster: Cluster, ref: ObjectRef, desired: sections.Section, live: Mapping[str, Any]) -> Adoption:
    """One object; a dry run is asked unless it says exactly what Git does.

    Raises:
        TargetError: the cluster does not answer. That it refuses the dry run is in the answer's note.
    """
    if is_identical(desired, live):
        return adoption(ref, desired, live, None)
    try:
        response = cluster.replace(sections.manifest_of(desired), live, dry_run=True)
    except (Forbidden, Rejected, ServerFailure, Conflict) as error:
        return adoption(ref, desired, live, None, f"compared without a dry run: {error}")
    return adoption(ref, desired, live, response)


def of_all(
    cluster: Cluster, wishes: Mapping[ObjectRef, sections.Section], live: Mapping[ObjectRef, Mapping[str, Any]]
) -> list[Adoption]:
    """All of `live`, side by side, in order of their names; `wishes` has an entry for each.

    Raises:
        TargetError: the cluster does not answer.
    """
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return list(pool.map(lambda ref: of(cluster, ref, wishes[ref], live[ref]), sorted(live)))
