"""What is put into a fresh API server: access rules and custom resource definitions, and the wait till they serve."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import yaml

from embedded.services.errors import ServicesError
from embedded.services.kubernetes.access import rbac_manifests
from embedded.webhooks.registration import PATHS as WEBHOOK_PATHS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from embedded.services.web import Api

_FIELD_MANAGER = "hhsync-services"
_ESTABLISHED_SECONDS = 60.0
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_PATHS = {
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "CustomResourceDefinition": _CRDS,
    **WEBHOOK_PATHS,
}


def install_access(api: Api) -> None:
    """Apply the access rules of hhsync and of the reader."""
    apply(api, rbac_manifests())


def install_crds(api: Api, folder: Path) -> list[str]:
    """Apply every CRD of a folder's YAML files and wait until the server lists their objects; returns CRD names."""
    crds = list(_read_crds(folder))
    _install(api, crds)
    return [crd["metadata"]["name"] for crd in crds]


def install_crd(api: Api, crd: dict[str, Any]) -> None:
    """Apply one CRD and wait until the server lists its objects."""
    _install(api, [crd])


def delete(api: Api, path: str) -> bool:
    """Delete an object by its path; False when it was not there."""
    status, response = api.call("DELETE", path)
    if status not in (200, 404):
        raise ServicesError(f"{api.url} refused to delete {path}: {status} {_message(response)}")
    return status == 200


def _install(api: Api, crds: list[dict[str, Any]]) -> None:
    apply(api, crds)
    deadline = time.monotonic() + _ESTABLISHED_SECONDS
    for crd in crds:
        while reason := _not_served(api, crd):
            if time.monotonic() > deadline:
                raise ServicesError(f"{crd['metadata']['name']} is not served by {api.url}: {reason}")
            time.sleep(0.1)


def _read_crds(folder: Path) -> Iterable[dict[str, Any]]:
    for path in sorted(folder.glob("*.yaml")):
        try:
            documents = list(yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader))
        except yaml.YAMLError as error:
            raise ServicesError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
        for document in documents:
            if isinstance(document, dict) and document.get("kind") == "CustomResourceDefinition":
                yield document


def apply(api: Api, manifests: Iterable[dict[str, Any]]) -> None:
    """Server-side apply of what `_PATHS` knows: creates what is missing, changes what differs, writes nothing else."""
    for manifest in manifests:
        name = manifest["metadata"]["name"]
        path = f"{_PATHS[manifest['kind']]}/{name}?fieldManager={_FIELD_MANAGER}&force=true"
        status, response = api.call("PATCH", path, json.dumps(manifest).encode(), "application/apply-patch+yaml")
        if status not in (200, 201):
            raise ServicesError(f"{api.url} refused {manifest['kind']} {name}: {status} {_message(response)}")


def _not_served(api: Api, crd: dict[str, Any]) -> str:
    """Why the objects of a CRD cannot be listed yet; empty when they can.

    Established alone does not do: the server first answers 404, then 429 while it prepares the storage.
    """
    spec = crd["spec"]
    for version in spec["versions"]:
        if not version.get("served"):
            continue
        path = f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}?limit=1"
        status, response = api.call("GET", path)
        if status != 200:
            return f"{status} {_message(response)}"
    status, response = api.call("GET", f"{_CRDS}/{crd['metadata']['name']}")
    conditions = response.get("status", {}).get("conditions", []) if status == 200 else []
    established = any(one["type"] == "Established" and one["status"] == "True" for one in conditions)
    return "" if established else "not established"


def _message(response: Any) -> str:
    return str(response.get("message", "") if isinstance(response, dict) else response)[:300]
