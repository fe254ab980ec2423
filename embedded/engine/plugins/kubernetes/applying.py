"""Writes objects: create, server-side apply with the plugin's rules for field managers, replace of a CRD, delete.

A created object belongs to the field manager `pulumi-kubernetes`. At the first update its fields, and those that
`kubectl` applied, are handed to the resource's own manager, which the state keeps as `__fieldManager`; then the whole
wanted object is applied. What another manager owns is a conflict, unless `pulumi.com/patchForce` or `enablePatchForce`
says to take it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine.failures import ProviderFailed
from embedded.engine.plugins.kubernetes import objects
from embedded.engine.plugins.kubernetes.client import APPLY, ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.plugins.kubernetes.client import Client, Kind

CREATOR = "pulumi-kubernetes"
_HANDED_OVER = {
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    ("pulumi-kubernetes", "Update"),
    ("pulumi-kubernetes.exe", "Update"),
    ("pulumi-resource-kubernetes", "Update"),
}
_JSON_PATCH = "application/json-patch+json"


def create(
    client: Client, kind: Kind, wanted: Mapping[str, Any], *, manager: str, upsert: bool, force: bool, preview: bool
) -> dict[str, Any]:
    """Make an object that does not exist yet; `upsert` takes one that does. Raises ApiError, ProviderFailed."""
    namespace, name = objects.namespace_of(wanted), objects.name_of(wanted)
    if upsert:
        return _apply(client, kind.path(namespace, name), wanted, manager, force=force or preview, preview=preview)
    params = {"fieldManager": CREATOR, "fieldValidation": "Warn", **_dry(preview)}
    return client.call("POST", kind.path(namespace), params=params, body=wanted, repeat=preview)


def update(
    client: Client, kind: Kind, wanted: Mapping[str, Any], *, manager: str, force: bool, preview: bool
) -> dict[str, Any]:
    """Make an existing object as wanted. Raises ApiError, ProviderFailed."""
    path = kind.path(objects.namespace_of(wanted), objects.name_of(wanted))
    live = client.call("GET", path)
    if wanted.get("kind") == "CustomResourceDefinition":
        version = objects.metadata_of(live).get("resourceVersion")
        body = objects.with_metadata(wanted, resourceVersion=version)
        return client.call("PUT", path, params={"fieldManager": manager, **_dry(preview)}, body=body, repeat=preview)
    managed = objects.metadata_of(live).get("managedFields") or []
    ours = any(_key(entry) in _HANDED_OVER and entry.get("manager") != "kubectl" for entry in managed)
    force = force or not managed or (preview and ours)
    if not preview:
        _hand_over(client, path, live, manager)
    return _apply(client, path, wanted, manager, force=force, preview=preview)


def delete(client: Client, kind: Kind, namespace: str, name: str, policy: str) -> None:
    """Begin to remove an object. Raises ApiError, ProviderFailed."""
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": policy}
    client.call("DELETE", kind.path(namespace, name), body=body)


def relinquish(client: Client, kind: Kind, item: Mapping[str, Any], manager: str) -> None:
    """Give up what a manager owns of an object, without changing a value: its entry is taken out of the list."""
    path = kind.path(objects.namespace_of(item), objects.name_of(item))
    live = client.call("GET", path)
    managed = objects.metadata_of(live).get("managedFields") or []
    kept = [entry for entry in managed if entry.get("manager") != manager]
    if kept != managed and kept:
        _set_managers(client, path, live, kept)


def conflict(error: ApiError, wanted: Mapping[str, Any], manager: str) -> ProviderFailed:
    """What a refused apply says: who owns which fields, and what to do."""
    owned = "; ".join(f"{field}: {message}" for field, message in error.causes) or str(error)
    return ProviderFailed(
        f"server-side apply of {objects.label(wanted)} as field manager {manager!r} conflicts with another manager "
        f"({owned}); leave those fields out of the program, or take them with the annotation "
        f'{objects.PATCH_FORCE}: "true"'
    )


def _apply(
    client: Client, path: str, wanted: Mapping[str, Any], manager: str, *, force: bool, preview: bool
) -> dict[str, Any]:
    params = {"fieldManager": manager, "force": str(force).lower(), "fieldValidation": "Warn", **_dry(preview)}
    try:
        return client.call("PATCH", path, params=params, body=wanted, content=APPLY)
    except ApiError as error:
        if error.reason == "Conflict":
            raise conflict(error, wanted, manager) from None
        raise


def _dry(preview: bool) -> dict[str, str]:
    return {"dryRun": "All"} if preview else {}


def _key(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry.get("manager", "")), str(entry.get("operation", ""))


def _hand_over(client: Client, path: str, live: Mapping[str, Any], manager: str) -> None:
    """Let the resource's own manager own what it or kubectl wrote before by other means."""
    managed = objects.metadata_of(live).get("managedFields") or []
    changed = handed_over(managed, manager)
    if changed is not None:
        _set_managers(client, path, live, changed)


def handed_over(managed: list[dict[str, Any]], manager: str) -> list[dict[str, Any]] | None:
    """The managed fields with those of creators and kubectl given to `manager`; None when there are none. Pure."""
    theirs = [entry for entry in managed if _key(entry) in _HANDED_OVER and not entry.get("subresource")]
    if not theirs:
        return None
    mine = [entry for entry in managed if _key(entry) == (manager, "Apply") and not entry.get("subresource")]
    fields: dict[str, Any] = {}
    for entry in (*mine, *theirs):
        fields = _union(fields, entry.get("fieldsV1") or {})
    template = mine[0] if mine else theirs[0]
    joined = {**template, "manager": manager, "operation": "Apply", "fieldsV1": fields}
    gone = [id(entry) for entry in (*mine, *theirs)]
    return [*(entry for entry in managed if id(entry) not in gone), joined]


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(one)
    for key, value in other.items():
        mine = found.get(key)
        found[key] = _union(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return found


def _set_managers(client: Client, path: str, live: Mapping[str, Any], managed: list[dict[str, Any]]) -> None:
    patch = [
        {"op": "replace", "path": "/metadata/managedFields", "value": managed},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": objects.metadata_of(live)["resourceVersion"]},
    ]
    client.call("PATCH", path, body=patch, content=_JSON_PATCH, repeat=False)
