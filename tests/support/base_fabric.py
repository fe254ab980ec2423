"""A small sound fabric of our own, and how a case changes it. Specs are what a Hedgehog server of v0.126 takes as they are."""

# ruff: noqa: E501 (a spec is a row)
from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import yaml

from providers.core import rules, schema
from providers.core.identity import KINDS, ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from providers.core.rules.fabric import Fabric, Finding
from providers.core.rules.unresolved import NOTHING, all_named, missing

if TYPE_CHECKING:
    from collections.abc import Iterable

SPECS = """
IPv4Namespace/default: {subnets: [10.0.0.0/16]}
IPv4Namespace/other: {subnets: [10.1.0.0/16]}
VLANNamespace/default: {ranges: [{from: 1000, to: 2999}]}
VLANNamespace/other: {ranges: [{from: 500, to: 599}, {from: 610}]}
SwitchGroup/pair: {}
SwitchGroup/old: {}
Switch/l1: {role: server-leaf, profile: vs, boot: {mac: "0c:20:12:ff:00:00"}, ip: 172.30.0.8/21, protocolIP: 172.30.8.2/32,
  vtepIP: 172.30.12.0/32, asn: 65101, groups: [old], redundancy: {group: old, type: mclag}}
Switch/l2: {role: server-leaf, profile: vs, boot: {mac: "0c:20:12:ff:01:00"}, ip: 172.30.0.9/21, protocolIP: 172.30.8.3/32,
  vtepIP: 172.30.12.0/32, asn: 65101, groups: [old], redundancy: {group: old, type: mclag}}
Switch/l3: {role: server-leaf, profile: vs, boot: {mac: "0c:20:12:ff:02:00"}, ip: 172.30.0.10/21, protocolIP: 172.30.8.4/32,
  vtepIP: 172.30.12.1/32, asn: 65102, redundancy: {group: pair, type: eslag}}
Switch/l4: {role: server-leaf, profile: vs, boot: {mac: "0c:20:12:ff:03:00"}, ip: 172.30.0.11/21, protocolIP: 172.30.8.5/32,
  vtepIP: 172.30.12.2/32, asn: 65103, redundancy: {group: pair, type: eslag}}
Switch/l5: {role: border-leaf, profile: dell-s5248f-on, ip: 172.30.0.12/21, protocolIP: 172.30.8.6/32, vtepIP: 172.30.12.3/32,
  asn: 65104, vlanNamespaces: [default, other], portBreakouts: {E1/55: 4x25G}, portGroupSpeeds: {"1": SPEED_10G}}
Switch/s1: {role: spine, profile: vs, ip: 172.30.0.6/21, protocolIP: 172.30.8.0/32, asn: 65100}
Server/one: {description: a server}
Server/two: {}
Connection/one-l3: {unbundled: {link: {server: {port: one/p1}, switch: {port: l3/E1/1}}}}
Connection/one-l4: {bundled: {mtu: 9036, links: [{server: {port: one/p2}, switch: {port: l4/E1/1}},
  {server: {port: one/p3}, switch: {port: l4/E1/2}}]}}
Connection/one-pair: {eslag: {links: [{server: {port: one/p4}, switch: {port: l3/E1/2}},
  {server: {port: one/p5}, switch: {port: l4/E1/3}}]}}
Connection/two-old: {mclag: {links: [{server: {port: two/p1}, switch: {port: l1/E1/1}},
  {server: {port: two/p2}, switch: {port: l2/E1/1}}]}}
Connection/two-l5: {unbundled: {link: {server: {port: two/p3}, switch: {port: l5/E1/55/2}}}}
Connection/l1-l2: {mclagDomain: {peerLinks: [{switch1: {port: l1/E1/2}, switch2: {port: l2/E1/2}}],
  sessionLinks: [{switch1: {port: l1/E1/3}, switch2: {port: l2/E1/3}}]}}
Connection/loop: {vpcLoopback: {links: [{switch1: {port: l3/E1/8}, switch2: {port: l3/E1/9}}]}}
Connection/s1-l3: {fabric: {links: [{spine: {port: s1/E1/1, ip: 172.30.128.0/31}, leaf: {port: l3/E1/40, ip: 172.30.128.1/31}},
  {spine: {port: s1/E1/2}, leaf: {port: l3/E1/41}}]}}
Connection/l4-l5: {mesh: {links: [{leaf1: {port: l4/E1/40, ip: 172.30.128.2/31}, leaf2: {port: l5/E1/1, ip: 172.30.128.3/31}}]}}
Connection/s1-gw: {gateway: {links: [{switch: {port: s1/E1/9, ip: 172.30.200.0/31}, gateway: {port: gw/p1, ip: 172.30.200.1/31}}]}}
Connection/l5-ext: {external: {link: {switch: {port: l5/E1/56}}}}
Connection/l5-static: {staticExternal: {withinVPC: two, link: {switch: {port: l5/E1/2, ip: 192.168.100.1/24,
  nextHop: 192.168.100.254, subnets: [192.168.101.0/24, 192.168.102.0/24]}}}}
VPC/one: {subnets: {default: {subnet: 10.0.1.0/24, vlan: 1001, gateway: 10.0.1.254, dhcp: {enable: true,
  range: {start: 10.0.1.10, end: 10.0.1.99}, static: {"0c:20:12:fe:01:00": {ip: 10.0.1.7}, 0c20.12fe.0101: {ip: 10.0.1.8}},
  options: {interfaceMTU: 9036, leaseTimeSeconds: 3600, dnsServers: [10.0.1.5], timeServers: [10.9.9.9],
    advertisedRoutes: [{destination: 192.168.9.0/24, gateway: 10.0.1.9}]}}},
  backend: {subnet: 10.0.2.77/24, vlan: 1002, dhcp: {enable: false, range: {start: bad}}}},
  permit: [[default, backend]], staticRoutes: [{prefix: 192.168.1.0/24, nextHops: [10.0.1.9]}]}
VPC/two: {mode: "", subnets: {default: {subnet: 10.0.3.0/24, vlan: 1003, gateway: ""},
  relayed: {subnet: 10.0.4.0/24, vlan: 1004, dhcp: {relay: 10.0.1.9/32, relayVPC: one}}}}
VPC/elsewhere: {ipv4Namespace: other, subnets: {default: {subnet: 10.1.1.0/24, vlan: 1101}}}
VPC/bgp: {subnets: {default: {subnet: 10.0.5.0/24, hostBGP: true}}}
VPC/l3: {mode: l3vni, subnets: {default: {subnet: 10.0.6.0/30, vlan: 1006}}}
VPC/vlans: {vlanNamespace: other, subnets: {default: {subnet: 10.0.7.0/24, vlan: 610}}}
VPCAttachment/one-l3: {subnet: one/default, connection: one-l3, nativeVLAN: true}
VPCAttachment/one-l4: {subnet: one, connection: one-l4}
VPCAttachment/two-pair: {subnet: two/default, connection: one-pair}
VPCAttachment/bgp: {subnet: bgp/default, connection: two-l5}
VPCAttachment/vlans: {subnet: vlans/default, connection: two-l5}
VPCAttachment/l3: {subnet: l3/default, connection: one-l3}
VPCPeering/one-two: {permit: [{one: {subnets: [default]}, two: {}}, {one: {subnets: [backend]}, two: {subnets: [default]}}]}
External/ext: {inboundCommunity: "65102:1000", outboundCommunity: "50000:1000"}
External/far: {ipv4Namespace: other}
External/static: {static: {prefixes: [192.168.2.0/24, 192.168.1.7/24]}, inboundCommunity: ""}
ExternalAttachment/ext: {external: ext, connection: l5-ext, switch: {vlan: 10, ip: 100.1.10.1/24},
  neighbor: {asn: 64102, ip: 100.1.10.6}, inboundACL: {statements: [
    {seq: 10, action: permit, protocol: tcp, srcPrefix: any, dstPrefix: any, portRangeBegin: 1, portRangeEnd: 9},
    {seq: 20, action: permit, protocol: ip, srcPrefix: any, dstPrefix: any}]}}
ExternalAttachment/static: {external: static, connection: l5-ext, switch: {}, neighbor: {}, static: {remoteIP: 100.1.11.6, vlan: 11, proxy: true}}
ExternalPeering/one: {permit: {vpc: {name: one, subnets: [default, backend]}, external: {name: ext, prefixes: [{prefix: 0.0.0.0/0}]}}}
"""
BASE: dict[str, dict[str, Any]] = yaml.safe_load(SPECS)

# As a value of a change: the CR or the field is taken out.
GONE = object()

WHO = Attribution("c" * 40, "Ann <ann@example.com>", "2026-01-02T03:04:05Z")
LINES = {key: line for line, key in enumerate(BASE, 1)}


def manifest(key: str, spec: dict[str, Any], annotations: dict[str, str] | None = None) -> Manifest:
    kind, name = key.split("/", 1)
    origin = Origin("f/a.yaml", LINES.get(key, 1000), 0)
    return Manifest(ObjectRef(kind, "default", name), spec, origin, WHO, annotations=annotations or {})


def changed(changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The base with changes: "Kind/name" → a whole spec, or "Kind/name a.b.0" → a value; texts are read as YAML."""
    specs = copy.deepcopy(BASE)
    for target, value in changes.items():
        key, _, field = target.partition(" ")
        value = yaml.safe_load(value) if isinstance(value, str) else value
        if not field:
            specs.pop(key, None)
            if value is not GONE:
                specs[key] = value
            continue
        *parts, last = [int(part) if part.isdigit() else part for part in field.split(".")]
        inside: Any = specs[key]
        for part in parts:
            inside = inside[part] if isinstance(inside, list) else inside.setdefault(part, {})
        if value is GONE:
            del inside[last]
        elif isinstance(inside, list) and last == len(inside):
            inside.append(value)
        else:
            inside[last] = value
    return specs


def findings(specs: dict[str, dict[str, Any]], annotations: dict[str, dict[str, str]] | None = None) -> list[Finding]:
    """What the rules say of a fabric, references out of Git included, where only Git counts."""
    manifests = [manifest(key, spec, (annotations or {}).get(key)) for key, spec in specs.items()]
    fabric = Fabric(manifests)
    return [*rules.findings(manifests), *missing(fabric, all_named(fabric, KINDS), NOTHING)]


def result(found: Iterable[Finding]) -> list[str]:
    """Findings in short, e.g. "vlan-used-twice VPC/one subnets.default.vlan"; a warning has a question mark after its rule."""
    return sorted(
        f"{one.rule}{'' if one.severity == 'error' else '?'} {one.ref.kind}/{one.ref.name} "
        f"{'.'.join(str(part) for part in one.path[1:])}".rstrip()
        for one in found
    )


def schema_findings(schemas: dict[str, schema.Schema], specs: dict[str, dict[str, Any]]) -> list[str]:
    """What the schemas say; rules are written for specs that pass them."""
    return [
        f"{key}: {one}" for key, spec in specs.items() for one in schemas[key.split("/")[0]].findings({"spec": spec})
    ]
