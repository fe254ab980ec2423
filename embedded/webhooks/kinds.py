"""Where the API server has the kinds: group, version and plural of each."""

from __future__ import annotations

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
PATHS = {kind: f"/apis/{group}/{VERSION}/{plural}" for group, kinds in GROUPS.items() for kind, plural in kinds.items()}
#: The path of the kind's objects in all namespaces.
