"""The cluster: list, create, replace and delete CRs of the 12 kinds on a Kubernetes API server.

Writes by POST and by PUT with the live resourceVersion, never by server-side apply, which keeps what others and the server
itself filled in. How the server is reached and called: cluster_auth.py and cluster_api.py.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from providers import errors
from providers.core.drift.convergence import Agent
from providers.core.identity import KINDS, VERSION, Kind, ObjectRef
from providers.targets.cluster.api import ClusterApi
from providers.targets.cluster.objects import (
    holders,
    ref_of,
    replacement,
    same_content,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import httpx2

    from providers.settings import ClusterSettings
    from providers.targets.http import HttpResponse

    Object = dict[str, Any]

# The API group of Hedgehog's Agents, one for each switch.
AGENT_GROUP = "agent.githedgehog.com"

# Objects a LIST page, as kubectl asks for; 1,000 VPCs take 0.1 s.
PAGE = 500

# Seconds that a deleted object may take to go while finalizers hold it; Hedgehog's kinds carry none by themselves.
FINALIZER_WAIT = 10.0


class Cluster:
    """One cluster, safe to use from many threads. Reads its settings and connects at the first call."""

    def __init__(
        self, settings: ClusterSettings, *, page: int = PAGE, transport: httpx2.BaseTransport | None = None
    ) -> None:
        """Remember where the cluster is; no I/O. `page` is the size of a LIST page, `transport` a stand-in for tests."""
        self._api = ClusterApi(settings, transport)
        self._page = page
        self._identity: str | None = None

    @property
    def server(self) -> str:
        """`scheme://host:port`.

        Raises:
            ConfigError: the settings lead nowhere (see `cluster_auth.login`).
        """
        return self._api.target().server

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent so far."""
        return self._api.requests

    def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        self._api.close()

    def identity(self) -> str:
        """The uid of the namespace kube-system, which no two clusters share; "" where we may not read it.

        Raises:
            TargetError: the cluster does not answer, or not to us.
        """
        if self._identity is None:
            path = "/api/v1/namespaces/kube-system"
            try:
                response = self._api.target().call("GET", path, about="identify the cluster")
            except (errors.Forbidden, errors.NotFound):
                self._identity = ""
            else:
                self._identity = str(self._object(response, "identify the cluster")["metadata"]["uid"])
        return self._identity

    def list(self, kind: Kind, label_selector: str | None = None) -> dict[ObjectRef, Object]:
        """All objects of a kind, in all namespaces, numbers as the server sent them.

        Raises:
            NotInstalled: the cluster lacks the kind's CRD.
            TargetError: any other reason.
        """
        for _ in range(2):
            found = self._pages(kind, label_selector)
            if found is not None:
                return found
        raise self._api.failure(errors.ServerFailure, f"list {kind.name}", "the list expired twice while it was read")

    def get(self, ref: ObjectRef) -> Object | None:
        """One object now, or None. For single questions; a run reads through `ClusterSnapshot`."""
        response = self._api.call("GET", KINDS[ref.kind], ref, about=f"read {ref}", accept={404})
        return self._object(response, f"read {ref}") if response.status < 300 else None

    def create(self, manifest: Mapping[str, Any], dry_run: bool = False) -> Object:
        """Create an object and return it as stored, or as it would be stored.

        Raises:
            Conflict: the name is taken.
            Rejected: the content is refused; the text names the field or the webhook (`cluster_errors.Denied`).
            TargetError: any other reason.
        """
        ref = ref_of(manifest)
        kind, about = KINDS[ref.kind], f"create {ref}"

        def send() -> HttpResponse:
            return self._api.call("POST", kind, ref, body=manifest, dry_run=dry_run, repeat=dry_run, about=about)

        return self._object(self._api.write(send, ref, dry_run=dry_run), about)

    def replace(
        self,
        manifest: Mapping[str, Any],
        live: Mapping[str, Any],
        *,
        owned_labels: Collection[str] = (),
        owned_annotations: Collection[str] = (),
        dry_run: bool = False,
    ) -> Object:
        """PUT what `cluster_objects.replacement` gives, if nobody changed the object since `live` was read.

        Returns: the object as stored, or as it would be stored.

        Raises:
            Conflict: someone changed, replaced or is deleting it.
            Rejected: the content is refused; the text names the field or the webhook (`cluster_errors.Denied`).
            NotFound: it is gone.
            TargetError: any other reason.
        """
        ref = ref_of(manifest)
        kind, about = KINDS[ref.kind], f"replace {ref}"
        if not dry_run and live["metadata"].get("deletionTimestamp"):
            what = f"it is being deleted, held by: {holders(live)}; run again when it is gone"
            raise self._api.failure(errors.Conflict, about, what)

        def send(latest: Mapping[str, Any] = live, dry: bool = dry_run) -> HttpResponse:
            body = replacement(manifest, latest, owned_labels, owned_annotations)
            return self._api.call("PUT", kind, ref, body=body, dry_run=dry, repeat=True, about=about, accept={409})

        response = self._api.write(send, ref, dry_run=dry_run)
        if response.status != 409:
            return self._object(response, about)
        # Only after a lost answer can our own write have moved the resourceVersion.
        landed = self._landed(ref, send) if response.tries > 1 else None
        if landed is None:
            raise self._api.refused(response, about)
        return landed

    def delete(self, ref: ObjectRef, uid: str) -> None:
        """Delete the object with this uid, and wait until it is gone; gone already is done.

        Raises:
            Conflict: the name belongs to another object by now.
            Rejected: a webhook refuses, e.g. because others refer to it.
            ServerFailure: finalizers still hold it after 10 s.
            TargetError: any other reason.
        """
        kind, about = KINDS[ref.kind], f"delete {ref}"
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid},
        }

        def send() -> HttpResponse:
            return self._api.call("DELETE", kind, ref, body=options, repeat=True, about=about, accept={404})

        response = self._api.write(send, ref, deleting=True)
        # A Status means gone; the object itself, that it only got a deletionTimestamp.
        if response.status < 300 and isinstance(response.body, dict) and response.body.get("kind") == ref.kind:
            self._await_gone(ref, uid)

    def crds(self) -> set[str]:
        """The names of those of the 12 kinds that the cluster does not serve at v1beta1; one request a group."""
        missing: set[str] = set()
        for group in sorted({kind.group for kind in KINDS.values()}):
            path = f"/apis/{group}/{VERSION}"
            response = self._api.target().call("GET", path, accept={404}, about=f"look for {group}")
            served = {entry.get("name") for entry in (response.body or {}).get("resources") or ()}
            missing |= {kind.name for kind in KINDS.values() if kind.group == group and kind.plural not in served}
        return missing

    def agents(self) -> dict[str, Agent] | None:
        """Hedgehog's Agents by the name of their switch; None where the cluster has no such kind, as one without a fabric.

        Raises:
            TargetError: they cannot be read.
        """
        about, path = "list Agents", f"/apis/{AGENT_GROUP}/{VERSION}/agents"
        response = self._api.target().call("GET", path, accept={404}, about=about)
        if response.status == 404:
            return None
        found = {}
        for item in self._object(response, about).get("items") or ():
            metadata, status = item["metadata"], item.get("status") or {}
            applied = int(status.get("lastAppliedGen") or 0)
            found[metadata["name"]] = Agent(metadata["name"], int(metadata.get("generation") or 0), applied)
        return found

    def openapi(self, group: str) -> Object:
        """The OpenAPI v3 document of one API group at v1beta1, which every authenticated user may read.

        Raises:
            NotInstalled: the cluster does not serve the group.
            TargetError: any other reason.
        """
        about = f"read the schemas of {group}"
        path = f"/openapi/v3/apis/{group}/{VERSION}"
        response = self._api.target().call("GET", path, accept={404}, about=about)
        if response.status == 404 or not isinstance(response.body, dict):
            what = f"it does not serve {group}/{VERSION}; install Hedgehog's CRDs"
            raise self._api.failure(errors.NotInstalled, about, what)
        return response.body

    def can(self, verb: str, kind: Kind) -> bool:
        """Whether our credentials allow a verb, e.g. "update", on a kind in all namespaces."""
        about = f"ask whether we may {verb} {kind.plural}"
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"verb": verb, "group": kind.group, "resource": kind.plural}},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        response = self._api.target().call("POST", path, body=body, repeat=True, about=about)
        return bool(self._object(response, about).get("status", {}).get("allowed"))

    def _object(self, response: HttpResponse, about: str) -> Object:
        body = response.body
        if not isinstance(body, dict) or not isinstance(body.get("metadata"), dict):
            raise self._api.failure(errors.ServerFailure, about, f"it answered {response.status} without an object")
        return body

    def _pages(self, kind: Kind, label_selector: str | None) -> dict[ObjectRef, Object] | None:
        """Read all pages; None where the server forgot the list meanwhile (410)."""
        found: dict[ObjectRef, Object] = {}
        params: dict[str, str | int] = {"limit": self._page}
        if label_selector:
            params["labelSelector"] = label_selector
        while True:
            response = self._api.call("GET", kind, None, params=params, about=f"list {kind.name}", accept={410})
            if response.status == 410:
                return None
            page = self._object(response, f"list {kind.name}")
            for item in page.get("items") or ():
                item.setdefault("apiVersion", kind.api_version)
                item.setdefault("kind", kind.name)
                found[ref_of(item)] = item
            if not page["metadata"].get("continue"):
                return found
            params["continue"] = page["metadata"]["continue"]

    def _landed(self, ref: ObjectRef, send: Callable[..., HttpResponse]) -> Object | None:
        """The live object, if a dry run of the same PUT would change nothing in it; else None."""
        live = self.get(ref)
        if live is None:
            return None
        response = send(live, True)
        if response.status == 409:
            return None
        return live if same_content(self._object(response, f"replace {ref}"), live) else None

    def _await_gone(self, ref: ObjectRef, uid: str) -> None:
        until = time.monotonic() + FINALIZER_WAIT
        while (live := self.get(ref)) is not None and live["metadata"]["uid"] == uid:
            if time.monotonic() > until:
                what = f"still there {FINALIZER_WAIT:g} s after the delete, held by: {holders(live)}; remove that first"
                raise self._api.failure(errors.ServerFailure, f"delete {ref}", what)
            time.sleep(0.2)
