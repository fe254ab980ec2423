"""The rules of every kind that has a webhook. SwitchGroup has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.webhooks.rules.connections import CONNECTIONS
from embedded.webhooks.rules.externals import EXTERNAL_ATTACHMENTS, EXTERNAL_PEERINGS, EXTERNALS
from embedded.webhooks.rules.ipv4_namespaces import IPV4
from embedded.webhooks.rules.servers import SERVER
from embedded.webhooks.rules.switches import SWITCHES
from embedded.webhooks.rules.vlan_namespaces import VLAN
from embedded.webhooks.rules.vpc_attachments import VPC_ATTACHMENTS
from embedded.webhooks.rules.vpc_peerings import VPC_PEERINGS
from embedded.webhooks.rules.vpcs import VPCS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.webhooks.rules.kind import Kind

KINDS: Mapping[str, Kind] = {
    "Connection": CONNECTIONS,
    "External": EXTERNALS,
    "ExternalAttachment": EXTERNAL_ATTACHMENTS,
    "ExternalPeering": EXTERNAL_PEERINGS,
    "IPv4Namespace": IPV4,
    "Server": SERVER,
    "Switch": SWITCHES,
    "VLANNamespace": VLAN,
    "VPC": VPCS,
    "VPCAttachment": VPC_ATTACHMENTS,
    "VPCPeering": VPC_PEERINGS,
}
