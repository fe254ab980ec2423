"""Names, kinds and words: autonaming, what a resource type says of its object, and how refusals read. Pure."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from embedded.engine import urns
from embedded.engine.errors import NotSupported
from embedded.engine.failures import ProviderFailed
from embedded.engine.plugins.kubernetes import objects, readiness, scopes
from embedded.engine.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.plugins.kubernetes.client import ApiError

namespaced = scopes.is_namespaced

_POLICIES = {"orphan": "Orphan", "background": "Background", "foreground": "Foreground"}
_OWNERS = {
    "apps": {"Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ControllerRevision"},
    "batch": {"Job", "CronJob"},
    "": {"Pod", "ReplicationController", "Service", "Node"},
}
"""Built-in kinds whose objects own others."""
_SKIPPING = {"Namespace", "Pod", "ReplicationController", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet", "Job"}
"""Kinds whose delete the plugin does not wait for when `pulumi.com/skipAwait` is set."""


def refuse(type_: str, wanted: Mapping[str, Any]) -> None:
    """Raise NotSupported for Patch and List resources, which have the type of their kind with a suffix."""
    kind, name = str(wanted.get("kind", "")), type_.rsplit(":", 1)[-1]
    if name.endswith("Patch") and not kind.endswith("Patch"):
        raise NotSupported(
            f"the Patch resource {type_}",
            f"manage the whole object with {name.removesuffix('Patch')}, or install the Pulumi CLI and put it on PATH",
        )
    if name.endswith("List") and scopes.is_built_in(str(wanted.get("apiVersion", ""))):
        raise NotSupported(f"the list {type_}", "declare each of its items as a resource of its own")


def findings(type_: str, wanted: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with an object before any server has seen it, as (property, reason)."""
    found = []
    for key in ("apiVersion", "kind"):
        if not isinstance(wanted.get(key), str | Unknown) or not wanted.get(key):
            found.append((key, f"a {type_} needs it as a text"))
    metadata = wanted.get("metadata")
    if not isinstance(metadata, dict | Unknown | None):
        found.append(("metadata", "it has to be an object"))
    elif isinstance(metadata, dict):
        for key in ("name", "namespace"):
            if not isinstance(metadata.get(key, ""), str | Unknown | None):
                found.append((f"metadata.{key}", "it has to be a text"))
        if metadata.get("generateName") and not metadata.get("name"):
            found.append(("metadata.generateName", "server-side apply does not support it; leave out the name instead"))
    try:
        readiness.rule_for(wanted)
    except ValueError as error:
        found.append(("metadata.annotations", str(error)))
    return found


def named(resource: str, wanted: Mapping[str, Any], olds: Mapping[str, Any]) -> dict[str, Any]:
    """The object with a name: the program's, else the one that we gave it before, else a new one.

    A new one is the resource's name with eight random hexadecimal digits, and is marked by an annotation.
    """
    metadata = wanted.get("metadata")
    if isinstance(metadata, Unknown) or objects.metadata_of(wanted).get("name"):
        return dict(wanted)
    if objects.name_of(olds) and objects.is_true(olds, objects.AUTONAMED):
        name = objects.name_of(olds)
    else:
        name = f"{resource}-{secrets.token_hex(4)}"
    return objects.with_annotation(objects.with_metadata(wanted, name=name), objects.AUTONAMED, "true")


def api_version(urn: str) -> str:
    """The apiVersion that a resource's type says: `v1` of `kubernetes:core/v1:Pod`."""
    middle = urns.type_of(urn).split(":")[1]
    return middle.removeprefix("core/")


def propagation(inputs: Mapping[str, Any], live: Mapping[str, Any]) -> str:
    """What becomes of the objects that depend on a deleted one: the annotation says, else Foreground as in the plugin.

    Built-in kinds that own nothing go at once (Background): there is nothing to wait for, and an API server without
    controllers, as in development, would hold them for ever.
    """
    if named := _POLICIES.get(objects.annotation(inputs, objects.PROPAGATION).lower()):
        return named
    group, kind = str(live.get("apiVersion", "")).rpartition("/")[0], live.get("kind")
    owns = not scopes.is_built_in(str(live.get("apiVersion", ""))) or kind in _OWNERS.get(group, ())
    return "Foreground" if owns else "Background"


def skips_wait(inputs: Mapping[str, Any]) -> bool:
    """Whether nobody waits until a deleted object is gone."""
    return objects.is_true(inputs, objects.SKIP_AWAIT) and inputs.get("kind") in _SKIPPING


def refusal(verb: str, wanted: Mapping[str, Any], error: ApiError, where: str) -> ProviderFailed:
    """A server's refusal in one line: what, which object, where, why, what to do."""
    remedies = {
        "AlreadyExists": (
            "delete it, or manage it by `upsertExistingObjects` on the provider, which takes over what exists"
        ),
        "Forbidden": "give the user of that kubeconfig the right to do so",
        "Unauthorized": "renew the credentials of that kubeconfig",
    }
    text = f"cannot {verb} {objects.label(wanted)} ({where}): {error}"
    if error.causes and "is invalid" not in str(error):
        text += " (" + "; ".join(f"{field}: {message}" if field else message for field, message in error.causes) + ")"
    remedy = remedies.get(error.reason, "")
    return ProviderFailed(f"{text}; {remedy}" if remedy else text)
