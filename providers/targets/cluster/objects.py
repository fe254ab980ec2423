"""Kubernetes objects as values: what to call one, what to PUT, and when two are the same. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from providers.core.identity import DEFAULT_NAMESPACE, ObjectRef

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    Object = dict[str, Any]

# What a PUT would drop and only others may change.
_CARRIED = ("finalizers", "ownerReferences")


def replacement(
    manifest: Mapping[str, Any],
    live: Mapping[str, Any],
    owned_labels: Collection[str] = (),
    owned_annotations: Collection[str] = (),
) -> Object:
    """What to PUT so that the spec is exactly the manifest's and nothing of others is lost.

    Args:
        manifest: apiVersion, kind, metadata and spec as Git says.
        live: the object as last read; its uid and resourceVersion become preconditions.
        owned_labels: label keys that we wrote before; those that the manifest no longer has go.
        owned_annotations: the same for annotations.
    """
    wanted, found = manifest["metadata"], live["metadata"]
    metadata: Object = {name: found[name] for name in ("name", "namespace", "uid", "resourceVersion") if name in found}
    for section, owned in (("labels", owned_labels), ("annotations", owned_annotations)):
        foreign = {key: value for key, value in (found.get(section) or {}).items() if key not in owned}
        if merged := {**foreign, **(wanted.get(section) or {})}:
            metadata[section] = merged
    metadata.update({name: found[name] for name in _CARRIED if found.get(name)})
    ours = {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "metadata": metadata}
    # Without a status subresource a PUT would drop the status, which is the server's.
    others = {key: value for key, value in live.items() if key not in ours and key != "spec"}
    spec = {"spec": manifest["spec"]} if "spec" in manifest else {}
    return {**ours, **spec, **others}


def ref_of(manifest: Mapping[str, Any]) -> ObjectRef:
    """The reference of a manifest or live object."""
    metadata = manifest["metadata"]
    return ObjectRef(manifest["kind"], metadata.get("namespace") or DEFAULT_NAMESPACE, metadata["name"])


def same_content(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two answers for one object agree in spec, labels and annotations."""
    keys = ("labels", "annotations")
    same_keys = all((one["metadata"].get(key) or {}) == (other["metadata"].get(key) or {}) for key in keys)
    return same_keys and one.get("spec") == other.get("spec")


def holders(live: Mapping[str, Any]) -> str:
    """The finalizers that keep a deleted object, as text."""
    return ", ".join(live["metadata"].get("finalizers") or ()) or "nothing that it names"
