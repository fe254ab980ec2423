"""What a Hedgehog server refuses, as far as Git alone can tell: each case is a sound fabric with one change.

Facts: the recorded refusals of v0.126's admission webhooks. Not knowable from Git, and so not here: what an apply keeps of
earlier defaults, breakouts changed while RoCE is on, edits of a VLAN namespace that a hostBGP VPC blocks, and whether the
implied "default" namespaces are on the cluster.
"""

# ruff: noqa: E501 (a case is a row)
from __future__ import annotations

import pytest

from tests.support.base_fabric import (
    GONE,
    changed,
    findings,
    result,
)

SWITCH = "{role: server-leaf, profile: vs, ip: 172.30.0.20/21, protocolIP: 172.30.8.20/32, vtepIP: 172.30.12.20/32, asn: 65120}"

NAMESPACES = [
    ("its own subnets overlap", {"IPv4Namespace/n": "{subnets: [10.2.0.0/16, 10.2.1.0/24]}"}, ["subnet-overlap IPv4Namespace/n subnets.1"]),
    ("a reserved subnet", {"IPv4Namespace/n": "{subnets: [172.30.8.0/24]}"}, ["subnet-reserved? IPv4Namespace/n subnets.0"]),
    ("no length", {"IPv4Namespace/n": "{subnets: [10.2.0.0]}"}, ["subnet-invalid IPv4Namespace/n subnets.0"]),
    ("11 subnets", {"IPv4Namespace/n": {"subnets": [f"10.{n}.0.0/16" for n in range(20, 31)]}}, ["namespace-subnets IPv4Namespace/n subnets"]),
    ("a VPC no longer fits", {"IPv4Namespace/other": "{subnets: [10.8.0.0/16]}"}, ["subnet-outside-namespace VPC/elsewhere subnets.default.subnet"]),
    ("a namespace with a VPC goes", {"IPv4Namespace/other": GONE}, ["missing-reference External/far ipv4Namespace", "missing-reference VPC/elsewhere ipv4Namespace"]),
    ("VLANs of the fabric", {"VLANNamespace/n": "{ranges: [{from: 2900, to: 3000}]}"}, ["vlan-reserved? VLANNamespace/n ranges.0"]),
    ("ranges overlap", {"VLANNamespace/n": "{ranges: [{from: 150, to: 300}, {from: 100, to: 200}]}"}, ["vlan-range-overlap VLANNamespace/n ranges.0"]),
    ("a bound that does not fit", {"VLANNamespace/n": "{ranges: [{from: 100, to: 70000}]}"}, ["vlan-range VLANNamespace/n ranges.0"]),
    ("a VLAN no longer fits", {"VLANNamespace/other ranges": "[{from: 500, to: 599}]"}, ["vlan-outside-namespace VPC/vlans subnets.default.vlan"]),
    ("VLAN namespaces of a switch overlap", {"VLANNamespace/n": "{ranges: [{from: 1500}]}", "Switch/l5 vlanNamespaces": "[default, other, n]"}, ["vlan-namespaces-overlap Switch/l5 vlanNamespaces.2"]),
]  # fmt: skip

SUBNET = "VPC/two subnets.default"
AT = "VPC/two subnets.default"
VPCS = [
    ("inside one of another VPC", {f"{SUBNET}.subnet": "10.0.2.0/25"}, [f"subnet-overlap {AT}.subnet"]),
    ("holds one of another VPC", {f"{SUBNET}.subnet": "10.0.2.0/23"}, [f"subnet-overlap {AT}.subnet"]),
    ("overlaps one of its own", {f"{SUBNET}.subnet": "10.0.4.128/25"}, ["subnet-overlap VPC/two subnets.relayed.subnet"]),
    ("outside of the namespace", {f"{SUBNET}.subnet": "10.7.0.0/24"}, [f"subnet-outside-namespace {AT}.subnet"]),
    ("wider than the namespace", {"VPC/far": "{ipv4Namespace: other, subnets: {d: {subnet: 10.0.0.0/12, vlan: 1900}}}"}, ["subnet-outside-namespace VPC/far subnets.d.subnet", "subnet-overlap VPC/far subnets.d.subnet"]),
    ("no length", {f"{SUBNET}.subnet": "10.0.3.0"}, [f"subnet-invalid {AT}.subnet"]),
    ("length 33", {f"{SUBNET}.subnet": "10.0.3.0/33"}, [f"subnet-invalid {AT}.subnet"]),
    ("no subnet written", {f"{SUBNET}.subnet": GONE}, [f"subnet-invalid {AT}.subnet"]),
    ("reserved", {f"{SUBNET}.subnet": "172.30.1.0/24"}, [f"subnet-outside-namespace {AT}.subnet", f"subnet-reserved? {AT}.subnet"]),
    ("VLAN of another VPC", {f"{SUBNET}.vlan": 1001}, [f"vlan-used-twice {AT}.vlan"]),
    ("VLAN of another IPv4 namespace", {f"{SUBNET}.vlan": 1101}, ["vlan-used-twice VPC/elsewhere subnets.default.vlan"]),
    ("VLAN twice in one VPC", {f"{SUBNET}.vlan": 1004}, ["vlan-used-twice VPC/two subnets.relayed.vlan"]),
    ("VLAN outside of its namespace", {f"{SUBNET}.vlan": 3000}, [f"vlan-outside-namespace {AT}.vlan"]),
    ("VLAN 5000", {f"{SUBNET}.vlan": 5000}, [f"vlan-invalid {AT}.vlan"]),
    ("VLAN 70000", {f"{SUBNET}.vlan": 70000}, [f"vlan-invalid {AT}.vlan"]),
    ("VLAN -1", {f"{SUBNET}.vlan": -1}, [f"vlan-invalid {AT}.vlan"]),
    ("no VLAN", {f"{SUBNET}.vlan": GONE}, [f"vlan-missing {AT}.vlan"]),
    ("no subnets", {"VPC/none": {}}, ["vpc-subnets VPC/none subnets"]),
    ("21 subnets", {"VPC/many": {"subnets": {f"s{n}": {"subnet": f"10.0.{100 + n}.0/24", "vlan": 1500 + n} for n in range(21)}}}, ["vpc-subnets VPC/many subnets"]),
    ("name with ext.", {"VPC/ext.1": "{subnets: {default: {subnet: 10.0.99.0/24, vlan: 1999}}}"}, ["vpc-name VPC/ext.1"]),
    ("unknown mode", {"VPC/l3 mode": "l2"}, ["vpc-mode VPC/l3 mode"]),
    ("named namespaces are missing", {"VPC/x": "{ipv4Namespace: no4, vlanNamespace: noV, subnets: {default: {subnet: 10.9.9.0/24, vlan: 5}}}"}, ["missing-reference VPC/x ipv4Namespace", "missing-reference VPC/x vlanNamespace"]),
    ("permit of one", {"VPC/one permit.0": "[default]"}, ["permit VPC/one permit.0"]),
    ("permit of an unknown subnet", {"VPC/one permit.0": "[default, nope]"}, ["permit VPC/one permit.0.1"]),
    ("permit names one twice", {"VPC/one permit.0": "[default, default]"}, ["permit VPC/one permit.0.1"]),
    ("static route without a hop", {"VPC/one staticRoutes.0.nextHops": "[]"}, ["static-route VPC/one staticRoutes.0.nextHops"]),
    ("static route to nowhere", {"VPC/one staticRoutes.0.prefix": "192.168.1.0"}, ["static-route VPC/one staticRoutes.0.prefix"]),
    ("attached, and gone", {"VPC/elsewhere": GONE, "VPC/l3": GONE}, ["missing-reference VPCAttachment/l3 subnet"]),
    ("peered, relaying, around a connection, and gone", {"VPC/two": GONE}, ["missing-reference Connection/l5-static staticExternal.withinVPC", "missing-reference VPCAttachment/two-pair subnet", "missing-reference VPCPeering/one-two permit.0.two"]),
    ("lease time -1", {"VPC/one subnets.default.dhcp.options.leaseTimeSeconds": -1}, ["integer-range VPC/one subnets.default.dhcp.options.leaseTimeSeconds"]),
]  # fmt: skip

ON = "VPC/one subnets.default"
DHCP = [
    ("gateway is no address", {f"{ON}.gateway": "10.0.1.1/24"}, [f"gateway-invalid {ON}.gateway"]),
    ("gateway outside", {f"{ON}.gateway": "10.0.2.1"}, [f"gateway-outside-subnet {ON}.gateway"]),
    ("start outside", {f"{ON}.dhcp.range.start": "10.0.2.10"}, [f"dhcp-range-outside-subnet {ON}.dhcp.range.start"]),
    ("end outside", {f"{ON}.dhcp.range.end": "10.0.2.10"}, [f"dhcp-range-outside-subnet {ON}.dhcp.range.end"]),
    ("backwards", {f"{ON}.dhcp.range.start": "10.0.1.199"}, [f"dhcp-range {ON}.dhcp.range.start"]),
    ("start is no address", {f"{ON}.dhcp.range.start": "ten"}, [f"dhcp-range {ON}.dhcp.range.start"]),
    ("start is the gateway", {f"{ON}.dhcp.range.start": "10.0.1.254", f"{ON}.dhcp.range.end": "10.0.1.255"}, [f"dhcp-range {ON}.dhcp.range.start"]),
    ("the start that is filled in is the gateway", {f"{ON}.gateway": "10.0.1.2", f"{ON}.dhcp": "{enable: true}"}, [f"dhcp-range {ON}.dhcp.range.start"]),
    ("relay and server", {f"{ON}.dhcp.relay": "10.0.3.9/32"}, [f"dhcp-relay {ON}.dhcp.relay"]),
    ("relay without a length", {"VPC/two subnets.relayed.dhcp.relay": "10.0.1.9"}, ["dhcp-relay VPC/two subnets.relayed.dhcp.relay"]),
    ("relayVPC without a relay", {"VPC/two subnets.relayed.dhcp.relay": GONE}, ["dhcp-relay VPC/two subnets.relayed.dhcp.relayVPC"]),
    ("relay VPC is missing", {"VPC/two subnets.relayed.dhcp.relayVPC": "nope"}, ["missing-reference VPC/two subnets.relayed.dhcp.relayVPC"]),
    ("MTU 64", {f"{ON}.dhcp.options.interfaceMTU": 64}, [f"dhcp-mtu {ON}.dhcp.options.interfaceMTU"]),
    ("MTU 70000", {f"{ON}.dhcp.options.interfaceMTU": 70000}, [f"dhcp-mtu {ON}.dhcp.options.interfaceMTU"]),
    ("DNS server by name", {f"{ON}.dhcp.options.dnsServers.0": "dns.example.org"}, [f"dhcp-server {ON}.dhcp.options.dnsServers.0"]),
    ("time server by name", {f"{ON}.dhcp.options.timeServers.0": "ntp"}, [f"dhcp-server {ON}.dhcp.options.timeServers.0"]),
    ("route's gateway outside", {f"{ON}.dhcp.options.advertisedRoutes.0.gateway": "10.0.2.1"}, [f"dhcp-route {ON}.dhcp.options.advertisedRoutes.0.gateway"]),
    ("route's destination", {f"{ON}.dhcp.options.advertisedRoutes.0.destination": "all"}, [f"dhcp-route {ON}.dhcp.options.advertisedRoutes.0.destination"]),
    ("lease of the gateway", {f"{ON}.dhcp.static": '{"0c:20:12:fe:01:00": {ip: 10.0.1.254}}'}, [f"lease-address {ON}.dhcp.static.0c:20:12:fe:01:00.ip"]),
    ("lease of the broadcast address", {f"{ON}.dhcp.static": '{"0c:20:12:fe:01:00": {ip: 10.0.1.255}}'}, [f"lease-address {ON}.dhcp.static.0c:20:12:fe:01:00.ip"]),
    ("lease outside", {f"{ON}.dhcp.static": '{"0c:20:12:fe:01:00": {ip: 10.0.2.9}}'}, [f"lease-outside-subnet {ON}.dhcp.static.0c:20:12:fe:01:00.ip"]),
    ("lease of no MAC", {f"{ON}.dhcp.static": '{"0c:20:12": {ip: 10.0.1.7}}'}, [f"lease-mac {ON}.dhcp.static.0c:20:12"]),
    ("lease without an address", {f"{ON}.dhcp.static": '{"0c:20:12:fe:01:00": {ip: ""}}'}, [f"lease-address {ON}.dhcp.static.0c:20:12:fe:01:00.ip"]),
    ("one address for two MACs", {f"{ON}.dhcp.static": '{"0c:20:12:fe:01:00": {ip: 10.0.1.7}, "0c:20:12:fe:01:01": {ip: 10.0.1.7}}'}, [f"lease-address-twice {ON}.dhcp.static.0c:20:12:fe:01:01.ip"]),
    ("server on hostBGP", {"VPC/bgp subnets.default.dhcp": "{enable: true}"}, ["dhcp-host-bgp VPC/bgp subnets.default.dhcp.enable"]),
]  # fmt: skip

U = "Connection/one-l3 unbundled"
CONNECTIONS = [
    ("no server port", {f"{U}.link": "{switch: {port: l3/E1/1}}"}, [f"port-name {U}.link.server.port"]),
    ("no type", {"Connection/none": {}}, ["connection-type Connection/none"]),
    ("a server is missing", {f"{U}.link.server.port": "nope/p1"}, [f"missing-reference {U}.link.server.port"]),
    ("a port of the switch twice", {f"{U}.link.switch.port": "l3/E1/2"}, ["port-used-twice Connection/one-pair eslag.links.0.switch.port"]),
    ("a port of the server twice", {f"{U}.link.server.port": "one/p2"}, ["port-used-twice Connection/one-l4 bundled.links.0.server.port"]),
    ("a port twice in one connection", {"Connection/one-l4 bundled.links.1.switch.port": "l4/E1/1"}, ["port-used-twice Connection/one-l4 bundled.links.1.switch.port"]),
    ("a port by two names", {"Connection/l5-ext external.link.switch.port": "l5/E1/55", "Connection/two-l5 unbundled.link.switch.port": "l5/E1/55/1"}, ["port-used-twice Connection/l5-ext external.link.switch.port"]),
    ("a port that the profile has not", {f"{U}.link.switch.port": "l3/E1/99"}, [f"port-absent {U}.link.switch.port"]),
    ("a lane that is not broken out", {"Connection/l5-ext external.link.switch.port": "l5/E1/56/2"}, ["port-absent Connection/l5-ext external.link.switch.port"]),
    ("a port name of the NOS", {f"{U}.link.switch.port": "l3/Ethernet0"}, [f"port-absent {U}.link.switch.port"]),
    ("a port without a device", {f"{U}.link.switch.port": "E1"}, [f"missing-reference {U}.link.switch.port", f"port-name {U}.link.switch.port"]),
    ("a device without a port", {f"{U}.link.switch.port": "l3/"}, [f"port-name {U}.link.switch.port"]),
    ("bundled to two switches", {"Connection/one-l4 bundled.links.1.switch.port": "l3/E1/30"}, ["connection-devices Connection/one-l4 bundled.links.1.switch.port"]),
    ("bundled of two servers", {"Connection/one-l4 bundled.links.1.server.port": "two/p9"}, ["connection-devices Connection/one-l4 bundled.links.1.server.port"]),
    ("eslag on switches of mclag", {"Connection/x": "{eslag: {links: [{server: {port: two/p8}, switch: {port: l1/E1/9}}, {server: {port: two/p9}, switch: {port: l2/E1/9}}]}}"}, ["connection-redundancy Connection/x eslag.links.0.switch.port", "connection-redundancy Connection/x eslag.links.1.switch.port"]),
    ("eslag on two groups", {"SwitchGroup/third": {}, "Switch/l4 redundancy.group": "third"}, ["connection-redundancy Connection/one-pair eslag.links.1.switch.port"]),
    ("fabric: no /31", {"Connection/s1-l3 fabric.links.0.leaf.ip": "172.30.128.1/30"}, ["link-address Connection/s1-l3 fabric.links.0.leaf.ip"]),
    ("fabric: outside", {"Connection/s1-l3 fabric.links.1": "{spine: {port: s1/E1/2, ip: 10.9.9.0/31}, leaf: {port: l3/E1/41, ip: 10.9.9.1/31}}"}, ["link-address-outside? Connection/s1-l3 fabric.links.1.leaf.ip", "link-address-outside? Connection/s1-l3 fabric.links.1.spine.ip"]),
    ("fabric: an address twice", {"Connection/s1-l3 fabric.links.1.spine.ip": "172.30.128.2/31"}, ["link-address-twice Connection/l4-l5 mesh.links.0.leaf1.ip"]),
    ("fabric: two subnets", {"Connection/s1-l3 fabric.links.0.leaf.ip": "172.30.200.3/31"}, ["link-address Connection/s1-l3 fabric.links.0.leaf.ip"]),
    ("static external: VPC is missing", {"Connection/l5-static staticExternal.withinVPC": "nope"}, ["missing-reference Connection/l5-static staticExternal.withinVPC"]),
    ("static external: next hop outside", {"Connection/l5-static staticExternal.link.switch.nextHop": "192.168.200.254"}, ["static-external Connection/l5-static staticExternal.link.switch.nextHop"]),
    ("static external: subnets overlap", {"Connection/l5-static staticExternal.link.switch.subnets.1": "192.168.101.0/25"}, ["static-external Connection/l5-static staticExternal.link.switch.subnets.1"]),
    ("static external: default route beside another", {"Connection/l5-static staticExternal.link.switch.subnets.1": "0.0.0.0/0"}, ["static-external Connection/l5-static staticExternal.link.switch.subnets.1"]),
    ("static external: no address", {"Connection/l5-static staticExternal.link.switch.ip": GONE}, ["static-external Connection/l5-static staticExternal.link.switch.ip"]),
    ("a server with connections goes", {"Server/two": GONE}, ["missing-reference Connection/two-l5 unbundled.link.server.port", "missing-reference Connection/two-old mclag.links.0.server.port"]),
    ("a connection with an external goes", {"Connection/l5-ext": GONE}, ["missing-reference ExternalAttachment/ext connection", "missing-reference ExternalAttachment/static connection"]),
    ("MTU that does not fit", {"Connection/one-l4 bundled.mtu": 70000}, ["integer-range Connection/one-l4 bundled.mtu"]),
]  # fmt: skip

SWITCHES = [
    ("unknown profile", {"Switch/s1 profile": "vss"}, ["switch-profile? Switch/s1 profile"]),
    ("no profile", {"Switch/s1 profile": GONE}, ["switch-profile? Switch/s1 profile"]),
    ("no ASN", {"Switch/s1 asn": GONE}, ["switch-not-hydrated? Switch/s1 asn"]),
    ("no IP", {"Switch/s1 ip": GONE}, ["switch-not-hydrated? Switch/s1 ip"]),
    ("no protocol IP", {"Switch/s1 protocolIP": GONE}, ["switch-not-hydrated? Switch/s1 protocolIP"]),
    ("a leaf without a VTEP", {"Switch/l4 vtepIP": GONE}, ["switch-not-hydrated? Switch/l4 vtepIP"]),
    ("a spine with a VTEP", {"Switch/s1 vtepIP": "172.30.12.9/32"}, ["switch-vtep Switch/s1 vtepIP"]),
    ("VLAN namespace is missing", {"Switch/l5 vlanNamespaces.2": "nope"}, ["missing-reference Switch/l5 vlanNamespaces.2"]),
    ("a group without a type", {"Switch/l5 redundancy": "{group: pair}"}, ["switch-redundancy Switch/l5 redundancy.type"]),
    ("a type without a group", {"Switch/l5 redundancy": "{type: eslag}"}, ["switch-redundancy Switch/l5 redundancy.group"]),
    ("management IP twice", {"Switch/l4 ip": "172.30.0.10/21"}, ["switch-ip-twice Switch/l4 ip"]),
    ("management IP without a length", {"Switch/l4 ip": "172.30.0.50"}, ["switch-address Switch/l4 ip"]),
    ("management IP of the DHCP range", {"Switch/l4 ip": "172.30.5.1/21"}, ["switch-address-outside? Switch/l4 ip"]),
    ("management IP of the control node", {"Switch/l4 ip": "172.30.0.1/21"}, ["switch-address-outside? Switch/l4 ip"]),
    ("protocol IP twice", {"Switch/l4 protocolIP": "172.30.8.4/32"}, ["switch-protocolip-twice Switch/l4 protocolIP"]),
    ("leaf's ASN", {"Switch/l4 asn": 65000}, ["switch-asn? Switch/l4 asn"]),
    ("spine's ASN", {"Switch/s1 asn": 65101}, ["switch-asn? Switch/s1 asn"]),
    ("ASN -1", {"Switch/s1 asn": -1}, ["integer-range Switch/s1 asn", "switch-asn? Switch/s1 asn"]),
    ("VTEP outside", {"Switch/l4 vtepIP": "10.9.9.9/32"}, ["switch-address-outside? Switch/l4 vtepIP"]),
    ("VTEP and ASN of another leaf", {"Switch/l4 vtepIP": "172.30.12.1/32", "Switch/l4 asn": 65102}, ["switch-asn-twice Switch/l4 asn", "switch-vtepip-twice Switch/l4 vtepIP"]),
    ("speed of an unknown port", {"Switch/l5 portSpeeds": "{E1/99: 25G}"}, ["port-setting Switch/l5 portSpeeds.E1/99"]),
    ("speed of a port of a group", {"Switch/l5 portSpeeds": "{E1/9: 10G}"}, ["port-setting? Switch/l5 portSpeeds.E1/9"]),
    ("a group that cannot do it", {"Switch/l5 portGroupSpeeds": '{"1": 100G}'}, ["port-setting Switch/l5 portGroupSpeeds.1"]),
    ("an unknown group", {"Switch/l5 portGroupSpeeds": '{"99": 10G}'}, ["port-setting Switch/l5 portGroupSpeeds.99"]),
    ("breakout of an unknown port", {"Switch/l5 portBreakouts.E1/99": "4x25G"}, ["port-setting Switch/l5 portBreakouts.E1/99"]),
    ("breakout of a port that has none", {"Switch/l5 portBreakouts.E1/9": "4x25G"}, ["port-setting Switch/l5 portBreakouts.E1/9"]),
    ("breakout that it cannot do", {"Switch/l5 portBreakouts.E1/56": "9x1G"}, ["port-setting Switch/l5 portBreakouts.E1/56"]),
    ("auto-negotiation that cannot be set", {"Switch/l4 portAutoNegs": "{E1/1: true}"}, ["port-setting Switch/l4 portAutoNegs.E1/1"]),
    ("ESLAG without the feature", {"Switch/x": SWITCH, "Switch/x profile": "celestica-ds5000", "Switch/x redundancy": "{group: pair, type: eslag}"}, ["switch-feature Switch/x redundancy.type"]),
    ("RoCE without the feature", {"Switch/x": SWITCH, "Switch/x profile": "edgecore-eps203", "Switch/x roce": True}, ["switch-feature Switch/x roce"]),
    ("a switch with connections goes", {"Switch/s1": GONE}, ["missing-reference Connection/s1-gw gateway.links.0.switch.port", "missing-reference Connection/s1-l3 fabric.links.0.spine.port"]),
]  # fmt: skip

ATTACHMENTS = [
    ("VPC is missing", {"VPCAttachment/x": "{subnet: nope/default, connection: one-l3}"}, ["missing-reference VPCAttachment/x subnet"]),
    ("connection is missing", {"VPCAttachment/x": "{subnet: one/backend, connection: nope}"}, ["missing-reference VPCAttachment/x connection"]),
    ("the VPC lacks the subnet", {"VPCAttachment/x": "{subnet: one/nope, connection: one-l4}"}, ["attachment-subnet VPCAttachment/x subnet"]),
    ("no subnet named default", {"VPC/main": "{subnets: {main: {subnet: 10.0.9.0/24, vlan: 1900}}}", "VPCAttachment/x": "{subnet: main, connection: one-l4}"}, ["attachment-subnet VPCAttachment/x subnet"]),
    ("no connection", {"VPCAttachment/x": "{subnet: one/backend}"}, ["required VPCAttachment/x connection"]),
    ("no subnet", {"VPCAttachment/x": "{connection: one-l3}"}, ["required VPCAttachment/x subnet"]),
    ("to a fabric connection", {"VPCAttachment/x": "{subnet: one/backend, connection: s1-l3}"}, ["attachment-type VPCAttachment/x connection"]),
    ("to an mclag connection", {"VPCAttachment/x": "{subnet: one/backend, connection: two-old}"}, ["attachment-type VPCAttachment/x connection"]),
    ("to an external connection", {"VPCAttachment/x": "{subnet: one/backend, connection: l5-ext}"}, ["attachment-type VPCAttachment/x connection"]),
    ("switch outside of the VLAN namespace", {"VPCAttachment/x": "{subnet: vlans/default, connection: one-pair}"}, ["attachment-vlan-namespace VPCAttachment/x connection", "attachment-vlan-namespace VPCAttachment/x connection"]),
    ("twice", {"VPCAttachment/x": "{subnet: one/default, connection: one-l4}"}, ["attached-twice VPCAttachment/x subnet"]),
    ("hostBGP on a bundle", {"VPCAttachment/x": "{subnet: bgp/default, connection: one-l4}"}, ["attachment-type VPCAttachment/x connection"]),
    ("l3vni on eslag", {"VPCAttachment/x": "{subnet: l3/default, connection: one-pair}"}, ["attachment-type VPCAttachment/x connection"]),
    ("a second native VLAN", {"VPCAttachment/x": "{subnet: one/backend, connection: one-l3, nativeVLAN: true}"}, ["native-vlan-twice VPCAttachment/x nativeVLAN"]),
    ("a name longer than a label", {"VPCAttachment/x": {"subnet": "one/backend", "connection": "c" * 64}}, ["connection-name VPCAttachment/x connection", "missing-reference VPCAttachment/x connection"]),
]  # fmt: skip

P = "VPCPeering/one-two"
PEERINGS = [
    ("one VPC", {f"{P} permit.0": "{one: {}}", f"{P} permit.1": GONE}, ["peering-vpcs VPCPeering/one-two permit.0"]),
    ("three VPCs", {f"{P} permit.0.bgp": {}}, ["peering-vpcs VPCPeering/one-two permit.0"]),
    ("two pairs", {f"{P} permit.1": "{one: {}, bgp: {}}"}, ["peering-vpcs VPCPeering/one-two permit.1"]),
    ("no permit", {f"{P} permit": GONE}, ["peering-vpcs VPCPeering/one-two permit"]),
    ("a VPC lacks the subnet", {f"{P} permit.1.two.subnets.0": "nope"}, ["peering-subnet VPCPeering/one-two permit.1.two.subnets.0"]),
    ("IPv4 namespaces differ", {f"{P} permit": "[{one: {}, elsewhere: {}}]"}, ["peering-namespaces VPCPeering/one-two permit.0"]),
    ("VLAN namespaces differ", {f"{P} permit": "[{one: {}, vlans: {}}]"}, ["peering-namespaces VPCPeering/one-two permit.0"]),
    ("remote", {f"{P} remote": "border"}, ["peering-remote VPCPeering/one-two remote"]),
    ("external: VPC is missing", {"ExternalPeering/one permit.vpc.name": "nope"}, ["missing-reference ExternalPeering/one permit.vpc.name"]),
    ("external: external is missing", {"ExternalPeering/one permit.external.name": "nope"}, ["missing-reference ExternalPeering/one permit.external.name"]),
    ("external: a VPC lacks the subnet", {"ExternalPeering/one permit.vpc.subnets.0": "nope"}, ["peering-subnet ExternalPeering/one permit.vpc.subnets.0"]),
    ("external: namespaces differ", {"ExternalPeering/one permit.external.name": "far"}, ["peering-namespaces ExternalPeering/one permit"]),
    ("external: empty prefix", {"ExternalPeering/one permit.external.prefixes.0.prefix": '""'}, ["peering-prefix ExternalPeering/one permit.external.prefixes.0.prefix"]),
    ("external: no names", {"ExternalPeering/one": {}}, ["required ExternalPeering/one permit.external.name", "required ExternalPeering/one permit.vpc.name"]),
]  # fmt: skip

EA = "ExternalAttachment/ext"
EXTERNALS = [
    ("IPv4 namespace is missing", {"External/far ipv4Namespace": "nope"}, ["missing-reference External/far ipv4Namespace"]),
    ("inbound community", {"External/ext inboundCommunity": "'65102'"}, ["community External/ext inboundCommunity"]),
    ("outbound community", {"External/ext outboundCommunity": "x"}, ["community External/ext outboundCommunity"]),
    ("a community's number", {"External/ext outboundCommunity": "'50000:70000'"}, ["community External/ext outboundCommunity"]),
    ("static with a community", {"External/static inboundCommunity": "'65102:1000'"}, ["external-static External/static inboundCommunity"]),
    ("static without prefixes", {"External/static static": {}}, ["external-static External/static static.prefixes"]),
    ("static prefixes overlap", {"External/static static.prefixes.1": "192.168.0.0/16"}, ["external-static External/static static.prefixes.1"]),
    ("an external with attachment and peering goes", {"External/ext": GONE}, ["missing-reference ExternalAttachment/ext external", "missing-reference ExternalPeering/one permit.external.name"]),
    ("attachment: no external", {f"{EA} external": GONE}, [f"required {EA} external"]),
    ("attachment: no connection", {f"{EA} connection": GONE}, [f"required {EA} connection"]),
    ("attachment: to another type", {f"{EA} connection": "one-l3"}, [f"attachment-type {EA} connection"]),
    ("attachment: a VLAN twice", {f"{EA} switch.vlan": 11}, ["vlan-used-twice ExternalAttachment/static static.vlan"]),
    ("attachment: VLAN 70000", {f"{EA} switch.vlan": 70000}, [f"vlan-invalid {EA} switch.vlan"]),
    ("attachment: no ASN", {f"{EA} neighbor": "{ip: 100.1.10.6}"}, [f"neighbor {EA} neighbor.asn"]),
    ("attachment: no address", {f"{EA} neighbor": "{asn: 64102}"}, [f"neighbor {EA} neighbor.ip"]),
    ("attachment: BGP of a static external", {f"{EA} external": "static"}, [f"external-static {EA} external"]),
    ("attachment: static of a BGP external", {"ExternalAttachment/static external": "ext"}, ["external-static ExternalAttachment/static static"]),
    ("attachment: static with switch", {"ExternalAttachment/static switch": "{vlan: 11}"}, ["external-static ExternalAttachment/static switch"]),
    ("attachment: static with ip and proxy", {"ExternalAttachment/static static.ip": "100.1.11.1/24"}, ["external-static ExternalAttachment/static static"]),
    ("attachment: static without either", {"ExternalAttachment/static static.proxy": False}, ["external-static ExternalAttachment/static static"]),
    ("ACL: reserved number", {f"{EA} inboundACL.statements.0.seq": 5}, [f"acl {EA} inboundACL.statements.0.seq"]),
    ("ACL: a number twice", {f"{EA} inboundACL.statements.1.seq": 10}, [f"acl {EA} inboundACL.statements.1.seq"]),
    ("ACL: ports with ip", {f"{EA} inboundACL.statements.0.protocol": "ip"}, [f"acl {EA} inboundACL.statements.0.portRangeBegin"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(changes, expected, id=f"{theme}: {what}")
        for theme, cases in {
            "namespaces": NAMESPACES,
            "VPCs": VPCS,
            "DHCP": DHCP,
            "connections": CONNECTIONS,
            "switches": SWITCHES,
            "attachments": ATTACHMENTS,
            "peerings": PEERINGS,
            "externals": EXTERNALS,
        }.items()
        for what, changes, expected in cases
    ],
)
def test_what_a_server_refuses_is_found(changes, expected):
    assert result(findings(changed(changes))) == sorted(expected)


def test_the_annotation_of_a_p2p_link_is_a_31():
    annotations = {"VPCAttachment/one-l3": {"fabric.githedgehog.com/p2p-link": "10.99.0.0/30"}}
    assert result(findings(changed({}), annotations)) == ["p2p-link VPCAttachment/one-l3"]
    assert findings(changed({}), {"VPCAttachment/one-l3": {"fabric.githedgehog.com/p2p-link": "10.99.0.0/31"}}) == []
