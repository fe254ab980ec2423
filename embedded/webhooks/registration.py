"""The registration of the webhooks with an API server: one configuration for defaulting and one for validation. Pure."""

from __future__ import annotations

from typing import Any

from embedded.webhooks.rules.registry import KINDS

NAME = "hhsync-hedgehog"
PATHS = {
    "MutatingWebhookConfiguration": "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "ValidatingWebhookConfiguration": "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
}
TIMEOUT_SECONDS = 10
_WAYS = {
    "MutatingWebhookConfiguration": ("mutate", "m", ["CREATE", "UPDATE"]),
    "ValidatingWebhookConfiguration": ("validate", "v", ["CREATE", "UPDATE", "DELETE"]),
}


def manifests(url: str, authority: str) -> list[dict[str, Any]]:
    """Both configurations, for webhooks at a base URL; `authority` is the CA's PEM file in base64.

    The webhooks have the names of the real ones, which are in the API server's words to a client: mvpc.kb.io, vvpc.kb.io.
    """
    return [
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": NAME},
            "webhooks": [
                {
                    "name": f"{letter}{one.lower()}.kb.io",
                    "clientConfig": {"url": f"{url}/{way}/{one}", "caBundle": authority},
                    "rules": [
                        {
                            "apiGroups": [group],
                            "apiVersions": [VERSION],
                            "operations": operations,
                            "resources": [plural],
                        }
                    ],
                    "failurePolicy": "Fail",
                    "sideEffects": "None",
                    "admissionReviewVersions": ["v1"],
                    "timeoutSeconds": TIMEOUT_SECONDS,
                }
                for group, kinds in GROUPS.items()
                for one, plural in kinds.items()
                if one in KINDS
            ],
        }
        for kind, (way, letter, operations) in _WAYS.items()
    ]


GROUPS = {
    "vpc.githedgehog.com": {
        "ExternalAttachment": "externalattachments",
        "ExternalPeering": "externalpeerings",
        "External": "externals",
        "IPv4Namespace": "ipv4namespaces",
        "VPCAttachment": "vpcattachments",
        "VPCPeering": "vpcpeerings",
        "VPC": "vpcs",
    },
    "wiring.githedgehog.com": {
        "Connection": "connections",
        "Server": "servers",
        "Switch": "switches",
        "SwitchGroup": "switchgroups",
        "VLANNamespace": "vlannamespaces",
    },
}
VERSION = "v1beta1"

# The path of the kind's objects in all namespaces.
KIND_PATHS = {
    kind: f"/apis/{group}/{VERSION}/{plural}" for group, kinds in GROUPS.items() for kind, plural in kinds.items()
}
