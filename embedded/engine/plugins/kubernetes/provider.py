"""The provider of the package `kubernetes`: from resources to objects of one API server and back.

It behaves as the plugin pulumi-kubernetes with server-side apply (docs/engine.md says where it does less). Previews are
the server's own dry runs. Decisions are in `difference`, `readiness` and `naming`, requests in `applying`.
"""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING, Any

from embedded.engine import urns
from embedded.engine.errors import NotSupported
from embedded.engine.failures import CheckFailed, ProviderFailed
from embedded.engine.plugins.kubernetes import (
    applying,
    config,
    decoding,
    difference,
    kubeconfig,
    moving,
    naming,
    objects,
    readiness,
    reading,
    waiting,
)
from embedded.engine.plugins.kubernetes.client import ApiError, Client, NoSuchKind
from embedded.engine.plugins.kubernetes.cluster import Cluster
from embedded.engine.secrecy import mark_secrets
from embedded.engine.steps import DiffAnswer
from embedded.engine.values import unwrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2

    from embedded.engine.plugins.kubernetes.client import Kind
    from embedded.engine.provider_protocol import Call, ReadAnswer

_ANSWERED_BY_SERVER = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")
_RETRIES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses before another try of a create whose kind or namespace is not there (yet)."""


class KubernetesProvider:
    """One configured provider."""

    previews = True

    def __init__(self, transport: httpx2.BaseTransport | None = None) -> None:
        """`transport` stands in for the network, in tests."""
        self._transport = transport
        self._settings = config.Settings()
        self._cluster: Cluster | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()

    # --- the provider's own inputs ----------------------------------------------------------------------------------

    def check_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Raises CheckFailed for what is wrong or left to the real plugin."""
        if findings := config.findings(news):
            raise CheckFailed(tuple(findings))
        return dict(news)

    def diff_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """Another cluster replaces; `clusterIdentifier`, where given twice, decides what another cluster is."""
        return moving.compare(olds, news)

    def configure(self, inputs: Mapping[str, Any]) -> None:
        """Take the inputs; files are read and connections made at the first call."""
        self._settings = config.read(inputs)

    # --- a resource's inputs ----------------------------------------------------------------------------------------

    def check(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs with a name and a namespace. Raises CheckFailed, and NotSupported for Patch and List resources."""
        type_ = urns.type_of(call.urn)
        wanted = objects.normalised(objects.to_object(news))
        naming.refuse(type_, wanted)
        if findings := naming.findings(type_, wanted):
            raise CheckFailed(tuple(findings))
        wanted = naming.named(urns.name_of(call.urn), wanted, objects.to_object(olds))
        cluster = self._reach()
        if cluster is not None:
            cluster.note_crd(wanted)
            if not isinstance(wanted.get("metadata", {}), dict):
                return mark_secrets(objects.to_properties(wanted), news)
            if "namespace" not in objects.metadata_of(wanted) and self._namespaced(wanted):
                wanted = objects.with_metadata(wanted, namespace=cluster.namespace)
        return mark_secrets(objects.to_properties(wanted), news)

    def diff(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """Live object, cut to the shape of the old inputs, against the new inputs."""
        wanted = objects.to_object(news)
        immutable = difference.immutable_fields(
            wanted,
            mutable_config_maps=self._settings.mutable_config_maps,
            mutable_secrets=self._settings.mutable_secrets,
        )
        answer = difference.compare(olds, wanted, namespaced=self._namespaced(wanted), immutable=immutable)
        if not answer.replaces and self._replace_unready(olds, wanted):
            return DiffAnswer(True, ("metadata.annotations",), diffs=("metadata",), detailed=answer.detailed)
        return answer

    def _replace_unready(self, olds: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
        """Whether a job asks to be made anew since it has failed (`pulumi.com/replaceUnready`)."""
        if wanted.get("kind") != "Job" or not objects.is_true(wanted, objects.REPLACE_UNREADY):
            return False
        rule = readiness.rule_for({key: wanted[key] for key in ("apiVersion", "kind") if key in wanted})
        try:
            return rule is not None and bool(rule(objects.parse_checkpoint(olds)[1]))
        except readiness.Hopeless:
            return True

    def _namespaced(self, wanted: Mapping[str, Any]) -> bool:
        api_version, kind = str(wanted.get("apiVersion", "")), str(wanted.get("kind", ""))
        cluster = self._reach()
        return cluster.is_namespaced(api_version, kind) if cluster is not None else naming.namespaced(api_version, kind)

    # --- writing ----------------------------------------------------------------------------------------------------

    def create(self, call: Call, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Make the object and wait until it is ready; in a preview ask for a dry run, where that can say something."""
        wanted = objects.to_object(inputs)
        manager = objects.annotation(wanted, objects.PATCH_MANAGER) or f"{applying.CREATOR}-{secrets.token_hex(4)}"
        if call.preview:
            return "", self._previewed(
                inputs, wanted, lambda kind: self._post(kind, wanted, manager, preview=True), manager
            )
        kind, live = self._posted(call, wanted, manager)
        return objects.id_of(live), self._finished(call, kind, inputs, wanted, live, manager)

    def _posted(self, call: Call, wanted: Mapping[str, Any], manager: str) -> tuple[Kind, dict[str, Any]]:
        """The new object; what it needs may still be on its way, so some refusals are tried again."""
        for pause in (*_RETRIES, None):
            try:
                kind = self._client().kind(str(wanted["apiVersion"]), str(wanted["kind"]))
                return kind, self._post(kind, wanted, manager, preview=False)
            except NoSuchKind as error:
                if pause is None:
                    raise ProviderFailed(
                        f"{objects.label(wanted)} cannot be created: {error}; install its CRD, and let the resource "
                        "depend on it"
                    ) from None
            except ApiError as error:
                if pause is None or error.status != 404:
                    raise self._refused("create", wanted, error) from None
            call.say("status", "waiting for its kind and namespace")
            if self._ended.wait(pause):
                break
        raise ProviderFailed("the run was given up while it waited")

    def _post(self, kind: Kind, wanted: Mapping[str, Any], manager: str, *, preview: bool) -> dict[str, Any]:
        settings = self._settings
        force = settings.patch_force or objects.is_true(wanted, objects.PATCH_FORCE)
        return applying.create(
            self._client(), kind, wanted, manager=manager, upsert=settings.upsert, force=force, preview=preview
        )

    def update(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Apply the object and wait until it is ready; in a preview ask for a dry run."""
        wanted = objects.normalised(objects.to_object(news))
        before = str(olds.get(objects.MANAGER, ""))
        manager = objects.annotation(wanted, objects.PATCH_MANAGER) or before or applying.CREATOR
        force = self._settings.patch_force or objects.is_true(wanted, objects.PATCH_FORCE)

        def apply(kind: Kind) -> dict[str, Any]:
            client = self._client()
            return applying.update(client, kind, wanted, manager=manager, force=force, preview=call.preview)

        if call.preview:
            return self._previewed(news, wanted, apply, manager, olds)
        try:
            kind = self._client().kind(str(wanted["apiVersion"]), str(wanted["kind"]))
            live = apply(kind)
            if before and before != manager:
                applying.relinquish(self._client(), kind, wanted, before)
        except NoSuchKind as error:
            raise ProviderFailed(f"{objects.label(wanted)} cannot be updated: {error}; install its CRD") from None
        except ApiError as error:
            raise self._refused("update", wanted, error) from None
        return self._finished(call, kind, news, wanted, live, manager, olds)

    def _previewed(
        self,
        inputs: Mapping[str, Any],
        wanted: Mapping[str, Any],
        ask: Any,
        manager: str,
        olds: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The outputs that a dry run promises; the inputs where it cannot be asked, or must not (read-only users)."""
        if objects.unknown(wanted) or self._reach() is None:
            return dict(inputs)
        try:
            live = ask(self._client().kind(str(wanted["apiVersion"]), str(wanted["kind"])))
        except NoSuchKind:
            return dict(inputs)
        except ApiError as error:
            if error.reason in ("Forbidden", "AlreadyExists") or error.status == 404 or "dry run" in str(error):
                return dict(inputs)
            raise self._refused("preview", wanted, error) from None
        live.pop("status", None)
        metadata = {key: item for key, item in objects.metadata_of(live).items() if key not in _ANSWERED_BY_SERVER}
        return self._outputs(inputs, wanted, {**live, "metadata": metadata}, manager, olds)

    def _finished(
        self,
        call: Call,
        kind: Kind,
        inputs: Mapping[str, Any],
        wanted: Mapping[str, Any],
        live: dict[str, Any],
        manager: str,
        olds: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The outputs of a written object once it is ready. Raises ProviderFailed with them when it does not get so."""
        cluster = self._reach()
        if wanted.get("kind") == "CustomResourceDefinition" and cluster is not None:
            cluster.client.forget_kinds()
        try:
            live = waiting.until_ready(self._client(), kind, wanted, live, call, self._ended)
        except (waiting.NotReady, ProviderFailed, ApiError) as error:
            seen = error.live if isinstance(error, waiting.NotReady) else live
            made = objects.id_of(seen), self._outputs(inputs, wanted, seen, manager, olds)
            raise ProviderFailed(str(error), made=made) from None
        return self._outputs(inputs, wanted, live, manager, olds)

    def _outputs(
        self,
        inputs: Mapping[str, Any],
        wanted: Mapping[str, Any],
        live: Mapping[str, Any],
        manager: str,
        olds: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        first = (olds or {}).get(objects.INITIAL_VERSION) or wanted.get("apiVersion", "")
        return objects.checkpoint(wanted, reading.stored(live), inputs, str(first), manager)

    # --- reading and removing ---------------------------------------------------------------------------------------

    def read(self, call: Call, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> ReadAnswer:
        """The live object; its inputs are those of the state with what the server says in their places."""
        return reading.read(self._client(), call.urn, id_, outputs, inputs)

    def delete(self, call: Call, id_: str, outputs: Mapping[str, Any]) -> None:
        """Remove the object and wait until it is gone; one whose kind is gone is gone too."""
        wanted, live = objects.parse_checkpoint(outputs)
        namespace, name = objects.parse_id(id_)
        client = self._client()
        try:
            kind = client.kind(str(live.get("apiVersion", "")), str(live.get("kind", "")))
            applying.delete(client, kind, namespace, name, naming.propagation(wanted, live))
        except NoSuchKind:
            return
        except ApiError as error:
            if error.status != 404:
                raise self._refused("delete", live, error) from None
            return
        if not naming.skips_wait(wanted):
            uid = str(objects.metadata_of(live).get("uid", ""))
            waiting.until_gone(client, kind.path(namespace, name), wanted, uid, call, self._ended)
        if live.get("kind") == "CustomResourceDefinition":
            client.forget_kinds()

    def invoke(self, call: Call, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """`kubernetes:yaml:decode`, for ConfigFile and ConfigGroup."""
        if token != "kubernetes:yaml:decode":  # noqa: S105 - a function's name, no password
            raise NotSupported(f"the function {token}")
        plain = unwrap(dict(arguments))
        default = str(plain.get("defaultNamespace") or "")
        return {"result": decoding.decode(str(plain.get("text") or ""), default, naming.namespaced)}

    def cancel(self) -> None:
        """Stop waiting, and close the connection."""
        self._ended.set()
        if self._cluster is not None:
            self._cluster.client.close()

    # --- the cluster ------------------------------------------------------------------------------------------------

    def _reach(self) -> Cluster | None:
        """The cluster; None in a preview that does not know yet which. Raises ProviderFailed for a wrong config."""
        if not self._settings.known:
            return None
        with self._lock:
            if self._cluster is None:
                settings = self._settings
                place = kubeconfig.load(settings.kubeconfig).place(
                    settings.context, settings.cluster, settings.namespace
                )
                self._cluster = Cluster(Client(place, self._transport))
            return self._cluster

    def _client(self) -> Client:
        cluster = self._reach()
        if cluster is None:
            raise ProviderFailed("the provider's config is not known, so no cluster can be asked")
        return cluster.client

    def _refused(self, verb: str, wanted: Mapping[str, Any], error: ApiError) -> ProviderFailed:
        return naming.refusal(verb, wanted, error, self._client().place.where)
