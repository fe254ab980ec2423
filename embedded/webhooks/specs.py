"""The specs of the kinds that Hedgehog's webhooks look at, as shapes. SwitchGroup has no webhook.

Facts: the fields of githedgehog/fabric v0.126, which of them are structs, pointers, and written even when zero.
"""

from __future__ import annotations

from embedded.webhooks.shapes import Entries, Flag, Items, Number, Pointer, Shape, Struct, Text

_TEXT, _ALWAYS_TEXT, _FLAG = Text(), Text(always=True), Flag()
_TEXTS = Items(_TEXT)
_VLAN, _MTU, _PORT, _ASN = Number(16), Number(16), Number(16), Number(32)


def _ends(*names: str, **more: Shape) -> Struct:
    """A link: at each of its ends a port, and what else is there."""
    return Struct({name: Struct({"port": _TEXT, **more}) for name in names})


_SERVER_LINK = _ends("server", "switch")
_SERVER_LINKS: dict[str, Shape] = {"links": Items(_SERVER_LINK), "mtu": _MTU, "fallback": _FLAG}
_SWITCH_LINKS = Items(_ends("switch1", "switch2"))
_STATIC_END: dict[str, Shape] = {"ip": _TEXT, "nextHop": _TEXT, "subnets": _TEXTS, "vlan": _VLAN}

CONNECTION_TYPES = {
    "unbundled": Struct({"link": _SERVER_LINK, "mtu": _MTU}),
    "bundled": Struct(_SERVER_LINKS),
    "mclag": Struct(_SERVER_LINKS),
    "eslag": Struct(_SERVER_LINKS),
    "mclagDomain": Struct({"peerLinks": _SWITCH_LINKS, "sessionLinks": _SWITCH_LINKS}),
    "fabric": Struct({"links": Items(_ends("spine", "leaf", ip=_TEXT))}),
    "mesh": Struct({"links": Items(_ends("leaf1", "leaf2", ip=_TEXT))}),
    "gateway": Struct({"links": Items(_ends("switch", "gateway", ip=_TEXT))}),
    "vpcLoopback": Struct({"links": _SWITCH_LINKS}),
    "external": Struct({"link": _ends("switch")}),
    "staticExternal": Struct({"link": _ends("switch", **_STATIC_END), "withinVPC": _TEXT}),
}

_DHCP_OPTIONS = Struct(
    {
        "pxeURL": _TEXT,
        "dnsServers": Items(_TEXT, always=True),
        "timeServers": Items(_TEXT, always=True),
        "interfaceMTU": Number(16, always=True),
        "leaseTimeSeconds": Number(32, always=True),
        "disableDefaultRoute": _FLAG,
        "advertisedRoutes": Items(Struct({"destination": _TEXT, "gateway": _TEXT})),
    }
)
_DHCP = Struct(
    {
        "relay": _TEXT,
        "relayVPC": _TEXT,
        "enable": _FLAG,
        "range": Pointer(Struct({"start": _TEXT, "end": _TEXT})),
        "options": Pointer(_DHCP_OPTIONS),
        "static": Entries(Struct({"ip": _ALWAYS_TEXT})),
    }
)
_SUBNET = Struct(
    {
        "subnet": _TEXT,
        "gateway": _TEXT,
        "dhcp": _DHCP,
        "vlan": _VLAN,
        "isolated": Pointer(_FLAG),
        "restricted": Pointer(_FLAG),
        "hostBGP": _FLAG,
    }
)
TCP_FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg")
_TCP_FILTERS = {"established": _FLAG} | {
    name: _FLAG for flag in TCP_FLAGS for name in (flag, f"not{flag.capitalize()}")
}
_ACL_STATEMENT = Struct(
    {
        "seq": Number(16, always=True),
        "action": _ALWAYS_TEXT,
        "protocol": _ALWAYS_TEXT,
        "srcPrefix": _ALWAYS_TEXT,
        "dstPrefix": _ALWAYS_TEXT,
        "portRangeBegin": _PORT,
        "portRangeEnd": _PORT,
        "tcpFilters": Pointer(Struct(_TCP_FILTERS)),
        "icmpType": Pointer(Number(8)),
        "icmpCode": Pointer(Number(8)),
    }
)
_FLAP = {"flapThreshold": Number(8), "samplingInterval": Number(32), "recoveryInterval": Number(32)}

SPECS: dict[str, Struct] = {
    "Connection": Struct({name: Pointer(shape) for name, shape in CONNECTION_TYPES.items()}),
    "External": Struct(
        {
            "ipv4Namespace": _TEXT,
            "inboundCommunity": _TEXT,
            "outboundCommunity": _TEXT,
            "static": Pointer(Struct({"prefixes": _TEXTS})),
        }
    ),
    "ExternalAttachment": Struct(
        {
            "external": _TEXT,
            "connection": _TEXT,
            "switch": Struct({"vlan": _VLAN, "ip": _TEXT}),
            "neighbor": Struct({"asn": _ASN, "ip": _TEXT}),
            "static": Pointer(Struct({"remoteIP": _ALWAYS_TEXT, "vlan": _VLAN, "ip": _TEXT, "proxy": _FLAG})),
            "inboundACL": Pointer(Struct({"statements": Items(_ACL_STATEMENT)})),
        }
    ),
    "ExternalPeering": Struct(
        {
            "permit": Struct(
                {
                    "vpc": Struct({"name": _TEXT, "subnets": _TEXTS}),
                    "external": Struct({"name": _TEXT, "prefixes": Items(Struct({"prefix": _TEXT}))}),
                }
            )
        }
    ),
    "IPv4Namespace": Struct({"subnets": _TEXTS}),
    "Server": Struct({"description": _TEXT, "profile": _TEXT}),
    "Switch": Struct(
        {
            "role": _TEXT,
            "description": _TEXT,
            "profile": _TEXT,
            "groups": _TEXTS,
            "redundancy": Struct({"group": _TEXT, "type": _TEXT}),
            "vlanNamespaces": _TEXTS,
            "asn": _ASN,
            "ip": _TEXT,
            "vtepIP": _TEXT,
            "protocolIP": _TEXT,
            "portGroupSpeeds": Entries(_TEXT),
            "portSpeeds": Entries(_TEXT),
            "portBreakouts": Entries(_TEXT),
            "portAutoNegs": Entries(_FLAG),
            "portFECs": Entries(_TEXT),
            "boot": Struct({"serial": _TEXT, "mac": _TEXT}),
            "enableAllPorts": _FLAG,
            "roce": _FLAG,
            "ecmp": Struct({"roceQPN": _FLAG}),
            "linkFlapErrDisable": Pointer(Struct({name: Pointer(number) for name, number in _FLAP.items()})),
        }
    ),
    "VLANNamespace": Struct({"ranges": Items(Struct({"from": _VLAN, "to": _VLAN}))}),
    "VPC": Struct(
        {
            "mode": _TEXT,
            "subnets": Entries(_SUBNET),
            "ipv4Namespace": _TEXT,
            "vlanNamespace": _TEXT,
            "defaultIsolated": _FLAG,
            "defaultRestricted": _FLAG,
            "permit": Items(_TEXTS),
            "staticRoutes": Items(Struct({"prefix": _TEXT, "nextHops": _TEXTS})),
        }
    ),
    "VPCAttachment": Struct({"subnet": _TEXT, "connection": _TEXT, "nativeVLAN": _FLAG}),
    "VPCPeering": Struct({"remote": _TEXT, "permit": Items(Entries(Struct({"subnets": _TEXTS})))}),
}
