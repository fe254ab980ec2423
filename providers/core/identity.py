"""What a CR is called: its kind, its reference, and the names that hhsync leaves on servers.

Load-bearing: the label key, the field manager and the text form of `ObjectRef` are stored on servers and in states.
"""

from __future__ import annotations

from dataclasses import dataclass

VPC_GROUP = "vpc.githedgehog.com"
WIRING_GROUP = "wiring.githedgehog.com"

# Hedgehog's only served version, v0.126 (field notes §0.1).
VERSION = "v1beta1"

DEFAULT_NAMESPACE = "default"

# On every object we own. Its key must not contain "fabric.githedgehog.com/": Hedgehog's webhook strips those.
FABRIC_LABEL = "hhsync.dev/fabric"

# Sent with every cluster write.
FIELD_MANAGER = "hhsync"


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the 12 kinds, e.g. VPC of vpc.githedgehog.com/v1beta1 with plural "vpcs"."""

    name: str
    group: str
    plural: str

    @property
    def api_version(self) -> str:
        """The apiVersion that manifests carry, e.g. "vpc.githedgehog.com/v1beta1"."""
        return f"{self.group}/{VERSION}"


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("VPC", VPC_GROUP, "vpcs"),
        Kind("VPCAttachment", VPC_GROUP, "vpcattachments"),
        Kind("VPCPeering", VPC_GROUP, "vpcpeerings"),
        Kind("External", VPC_GROUP, "externals"),
        Kind("ExternalAttachment", VPC_GROUP, "externalattachments"),
        Kind("ExternalPeering", VPC_GROUP, "externalpeerings"),
        Kind("IPv4Namespace", VPC_GROUP, "ipv4namespaces"),
        Kind("Connection", WIRING_GROUP, "connections"),
        Kind("Server", WIRING_GROUP, "servers"),
        Kind("Switch", WIRING_GROUP, "switches"),
        Kind("SwitchGroup", WIRING_GROUP, "switchgroups"),
        Kind("VLANNamespace", WIRING_GROUP, "vlannamespaces"),
    )
}


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """The identity of a CR, e.g. VPC/default/vpc-1. The version is not identity; the kind's name implies its group."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> ObjectRef:
        """Read `<Kind>/<namespace>/<name>`.

        Raises:
            ValueError: the text has another form.
        """
        kind, namespace, name = text.split("/")
        return cls(kind, namespace, name)

    def record_ref(self, fabric: str) -> str:
        """The unique `ref` of this CR's NetBox record: fabric/group/kind/namespace/name."""
        return f"{fabric}/{KINDS[self.kind].group}/{self.kind}/{self.namespace}/{self.name}"
