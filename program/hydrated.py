"""A Hedgehog fabric takes hydrated wiring only: found out with one dry run before anything is written.

No request is made when every Switch is hydrated, or when the cluster already holds one that is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from providers.core import hydration, sections
from providers.core.manifest import Issue
from providers.errors import Forbidden, NotInstalled, ValidationFailed
from providers.targets.cluster.errors import Denied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops.desired import DesiredState
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Manifest
    from providers.targets.cluster.target import Cluster

RULE = "switch-not-hydrated"
_REMEDY = "this fabric's server refuses it: hydrate the wiring as `hhfab` does, and commit the result"


def check(cluster: Cluster, fabric: str, desired: DesiredState, managed: Mapping[ObjectRef, Mapping[str, Any]]) -> None:
    """Refuse wiring that is not hydrated, if this cluster does.

    Raises:
        ValidationFailed: with one finding for each Switch that lacks numbers.
        TargetError: the cluster does not answer.
    """
    bare = {
        ref: fields
        for ref, one in desired.manifests.items()
        if ref.kind == "Switch" and (fields := hydration.missing(one.spec))
    }
    taken = any(hydration.missing(managed[ref]) for ref in bare.keys() & managed.keys())
    if not bare or taken or not _refuses(cluster, fabric, desired.manifests[min(bare)]):
        return
    issues = [
        Issue(
            desired.manifests[ref].origin,
            f"{ref} has no {', '.join(fields)}; {_REMEDY}",
            f"spec.{fields[0]}",
            rule=RULE,
        )
        for ref, fields in sorted(bare.items())
    ]
    raise ValidationFailed(f"{len(issues)} Switches are not hydrated, and nothing was written", issues)


def _refuses(cluster: Cluster, fabric: str, switch: Manifest) -> bool:
    """Whether the server says of this Switch that a number "is required"; a Hedgehog webhook looks at that first."""
    manifest = sections.manifest_of(sections.inputs_for(fabric, switch)["cluster"])
    live = cluster.get(switch.ref)
    try:
        if live is None:
            cluster.create(manifest, dry_run=True)
        else:
            cluster.replace(manifest, live, dry_run=True)
    except Denied as error:
        return hydration.REQUIRED in error.reason
    except (Forbidden, NotInstalled):
        # who may only read writes nothing either, and a cluster without the CRDs is no fabric's yet
        return False
    return False
