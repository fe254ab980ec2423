"""What a Hedgehog server takes: what it then breaks is found all the same, and what is sound is left in peace."""

# ruff: noqa: E501 (a case is a row)
from __future__ import annotations

import pytest

from tests.support.base_fabric import (
    GONE,
    changed,
    findings,
    result,
)

DHCP = "VPC/one subnets.default.dhcp"

BROKEN = [
    ("two types in one Connection", {"Connection/one-l3 external": "{link: {switch: {port: l3/E1/30}}}"}, ["connection-type Connection/one-l3 external"]),
    ("range backwards: all ranges go", {"VLANNamespace/other ranges.1": "{from: 600, to: 500}"}, ["vlan-range VLANNamespace/other ranges.1"]),
    ("range above 4094", {"VLANNamespace/n": "{ranges: [{from: 4000, to: 4095}]}"}, ["vlan-range VLANNamespace/n ranges.0"]),
    ("range from 0", {"VLANNamespace/n": "{ranges: [{to: 99}]}"}, ["vlan-range VLANNamespace/n ranges.0"]),
    ("one MAC twice with two addresses", {f"{DHCP}.static": '{"0C:20:12:FE:01:00": {ip: 10.0.1.7}, 0c-20-12-fe-01-00: {ip: 10.0.1.8}}'}, [f"lease-mac-twice {DHCP}.static.0c-20-12-fe-01-00"]),
    ("one MAC twice with one address", {f"{DHCP}.static": '{"0C:20:12:FE:01:00": {ip: 10.0.1.7}, 0c-20-12-fe-01-00: {ip: 10.0.1.7}}'}, [f"lease-mac-twice? {DHCP}.static.0c-20-12-fe-01-00"]),
    ("one MAC on two switches", {"Switch/l4 boot.mac": "0C:20:12:FF:02:00"}, ["mac-twice Switch/l4 boot.mac"]),
    ("a subnet goes from under attachments and peerings", {"VPC/one permit": GONE, "VPC/one subnets.backend": GONE, "VPCAttachment/x": "{subnet: one/backend, connection: one-l4}"}, ["attachment-subnet VPCAttachment/x subnet", "peering-subnet ExternalPeering/one permit.vpc.subnets.1", "peering-subnet VPCPeering/one-two permit.1.one.subnets.0"]),
    ("a mode under an eslag attachment", {"VPC/two mode": "l3vni"}, ["attachment-type VPCAttachment/two-pair connection"]),
    ("an IPv4 namespace under a peering", {"VPC/two ipv4Namespace": "nets", "IPv4Namespace/nets": "{subnets: [10.0.0.0/16]}"}, ["peering-namespaces VPCPeering/one-two permit.0", "peering-namespaces VPCPeering/one-two permit.1"]),
    ("an external's IPv4 namespace under a peering", {"External/ext ipv4Namespace": "other"}, ["peering-namespaces ExternalPeering/one permit"]),
    ("an external becomes static", {"External/ext": "{static: {prefixes: [0.0.0.0/0]}}"}, ["external-static ExternalAttachment/ext external"]),
    ("a switch leaves a VLAN namespace", {"Switch/l5 vlanNamespaces": "[default]"}, ["attachment-vlan-namespace VPCAttachment/vlans connection"]),
    ("a profile that lacks ports", {"Switch/l5 profile": "dell-s5232f-on", "Switch/l5 portBreakouts": GONE, "Switch/l5 portGroupSpeeds": GONE}, ["port-absent Connection/l5-ext external.link.switch.port", "port-absent Connection/two-l5 unbundled.link.switch.port"]),
    ("a switch leaves its redundancy group", {"Switch/l3 redundancy": {}}, ["connection-redundancy Connection/one-pair eslag.links.0.switch.port"]),
    ("a server of an mclag connection goes", {"Server/two": GONE, "Connection/two-l5": GONE, "VPCAttachment/bgp": GONE, "VPCAttachment/vlans": GONE}, ["missing-reference Connection/two-old mclag.links.0.server.port"]),
    ("a group with switches goes", {"SwitchGroup/old": GONE}, ["missing-reference Switch/l1 groups.0", "missing-reference Switch/l2 groups.0"]),
    ("mclag on switches of eslag", {"Connection/x": "{mclag: {links: [{server: {port: two/p8}, switch: {port: l3/E1/20}}]}}"}, ["connection-redundancy? Connection/x mclag.links.0.switch.port"]),
    ("a second peering of one pair", {"VPCPeering/again": "{permit: [{two: {}, one: {}}]}"}, ["peered-twice? VPCPeering/again permit"]),
    ("a prefix that is none", {"ExternalPeering/one permit.external.prefixes.0.prefix": "anything"}, ["peering-prefix ExternalPeering/one permit.external.prefixes.0.prefix"]),
    ("a next hop that is none", {"VPC/one staticRoutes.0.nextHops.1": "not an ip"}, ["static-route VPC/one staticRoutes.0.nextHops.1"]),
]  # fmt: skip

SOUND = [
    ("host bits in subnets", {"IPv4Namespace/other subnets.0": "10.1.7.7/16", "VPC/elsewhere subnets.default.subnet": "10.1.1.77/24"}),
    ("an IPv4 namespace without subnets", {"IPv4Namespace/n": {}}),
    ("a static external without much", {"External/static static.prefixes": "[192.168.2.1/24]"}),
    ("links without addresses", {"Connection/l4-l5 mesh.links.0": "{leaf1: {port: l4/E1/40}, leaf2: {port: l5/E1/1}}"}),
    ("a connection moves to other ports", {"Connection/one-l3 unbundled.link": "{server: {port: one/p9}, switch: {port: l3/E1/48}}"}),
    ("an attachment moves to another VPC", {"VPCAttachment/one-l4 subnet": "two"}),
    ("DHCP off, and everything about it wrong", {DHCP: "{enable: false, range: {start: x}, options: {dnsServers: [x]}, static: {x: {ip: y}}}"}),
    ("a range with only a start", {f"{DHCP}.range": "{start: 10.0.1.10}"}),
    ("no range", {f"{DHCP}.range": GONE}),
    ("a range of one address", {f"{DHCP}.range": "{start: 10.0.1.10, end: 10.0.1.10}"}),
    ("a gateway inside the range", {f"{DHCP}.range": "{start: 10.0.1.10, end: 10.0.1.255}"}),
    ("an external peering without lists", {"ExternalPeering/one": "{permit: {vpc: {name: one}, external: {name: ext}}}"}),
    ("remote written empty", {"VPCPeering/one-two remote": '""'}),
    ("hostBGP with neither gateway nor VLAN", {"VPC/b": "{subnets: {default: {subnet: 10.0.55.0/24, hostBGP: true}}}"}),
    ("one VLAN in two VLAN namespaces", {"VLANNamespace/n": "{ranges: [{from: 1001}]}", "VPC/n": "{vlanNamespace: n, subnets: {d: {subnet: 10.0.60.0/24, vlan: 1001}}}"}),
    ("one subnet in two IPv4 namespaces", {"IPv4Namespace/n": "{subnets: [10.0.0.0/8]}", "VPC/n": "{ipv4Namespace: n, subnets: {d: {subnet: 10.0.1.0/24, vlan: 1777}}}"}),
    ("namespaces that are not in Git", {"IPv4Namespace/default": GONE, "VLANNamespace/default": GONE, "VPC/x": "{subnets: {d: {subnet: 11.0.0.0/24, vlan: 4000}}}", "Switch/l5 vlanNamespaces": "[other]", "VPCAttachment/bgp": GONE}),
    ("a server that is a gateway", {"Connection/s1-gw gateway.links.0.gateway.port": "l3/E1/1"}),
    ("leaves on a lane by its short name", {"Connection/two-l5 unbundled.link.switch.port": "l5/E1/55"}),
    ("capitals in a boot MAC", {"Switch/l4 boot": '{mac: "0C:20:12:FF:09:00"}'}),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), [pytest.param(b, c, id=a) for a, b, c in BROKEN])
def test_what_a_server_takes_and_breaks_is_found(changes, expected):
    assert result(findings(changed(changes))) == sorted(expected)


@pytest.mark.parametrize("changes", [pytest.param(b, id=a) for a, b in SOUND])
def test_what_is_sound_is_left_in_peace(changes):
    assert result(findings(changed(changes))) == []
