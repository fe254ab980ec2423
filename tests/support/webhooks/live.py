"""A real API server with the webhooks in front of it, as the cases use it: everything is deleted again."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded.webhooks.cluster import Cluster
from embedded.webhooks.registration import KIND_PATHS

if TYPE_CHECKING:
    from pathlib import Path

ADDED_BY_SERVER = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
APPLY = "application/apply-patch+yaml"
_LAG_SECONDS = 5.0


def path_of(manifest: dict[str, Any], *, named: bool = True) -> str:
    group, version = manifest["apiVersion"].split("/")
    plural = KIND_PATHS[manifest["kind"]].rsplit("/", 1)[1]
    namespace = manifest["metadata"]["namespace"]
    path = f"/apis/{group}/{version}/namespaces/{namespace}/{plural}"
    return f"{path}/{manifest['metadata']['name']}" if named else path


@dataclass(slots=True)
class HttpResponse:
    """An HTTP answer of the API server."""

    status: int
    content: dict[str, Any]
    warnings: str

    @property
    def message(self) -> str:
        return str(self.content.get("message", ""))


@dataclass(slots=True)
class Live:
    """The server; `made` is what has to be deleted, in the order of creation."""

    cluster: Cluster
    made: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, kubeconfig: Path) -> Live:
        return cls(Cluster.of(kubeconfig))

    def ask(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> HttpResponse:
        one = http.client.HTTPSConnection(self.cluster.host, self.cluster.port, timeout=30, context=self.cluster.tls)
        headers = {"Authorization": f"Bearer {self.cluster.token}", "Content-Type": content_type}
        one.request(method, path, None if body is None else json.dumps(body), headers)
        got = one.getresponse()
        answer = HttpResponse(got.status, json.loads(got.read()), got.getheader("Warning") or "")
        one.close()
        return answer

    def get(self, manifest: dict[str, Any]) -> dict[str, Any]:
        found = self.ask("GET", path_of(manifest)).content
        metadata = {key: value for key, value in found["metadata"].items() if key not in ADDED_BY_SERVER}
        return {key: value for key, value in found.items() if key != "status"} | {"metadata": metadata}

    def apply(self, manifest: dict[str, Any]) -> HttpResponse:
        query = "?fieldManager=case&fieldValidation=Warn"
        return self._remembered(manifest, self.ask("PATCH", path_of(manifest) + query, manifest, APPLY))

    def replace(self, manifest: dict[str, Any]) -> HttpResponse:
        """PUT what is there, POST what is not."""
        live = self.ask("GET", path_of(manifest))
        if live.status == 404:
            path = path_of(manifest, named=False) + "?fieldManager=case&fieldValidation=Warn"
            return self._remembered(manifest, self.ask("POST", path, manifest))
        version = {"resourceVersion": live.content["metadata"]["resourceVersion"]}
        body = manifest | {"metadata": manifest["metadata"] | version}
        return self.ask("PUT", path_of(manifest) + "?fieldManager=case", body)

    def _remembered(self, manifest: dict[str, Any], answer: HttpResponse) -> HttpResponse:
        if answer.status == 201:
            self.made.append(manifest)
        return answer

    def delete(self, manifest: dict[str, Any]) -> HttpResponse:
        return self.ask("DELETE", path_of(manifest))

    def load(self, manifests: list[dict[str, Any]], *, by_apply: bool = False) -> None:
        """Create what must be taken; the webhooks' cache may lag behind what was just created."""
        for one in manifests:
            give_up = time.monotonic() + _LAG_SECONDS
            write = self.apply if by_apply else self.replace
            while (answer := write(one)).status not in (200, 201):
                assert time.monotonic() < give_up, f"{one['kind']}/{one['metadata']['name']}: {answer.message}"
                time.sleep(0.02)

    def clear(self) -> None:
        """Delete everything that was made, the last first."""
        while self.made:
            one = self.made.pop()
            give_up = time.monotonic() + _LAG_SECONDS
            while (answer := self.delete(one)).status not in (200, 404):
                assert time.monotonic() < give_up, f"{one['kind']}/{one['metadata']['name']}: {answer.message}"
                time.sleep(0.02)
