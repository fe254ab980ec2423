"""Who may do what on a fabric's API server: tokens, kubeconfigs, and the least that hhsync and a reader need."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any

import yaml

from embedded.services.files import write_private

if TYPE_CHECKING:
    from pathlib import Path

HHSYNC_USER = "hhsync"
READER_USER = "hhsync-reader"
ADMIN_USER = "hhsync-admin"
_KINDS = {
    "vpc.githedgehog.com": [
        "externalattachments",
        "externalpeerings",
        "externals",
        "ipv4namespaces",
        "vpcattachments",
        "vpcpeerings",
        "vpcs",
    ],
    "wiring.githedgehog.com": ["connections", "servers", "switches", "switchgroups", "vlannamespaces"],
}
_READ = ["get", "list", "watch"]
_WRITE = ["create", "update", "patch", "delete"]


def _rules(verbs: list[str]) -> list[dict[str, Any]]:
    kinds = [{"apiGroups": [group], "resources": names, "verbs": verbs} for group, names in _KINDS.items()]
    return [
        *kinds,
        # how far each switch has got
        {"apiGroups": ["agent.githedgehog.com"], "resources": ["agents"], "verbs": ["get", "list", "watch"]},
        # the uid of a namespace tells one cluster from another
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
        {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "verbs": ["get", "list"]},
    ]


def rbac_manifests() -> list[dict[str, Any]]:
    """The two cluster roles and their bindings, as manifests with `apiVersion` and `kind`."""
    manifests: list[dict[str, Any]] = []
    for user, verbs in ((HHSYNC_USER, _READ + _WRITE), (READER_USER, _READ)):
        version = "rbac.authorization.k8s.io/v1"
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": user}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
        manifests += [
            {"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": user}, "rules": _rules(verbs)},
            {
                "apiVersion": version,
                "kind": "ClusterRoleBinding",
                "metadata": {"name": user},
                "roleRef": reference,
                "subjects": [subject],
            },
        ]
    return manifests


def write_tokens(path: Path) -> None:
    """A new token file of kube-apiserver: token,user,uid,groups; readable by the owner only."""
    lines = [
        f'{secrets.token_hex(24)},{ADMIN_USER},{ADMIN_USER},"system:masters"',
        f"{secrets.token_hex(24)},{HHSYNC_USER},{HHSYNC_USER}",
        f"{secrets.token_hex(24)},{READER_USER},{READER_USER}",
    ]
    write_private(path, "\n".join(lines) + "\n")


def read_tokens(path: Path) -> dict[str, str]:
    """The tokens of a token file by user name."""
    rows = [line.split(",") for line in path.read_text().splitlines() if line]
    return {row[1]: row[0] for row in rows}


def write_kubeconfig(path: Path, fabric: str, url: str, ca_file: Path, user: dict[str, str]) -> None:
    """A kubeconfig with one context, named as the fabric; `user` is its user entry; readable by the owner only."""
    cluster = {"server": url, "certificate-authority-data": encoded(ca_file)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": fabric, "cluster": cluster}],
        "users": [{"name": fabric, "user": user}],
        "contexts": [{"name": fabric, "context": {"cluster": fabric, "user": fabric, "namespace": "default"}}],
        "current-context": fabric,
    }
    write_private(path, yaml.safe_dump(content, sort_keys=False))


def encoded(path: Path) -> str:
    """A file's content in base64, as kubeconfigs embed it."""
    return base64.b64encode(path.read_bytes()).decode()
