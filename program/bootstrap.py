"""A cluster made ready for hhsync, through pulumi-kubernetes: namespace, CRDs, an account with the least rights.

Nothing of it is ever deleted by a sync or `hhsync destroy`: deleting a CRD deletes every CR of its kind, of every fabric.
What exists already is taken over where it says the same; where it differs and someone else owns it, the server refuses.
"""

from __future__ import annotations

import os
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from program.kubeconfig import access
from providers.core.identity import KINDS
from providers.session import cluster_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pulumi

    from program.config import FabricConfig
    from providers.extra_settings import BootstrapSettings
    from providers.targets.cluster.target import Cluster

ACCOUNT = "hhsync"
_RBAC = "rbac.authorization.k8s.io"
_ESTABLISHED = {"pulumi.com/waitFor": "condition=Established"}
_ALL = ["get", "list", "watch", "create", "update", "patch", "delete"]


def cluster_of(config: FabricConfig) -> Cluster:
    """The cluster as it may be asked before the first resource is registered."""
    return cluster_for(config.cluster, bootstrapped=config.bootstrap is not None)


def names(settings: BootstrapSettings | None) -> list[str]:
    """The logical names of all that `declare` registers for the cluster, its provider aside."""
    if settings is None:
        return []
    crds = [f"bootstrap/{kind.plural}.{kind.group}" for kind in KINDS.values()]
    return [*crds, *(f"bootstrap/{name}" for name in ("namespace", "account", "role", "binding"))]


def declare(config: FabricConfig, fabric: pulumi.Resource) -> list[pulumi.Resource]:
    """Register what the stack asks for; what has to be there before the first CR."""
    if config.bootstrap is None:
        return []
    # Verbs that only read ask this module for names, and wait for neither: the SDK takes 0.2 s to load.
    import pulumi
    import pulumi_kubernetes as kubernetes

    found = access(config.cluster, os.environ)
    contents = pulumi.Output.secret(found.kubeconfig) if found.secret else found.kubeconfig
    provider = kubernetes.Provider(
        "bootstrap",
        kubeconfig=contents,
        context=found.context,
        upsert_existing_objects=True,
        opts=pulumi.ResourceOptions(parent=fabric),
    )
    options = pulumi.ResourceOptions(parent=fabric, provider=provider, retain_on_delete=True)
    crds = [
        kubernetes.apiextensions.v1.CustomResourceDefinition(
            f"bootstrap/{crd['metadata']['name']}",
            metadata={"name": crd["metadata"]["name"], "annotations": _ESTABLISHED},
            spec=crd["spec"],
            opts=options,
        )
        for crd in _crds()
    ]
    return [*crds, *_account(kubernetes, config.bootstrap, options)]


def _account(kubernetes: Any, settings: BootstrapSettings, options: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """The namespace and hhsync's service account with its role."""
    import pulumi

    place = kubernetes.core.v1.Namespace("bootstrap/namespace", metadata={"name": settings.namespace}, opts=options)
    inside = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[place]))
    metadata = {"name": ACCOUNT, "namespace": settings.namespace}
    account = kubernetes.core.v1.ServiceAccount("bootstrap/account", metadata=metadata, opts=inside)
    name = role_name(settings.namespace)
    role = kubernetes.rbac.v1.ClusterRole(
        "bootstrap/role", metadata={"name": name}, rules=rules(settings.namespace), opts=options
    )
    binding = kubernetes.rbac.v1.ClusterRoleBinding(
        "bootstrap/binding",
        metadata={"name": name},
        role_ref={"api_group": _RBAC, "kind": "ClusterRole", "name": name},
        subjects=[{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": settings.namespace}],
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[role, account])),
    )
    return [place, account, role, binding]


def role_name(namespace: str) -> str:
    """The cluster role's name and its binding's: one for each account, since a role's rules cannot be shared."""
    return f"hhsync-sync-{namespace}"


def rules(namespace: str) -> list[dict[str, Any]]:
    """The least that hhsync needs: the 12 kinds, and to read what tells it about the cluster and its own account."""
    groups: dict[str, list[str]] = {}
    for kind in KINDS.values():
        groups.setdefault(kind.group, []).append(kind.plural)
    crds = "customresourcedefinitions"
    own = [
        ("", "namespaces", [namespace, "kube-system"]),
        ("", "serviceaccounts", [ACCOUNT]),
        (_RBAC, "clusterroles", [role_name(namespace)]),
        (_RBAC, "clusterrolebindings", [role_name(namespace)]),
    ]
    return [
        *(_rule(group, sorted(plurals), _ALL) for group, plurals in sorted(groups.items())),
        _rule("agent.githedgehog.com", ["agents"], ["get", "list", "watch"]),
        _rule("apiextensions.k8s.io", [crds], ["get", "list"]),
        *({**_rule(group, [resource], ["get"]), "resource_names": names} for group, resource, names in own),
    ]


def _rule(group: str, names: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"api_groups": [group], "resources": names, "verbs": verbs}


def _crds() -> Iterator[Any]:
    folder = resources.files("providers.crds")
    for kind in KINDS.values():
        yield yaml.load((folder / f"{kind.plural}.{kind.group}.yaml").read_text("utf-8"), yaml.CSafeLoader)
