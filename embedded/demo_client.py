"""An administrator's hands on the demo's servers: look, count, and change things behind hhsync's back.

Knows Kubernetes' and NetBox's REST paths and nothing of hhsync: the caller says which resource and which field.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Self

import httpx2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedded.services.facts import FabricAccess, NetBoxAccess

_TIMEOUT_SECONDS = 60.0
_NETBOX_API = "/api/plugins/custom-objects"


class DemoError(Exception):
    """A server of the demo did not do what the demo asked; the text is one line."""


class _Client:
    """JSON over HTTP with a bearer token."""

    def __init__(self, what: str, url: str, token: str, verify: ssl.SSLContext | bool = True) -> None:
        self._what = what
        self._http = httpx2.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, verify=verify, timeout=_TIMEOUT_SECONDS
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self._http.request(method, path, **options)
        except httpx2.HTTPError as error:
            raise DemoError(f"{self._what} does not answer {method} {path}: {type(error).__name__} {error}") from None
        if answer.status_code >= 400:
            raise DemoError(f"{self._what} answers {answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer.json() if answer.content else None


class ClusterAdmin(_Client):
    """The administrator of one API server. A resource is (group, version, plural)."""

    def __init__(self, access: FabricAccess) -> None:
        verify = ssl.create_default_context(cafile=access.ca_file)
        super().__init__(f"the cluster of {access.name}", access.url, access.admin_token, verify)

    def versions(self, resources: Iterable[tuple[str, str, str]]) -> dict[str, str]:
        """The resourceVersion of every object of these resources, by "plural/namespace/name"."""
        found = {}
        for group, version, plural in resources:
            for item in self._call("GET", f"/apis/{group}/{version}/{plural}")["items"]:
                metadata = item["metadata"]
                found[f"{plural}/{metadata['namespace']}/{metadata['name']}"] = metadata["resourceVersion"]
        return found

    def change(self, resource: tuple[str, str, str], namespace: str, name: str, patch: Mapping[str, Any]) -> None:
        """Merge a patch into one object, as `kubectl patch --type merge` does."""
        headers = {"Content-Type": "application/merge-patch+json"}
        self._call("PATCH", _path(resource, namespace, name), json=dict(patch), headers=headers)

    def delete(self, resource: tuple[str, str, str], namespace: str, name: str) -> None:
        """Delete one object."""
        self._call("DELETE", _path(resource, namespace, name))


def _path(resource: tuple[str, str, str], namespace: str, name: str) -> str:
    group, version, plural = resource
    return f"/apis/{group}/{version}/namespaces/{namespace}/{plural}/{name}"


class NetBoxAdmin(_Client):
    """NetBox's administrator. A slug names a custom object type's list."""

    def __init__(self, access: NetBoxAccess) -> None:
        super().__init__("NetBox", access.url, access.token)

    def changes(self) -> int:
        """How many entries the change log has: every write of anybody makes at least one."""
        return int(self._call("GET", "/api/core/object-changes/", params={"limit": 1})["count"])

    def edit(self, slug: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Change fields of the record with this `ref`."""
        found = self._call("GET", f"{_NETBOX_API}/{slug}/", params={"ref": ref})["results"]
        matching = [record["id"] for record in found if record.get("ref") == ref]
        if len(matching) != 1:
            raise DemoError(f"NetBox has {len(matching)} records with ref {ref} in {slug}, not one")
        self._call("PATCH", f"{_NETBOX_API}/{slug}/{matching[0]}/", json=dict(fields))
