"""What is asked of the cluster before anything is written: whether it takes the wiring, and which other CRs it has.

Hedgehog's `hhfab` fills in the numbers of a Switch ("hydrates" the wiring); the fabric's webhooks refuse a Switch without
them, and any other API server takes it. One dry run finds out which of the two it is.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from providers.core import sections
from providers.core.finding import Finding
from providers.core.identity import FABRIC_LABEL, KINDS
from providers.core.rules.unresolved import Outside
from providers.errors import Forbidden, NotInstalled, TargetError, ValidationFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gitops.desired import DesiredState
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Manifest
    from providers.targets.cluster.snapshot import ClusterSnapshot
    from providers.targets.cluster.target import Cluster

# The words with which the fabric's webhook refuses a Switch that lacks a number, e.g. "ASN is required".
_REQUIRED = "is required"

_FIELDS = ("asn", "ip", "protocolIP")

RULE = "switch-not-hydrated"
_REMEDY = "this fabric's server refuses it: hydrate the wiring as `hhfab` does, and commit the result"


def require_hydrated(
    cluster: Cluster, fabric: str, desired: DesiredState, managed: Mapping[ObjectRef, Mapping[str, Any]]
) -> None:
    """Refuse wiring that is not hydrated, if this cluster does.

    Raises:
        ValidationFailed: with one finding for each Switch that lacks numbers.
        TargetError: the cluster does not answer.
    """
    bare = {
        ref: fields
        for ref, one in desired.manifests.items()
        if ref.kind == "Switch" and (fields := missing_numbers(one.spec))
    }
    taken = any(missing_numbers(managed[ref]) for ref in bare.keys() & managed.keys())
    if not bare or taken or not _refuses(cluster, fabric, desired.manifests[min(bare)]):
        return
    issues = [
        Finding(
            ("spec", fields[0]),
            f"{ref} has no {', '.join(fields)}; {_REMEDY}",
            RULE,
            origin=desired.manifests[ref].origin,
            ref=ref,
        )
        for ref, fields in sorted(bare.items())
    ]
    raise ValidationFailed(f"{len(issues)} Switches are not hydrated, and nothing was written", issues)


def _refuses(cluster: Cluster, fabric: str, switch: Manifest) -> bool:
    """Whether the server says of this Switch that a number "is required"; a Hedgehog webhook looks at that first."""
    from providers.targets.cluster.errors import (
        Denied,  # with the HTTP client, which a check of Git alone need not load
    )

    manifest = sections.manifest_of(sections.inputs_for(fabric, switch)["cluster"])
    live = cluster.get(switch.ref)
    try:
        if live is None:
            cluster.create(manifest, dry_run=True)
        else:
            cluster.replace(manifest, live, dry_run=True)
    except Denied as error:
        return _REQUIRED in error.reason
    except (Forbidden, NotInstalled):
        # who may only read writes nothing either, and a cluster without the CRDs is no fabric's yet
        return False
    return False


def missing_numbers(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of a Switch's spec that hydration has still to fill in; a spine has no VTEP."""
    role = str(spec.get("role") or "")
    fields = (*_FIELDS, "vtepIP") if role.endswith("leaf") else _FIELDS
    return tuple(field for field in fields if not spec.get(field))


def known_to(live: ClusterSnapshot, fabric: str) -> Outside:
    """What the cluster knows besides this fabric's own objects, by the LISTs that the run makes anyway.

    A kind that cannot be listed is given the benefit of the doubt: its CRs are unknown, so that nothing is written.
    """

    def exist(refs: Collection[ObjectRef]) -> Collection[ObjectRef]:
        return {ref for ref in refs if _is_there(live, ref, fabric)}

    return Outside(exist, asked=True)


def _is_there(live: ClusterSnapshot, ref: ObjectRef, fabric: str) -> bool:
    try:
        found = live.get(ref)
    except TargetError:
        return True
    return found is not None and (found["metadata"].get("labels") or {}).get(FABRIC_LABEL) != fabric


def on_cluster(connect: Callable[[], Cluster], fabric: str) -> Outside:
    """What the cluster knows besides this fabric's own objects: those that left Git are about to be deleted. One LIST of each
    kind with a missing name, and none without.

    `connect` is called when something is missing. Asking raises TargetError where the cluster cannot be read.
    """

    def exist(refs: Collection[ObjectRef]) -> Collection[ObjectRef]:
        kinds: dict[str, set[ObjectRef]] = defaultdict(set)
        for ref in refs:
            kinds[ref.kind].add(ref)
        cluster = connect()
        selector = f"{FABRIC_LABEL}!={fabric}"
        return {ref for kind, wanted in kinds.items() for ref in wanted & cluster.list(KINDS[kind], selector).keys()}

    return Outside(exist, asked=True)
