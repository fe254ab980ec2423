"""Which built-in kinds have no namespace, for when no server can be asked (Kubernetes API reference)."""

from __future__ import annotations

_CLUSTER_SCOPED = {
    "": "Namespace Node PersistentVolume ComponentStatus",
    "admissionregistration.k8s.io": (
        "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration "
        "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration"
    ),
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle",
    "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io": "IngressClass IPAddress ServiceCIDR",
    "node.k8s.io": "RuntimeClass",
    "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding",
    "resource.k8s.io": "DeviceClass ResourceSlice",
    "scheduling.k8s.io": "PriorityClass",
    "storage.k8s.io": "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
}
_OWN = {group: frozenset(kinds.split()) for group, kinds in _CLUSTER_SCOPED.items()}
_PLAIN_GROUPS = {"", "apps", "autoscaling", "batch", "policy", "extensions"}


def is_built_in(api_version: str) -> bool:
    """Whether an apiVersion is one of Kubernetes' own groups."""
    group = api_version.rpartition("/")[0]
    return group in _PLAIN_GROUPS or group.endswith(".k8s.io")


def is_namespaced(api_version: str, kind: str) -> bool:
    """Whether objects of a kind have a namespace; custom kinds are taken to."""
    return kind not in _OWN.get(api_version.rpartition("/")[0], ())
