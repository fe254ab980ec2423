"""How a wanted object differs from what the state holds, and whether it has to be made anew. Pure.

The state's live object is cut to the shape of the inputs that made it, and compared with the new inputs. Which fields a
server does not let change is the plugin's own table (documentation of pulumi-kubernetes, "replacement").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine import paths
from embedded.engine.plugins.kubernetes import objects
from embedded.engine.steps import DiffAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

_IDENTITY = ("kind", "metadata.name", "metadata.namespace")
_SELECTOR = ("spec.selector",)
_VOLUME_SOURCES = frozenset(
    {
        "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker",
        "gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk",
        "portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume",
    }
)  # fmt: skip
_POD = frozenset(
    {
        "affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases",
        "hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "nodeName", "nodeSelector", "overhead",
        "preemptionPolicy", "priority", "priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName",
        "schedulerName", "securityContext", "serviceAccount", "serviceAccountName", "shareProcessNamespace",
        "subdomain", "terminationGracePeriodSeconds", "volumes", "containers", "initContainers",
    }
)  # fmt: skip

_IMMUTABLE: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "DaemonSet"): _SELECTOR,
    ("apps", "StatefulSet"): (
        *_SELECTOR,
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): (*_SELECTOR, "spec.completions", "spec.parallelism", "spec.template"),
    ("policy", "PodDisruptionBudget"): ("spec",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
    ("", "PersistentVolume"): tuple(f"spec.{name}" for name in _VOLUME_SOURCES),
    ("", "PersistentVolumeClaim"): (*_SELECTOR, "spec.accessModes", "spec.storageClassName", "spec.volumeName"),
    ("", "Pod"): tuple(f"spec.{name}" for name in _POD),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("", "Service"): ("spec.clusterIP",),
}
_MUTABLE_VERSIONS = {("policy", "v1"), ("apps", "v1beta1")}
"""Versions that the table does not speak of: a PodDisruptionBudget of policy/v1 can change."""


def immutable_fields(
    item: Mapping[str, Any], *, mutable_config_maps: bool = False, mutable_secrets: bool = False
) -> tuple[str, ...]:
    """The paths by whose change an object has to be made anew."""
    group, _, version = str(item.get("apiVersion", "")).rpartition("/")
    kind, frozen = str(item.get("kind", "")), item.get("immutable") is True
    fields: tuple[str, ...] = ()
    if not group and kind == "ConfigMap":
        fields = ("data", "binaryData") if frozen or not mutable_config_maps else ()
    elif not group and kind == "Secret":
        fields = ("type", "data", "stringData") if frozen or not mutable_secrets else ("type",)
    elif (group, version) not in _MUTABLE_VERSIONS:
        fields = _IMMUTABLE.get((group, kind), ())
    return (*_IDENTITY, *fields)


def compare(
    outputs: Mapping[str, Any], wanted: Mapping[str, Any], *, namespaced: bool, immutable: tuple[str, ...]
) -> DiffAnswer:
    """The plugin's answer: changed paths, those that replace, and whether the old object has to go first.

    It goes first when the new one needs its very name: named by the program, not by us, and in the same place.
    """
    old_inputs, live = objects.parse_checkpoint(outputs)
    base = objects.pruned(live, objects.normalised(old_inputs))
    target = objects.normalised(wanted)
    base, target = _placed(base, namespaced), _placed(target, namespaced)
    if objects.name_of(target):
        base = objects.with_metadata(base, name=objects.name_of(live))
    for key in ("apiVersion", "kind"):
        base.setdefault(key, target.get(key))
    detailed = _detailed(base, target)
    if not detailed:
        return DiffAnswer(changes=False)
    replaces = tuple(path for path in detailed if _touches(path, immutable))
    keys = tuple(dict.fromkeys(str((paths.parse(path) or (path,))[0]) for path in detailed))
    same_place = objects.id_of(_placed(live, namespaced)) == objects.id_of(target)
    first = bool(replaces) and same_place and not objects.is_true(target, objects.AUTONAMED)
    return DiffAnswer(True, replaces, first, diffs=keys, detailed=detailed)


def _placed(item: Mapping[str, Any], namespaced: bool) -> dict[str, Any]:
    """The object with its namespace spelled out, or without one where its kind has none."""
    metadata = {key: value for key, value in objects.metadata_of(item).items() if key != "namespace"}
    if not isinstance(item.get("metadata", {}), dict):
        return dict(item)
    if namespaced:
        metadata["namespace"] = objects.metadata_of(item).get("namespace") or "default"
    return {**item, "metadata": metadata}


def _detailed(base: Mapping[str, Any], target: Mapping[str, Any]) -> dict[str, paths.Kind]:
    """Changed paths; an empty object or list and a missing one are the same to a server."""
    found = paths.diff(objects.to_properties(base), objects.to_properties(target))
    return {path: kind for path, kind in found.items() if not _both_empty(base, target, path)}


def _both_empty(base: Mapping[str, Any], target: Mapping[str, Any], path: str) -> bool:
    steps = paths.parse(path) or ()
    return all(paths.lookup_marked(side, steps) in ({}, [], None) for side in (base, target))


def _touches(path: str, fields: tuple[str, ...]) -> bool:
    steps = paths.parse(path) or ()
    for field in fields:
        wanted = tuple(field.split("."))
        if all(mine == theirs for mine, theirs in zip(steps, wanted, strict=False)):
            return True
    return False
