"""Switches: what is filled in, what they need, and what keeps them from being deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.webhooks.errors import Refused
from embedded.webhooks.labels import PROFILE, TRUE, keep_own, listed
from embedded.webhooks.rules.hydration import check_numbers
from embedded.webhooks.rules.kind import Kind, World
from embedded.webhooks.rules.metadata import check_metadata
from embedded.webhooks.rules.switch_ports import check_features, check_ports
from embedded.webhooks.rules.vlan_namespaces import pairs, refuse_overlapping
from hedgehog.profiles import profiles

if TYPE_CHECKING:
    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject

SPEED_PREFIX = "SPEED_"
LINK_FLAP = {"flapThreshold": 3, "samplingInterval": 30, "recoveryInterval": 300}
REDUNDANCY_TYPES = ("", "mclag", "eslag")
LEAVES = ("server-leaf", "border-leaf", "mixed-leaf")
SPINE = "spine"


def _default(switch: Subject, settings: Settings) -> None:
    spec = switch.spec
    for field in ("portGroupSpeeds", "portSpeeds"):
        for name, speed in (spec[field] or {}).items():
            spec[field][name] = speed.removeprefix(SPEED_PREFIX)
    if not spec["vlanNamespaces"]:
        spec["vlanNamespaces"] = [settings.defaults.vlan_namespace]
    group = spec["redundancy"]["group"]
    if group and group not in (spec["groups"] or ()):
        spec["groups"] = [*(spec["groups"] or ()), group]
    flap = spec["linkFlapErrDisable"]
    if flap is not None:
        for field, value in LINK_FLAP.items():
            flap[field] = value if flap[field] is None else flap[field]
    if spec["groups"] is not None:
        spec["groups"].sort()
    spec["vlanNamespaces"].sort()
    keep_own(switch, _labels(spec))


def _labels(spec: dict[str, Any]) -> dict[str, str]:
    groups = {listed("switchgroup", group): TRUE for group in spec["groups"] or ()}
    return groups | {listed("vlanns", one): TRUE for one in spec["vlanNamespaces"]} | {PROFILE: spec["profile"]}


def _check(switch: Subject, world: World) -> list[str]:
    check_metadata(switch)
    spec = switch.spec
    _check_required(spec)
    _check_redundancy(spec["redundancy"])
    _check_namespaces(spec["vlanNamespaces"], world)
    for group in spec["groups"] or ():
        if not group:
            raise Refused("group name cannot be empty")
        if not world.objects.group_exists(group):
            raise Refused(f"switch group {group} does not exist")
    profile = profiles().get(spec["profile"])
    if profile is None:
        raise Refused(f"switch profile {spec['profile']} does not exist")
    check_ports(spec, profile)
    warnings = check_features(spec, profile)
    check_numbers(switch, world)
    return warnings


def _check_required(spec: dict[str, Any]) -> None:
    for field, name in (("asn", "ASN"), ("ip", "IP"), ("protocolIP", "protocol IP")):
        if not spec[field]:
            raise Refused(f"{name} is required")
    if spec["role"] in LEAVES and not spec["vtepIP"]:
        raise Refused("VTEP IP is required for leaf switches in spine-leaf mode")
    if spec["role"] == SPINE and spec["vtepIP"]:
        raise Refused("VTEP IP is not allowed for spine switches")
    if not spec["profile"]:
        raise Refused("profile is required")


def _check_redundancy(redundancy: dict[str, str]) -> None:
    if redundancy["type"] not in REDUNDANCY_TYPES:
        raise Refused("invalid redundancy type")
    if redundancy["group"] and not redundancy["type"]:
        raise Refused("redundancy group specified without type")
    if redundancy["type"] and not redundancy["group"]:
        raise Refused("redundancy type specified without group")


def _check_namespaces(names: list[str], world: World) -> None:
    ranges: list[tuple[int, int]] = []
    for name in names:
        namespace = world.objects.get("VLANNamespace", name)
        if namespace is None:
            raise Refused(f"specified VLANNamespace {name} does not exist")
        ranges += pairs(namespace.spec["ranges"])
    refuse_overlapping(ranges, "invalid VLANNamespaces")


def _after_update(old: Subject, new: Subject, world: World) -> None:  # noqa: ARG001 - it looks at nothing else
    roce = old.spec["roce"] or new.spec["roce"]
    if roce and old.spec["portBreakouts"] != new.spec["portBreakouts"]:
        raise Refused("port breakouts cannot be changed when RoCEv2 is enabled")


def _delete(switch: Subject, world: World) -> None:
    if world.objects.labelled("Connection", listed("switch", switch.name), TRUE):
        raise Refused("switch has connections")


SWITCHES = Kind(
    "error validating switch",
    _default,
    _check,
    after_update=_after_update,
    delete=_delete,
)
