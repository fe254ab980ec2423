"""VPCAttachments: a subnet that its VPC has, on a connection that can carry it, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from providers.core.rules.connections import types_of
from providers.core.rules.fabric import CR, DEFAULT, Fabric, Findings, Place, twice
from providers.core.rules.ports import cables, device_of
from providers.core.rules.values import listing, mapping, network, text
from providers.core.rules.vpcs import vlan_namespace

if TYPE_CHECKING:
    from collections.abc import Mapping

CAN_CARRY = ("unbundled", "bundled", "eslag")
P2P_LINK = "fabric.githedgehog.com/p2p-link"
_POINT_TO_POINT = 31
_LABEL_LENGTH = 63


def target_of(attachment: CR) -> tuple[str, str]:
    """The VPC and the subnet that an attachment names; "vpc-1" means its subnet "default"."""
    vpc, _, subnet = text(attachment.spec.get("subnet")).partition("/")
    return vpc, subnet or DEFAULT


def required(fabric: Fabric) -> Findings:
    """Both sides are named, the connection by a name that fits into a label."""
    for attachment in fabric.all("VPCAttachment"):
        for field, example in (("subnet", "vpc-1/default"), ("connection", "server-1--unbundled--leaf-1")):
            if not text(attachment.spec.get(field)):
                yield attachment.error("required", (field,), f'is required and missing; write it as in "{example}"')
        name = text(attachment.spec.get("connection"))
        if len(name) > _LABEL_LENGTH:
            message = f"the connection's name has {len(name)} characters; at most {_LABEL_LENGTH} can be attached to; rename it"
            yield attachment.error("connection-name", ("connection",), message)
        annotation = attachment.manifest.annotations.get(P2P_LINK)
        net = network(annotation)
        if annotation and (net is None or net.version != 4 or net.prefixlen != _POINT_TO_POINT):
            message = f'annotation {P2P_LINK}: "{annotation}" is no IPv4 /31; write it as in "10.99.0.0/31"'
            yield attachment.error("p2p-link", (), message)


def subnets(fabric: Fabric) -> Findings:
    """The subnet is one of the VPC's. A server takes it away from under its attachments without a word."""
    for attachment in fabric.all("VPCAttachment"):
        vpc_name, name = target_of(attachment)
        vpc = fabric.get("VPC", vpc_name)
        if vpc is None:
            continue
        known = mapping(vpc.spec.get("subnets"))
        if name not in known:
            message = f'VPC {vpc_name} has no subnet "{name}"; it has: {", ".join(known) or "none"}; see {vpc}'
            yield attachment.error("attachment-subnet", ("subnet",), message)


def connections(fabric: Fabric) -> Findings:
    """The connection's type can carry the VPC, and its switches are in the VPC's VLAN namespace."""
    for attachment in fabric.all("VPCAttachment"):
        name = text(attachment.spec.get("connection"))
        connection = fabric.get("Connection", name)
        vpc_name, subnet = target_of(attachment)
        vpc = fabric.get("VPC", vpc_name)
        if connection is None:
            continue
        for kind in types_of(connection)[:1]:
            yield from _carries(attachment, kind, name, vpc, subnet)
            if vpc is not None and kind in CAN_CARRY:
                yield from _namespaces(fabric, attachment, connection, vpc)


def _carries(attachment: CR, kind: str, name: str, vpc: CR | None, subnet: str) -> Findings:
    path = ("connection",)
    if kind not in CAN_CARRY:
        message = f"{name} is of type {kind}; a VPC can be attached to types {', '.join(CAN_CARRY)}"
        yield attachment.error("attachment-type", path, message)
        return
    if vpc is None:
        return
    mode = text(vpc.spec.get("mode"))
    content: Mapping[str, Any] = mapping(mapping(vpc.spec.get("subnets")).get(subnet))
    if content.get("hostBGP") is True and kind != "unbundled":
        message = f"{name} is of type {kind}; a hostBGP subnet can be attached to type unbundled only"
        yield attachment.error("attachment-type", path, message)
    if mode and kind == "eslag":
        message = f"{name} is of type eslag, to which a VPC of mode {mode} cannot be attached; take an unbundled or bundled one"
        yield attachment.error("attachment-type", path, message)


def _namespaces(fabric: Fabric, attachment: CR, connection: CR, vpc: CR) -> Findings:
    wanted, seen = vlan_namespace(vpc), set()
    for kind in types_of(connection)[:1]:
        for _, cable in cables(kind, connection.spec[kind]):
            switch = fabric.get("Switch", device_of(mapping(cable.get("switch")))[0])
            if switch is None or switch.name in seen:
                continue
            seen.add(switch.name)
            have = listing(switch.spec.get("vlanNamespaces")) or [DEFAULT]
            if wanted not in have:
                message = (
                    f"{switch.name}, on which {connection.name} ends, is not in VLANNamespace {wanted} of VPC {vpc.name}; it "
                    f"is in {', '.join(map(str, have))}; add the namespace to the switch, or take another connection"
                )
                yield attachment.error("attachment-vlan-namespace", ("connection",), message)


def once(fabric: Fabric) -> Findings:
    """A subnet is attached to a connection once, and a connection has one native VLAN."""
    attachments = [one for one in fabric.all("VPCAttachment") if text(one.spec.get("connection"))]
    yield from twice(
        "attached-twice",
        (Place((text(one.spec.get("connection")), *target_of(one)), one, ("subnet",)) for one in attachments),
        lambda value: f"{value[1]}/{value[2]} on {value[0]}",
        "leave one of the two out",
    )
    native = (one for one in attachments if one.spec.get("nativeVLAN") is True)
    yield from twice(
        "native-vlan-twice",
        (Place(text(one.spec.get("connection")), one, ("nativeVLAN",)) for one in native),
        lambda value: f"the native VLAN of {value}",
        "a connection has one; leave it out of one of the two",
    )


RULES = (required, subnets, connections, once)
