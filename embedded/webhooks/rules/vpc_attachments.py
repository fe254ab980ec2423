"""VPCAttachments: a subnet of a VPC on a connection to a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.webhooks.endpoints import endpoints
from embedded.webhooks.networks import prefix
from embedded.webhooks.rules.kind import Kind, World, check_metadata
from embedded.webhooks.shapes import Refused
from embedded.webhooks.subject import CONNECTION, NATIVE_VLAN, SUBNET, TRUE, VPC, keep_own
from hedgehog.profiles import profiles

if TYPE_CHECKING:
    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject

DEFAULT_SUBNET = "default"
POINT_TO_POINT = "fabric.githedgehog.com/p2p-link"
_ATTACHABLE = ("unbundled", "bundled", "eslag")


def _default(attachment: Subject, settings: Settings) -> None:  # noqa: ARG001 - every kind is given the settings
    spec = attachment.spec
    vpc, slash, subnet = spec["subnet"].partition("/")
    if not vpc:
        return
    if not slash:
        spec["subnet"] = f"{vpc}/{DEFAULT_SUBNET}"
    labels = {VPC: vpc, SUBNET: subnet or DEFAULT_SUBNET, CONNECTION: spec["connection"]}
    keep_own(attachment, labels | ({NATIVE_VLAN: TRUE} if spec["nativeVLAN"] else {}))


def _check(attachment: Subject, world: World) -> list[str]:
    check_metadata(attachment)
    spec = attachment.spec
    if not spec["subnet"]:
        raise Refused("subnet is required")
    vpc_name, slash, subnet_name = spec["subnet"].partition("/")
    if not vpc_name or not slash:
        raise Refused(f"subnet should be in <vpc>/<subnet> format, {'subnet' if vpc_name else 'vpc'} is missing")
    if not spec["connection"]:
        raise Refused("connection is required")
    _check_point_to_point(attachment)
    vpc = world.objects.get("VPC", vpc_name)
    if vpc is None:
        raise Refused(f"vpc {vpc_name} not found")
    subnet = (vpc.spec["subnets"] or {}).get(subnet_name)
    if subnet is None:
        raise Refused(f"subnet {subnet_name} not found in vpc {vpc_name}")
    connection = world.objects.get("Connection", spec["connection"])
    if connection is None:
        raise Refused(f"connection {spec['connection']} not found")
    _check_type(vpc, subnet, connection)
    for name in sorted(endpoints(connection.spec).switches) or [""]:
        _check_switch(name, vpc, subnet, connection, world)
    _check_others(attachment, world)
    return []


def _check_point_to_point(attachment: Subject) -> None:
    text = attachment.annotations.get(POINT_TO_POINT)
    if text is None:
        return
    found = prefix(text)
    if found is None or found.version != 4 or found.bits != 31:
        raise Refused(f"p2p link annotation subnet must be a valid IPv4 /31 prefix, got: {text!r}")


def _check_type(vpc: Subject, subnet: dict[str, Any], connection: Subject) -> None:
    if connection.spec["eslag"] is not None and vpc.spec["mode"]:
        raise Refused(f"vpc mode {vpc.spec['mode']} is not supported for ESLAG connections")
    if subnet["hostBGP"] and connection.spec["unbundled"] is None:
        raise Refused("only unbundled links can be used to attach to a hostBGP subnet")
    if all(connection.spec[each] is None for each in _ATTACHABLE):
        raise Refused("vpc can be attached only to Unbundled, Bundled or ESLAG connections")


def _check_switch(name: str, vpc: Subject, subnet: dict[str, Any], connection: Subject, world: World) -> None:
    if not name:
        raise Refused(f"connection {connection.name} has no switch endpoints")
    switch = world.objects.get("Switch", name)
    if switch is None:
        raise Refused(f"switch {name} used in connection not found")
    if vpc.spec["vlanNamespace"] not in (switch.spec["vlanNamespaces"] or ()):
        raise Refused(f"switch {name} used in connection doesn't have vlan namespace {vpc.spec['vlanNamespace']}")
    profile = profiles().get(switch.spec["profile"])
    if profile is None:
        raise Refused(f"switch profile {switch.spec['profile']} used in switch {name} not found")
    needed = {"l3vni"} if vpc.spec["mode"] else {"l2vni", "l3vni"}
    if not needed <= profile.features:
        raise Refused(f"vpc mode {vpc.spec['mode'] or 'l2vni'} is not supported on switch profile {profile.name}")
    redundancy = switch.spec["redundancy"]
    if subnet["hostBGP"] and redundancy["group"] and redundancy["type"] == "mclag":
        raise Refused(f"cannot attach hostBGP subnet to switch {name} which is an MCLAG peer")


def _check_others(attachment: Subject, world: World) -> None:
    connection = attachment.spec["connection"]
    for other in world.objects.labelled("VPCAttachment", CONNECTION, connection):
        if other.name == attachment.name or other.spec["connection"] != connection:
            continue
        if other.spec["subnet"] == attachment.spec["subnet"]:
            raise Refused(f"connection {connection} already attached to vpc subnet {other.spec['subnet']}")
        if attachment.spec["nativeVLAN"] and other.spec["nativeVLAN"]:
            raise Refused(f"connection {connection} already attached with native VLAN")


VPC_ATTACHMENTS = Kind("failed to validate vpc attachment", _default, _check)
