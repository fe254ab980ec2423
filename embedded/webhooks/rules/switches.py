"""Switches: what is filled in, what they need, and what keeps them from being deleted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from embedded.webhooks.rules.hydration import check_numbers
from embedded.webhooks.rules.kind import Kind, World, check_metadata
from embedded.webhooks.rules.vlan_namespaces import pairs, refuse_overlapping
from embedded.webhooks.shapes import Refused
from embedded.webhooks.subject import PROFILE, TRUE, keep_own, listed
from hedgehog.profiles import profiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject
    from hedgehog.profiles import Port, PortProfile, SwitchProfile


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


MCLAG_WARNING = "MCLAG is deprecated and no longer supported"


def check_ports(spec: dict[str, Any], profile: SwitchProfile) -> None:
    """Refuse settings of ports that the profile does not have, or that the port cannot be set to."""
    for group, speed in (spec["portGroupSpeeds"] or {}).items():
        if group not in profile.groups:
            raise Refused(f"port group {group} not found in switch profile")
        _check_speed(f"port group {group}", speed, profile.group_profile)
    for name, speed in (spec["portSpeeds"] or {}).items():
        _check_speed(f"port {name}", speed, _port(name, profile).profile)
    breakouts: Mapping[str, str] = spec["portBreakouts"] or {}
    for name, mode in breakouts.items():
        modes = _profile_of(name, profile).modes
        if modes is None:
            raise Refused(f"port {name} has no supported breakouts")
        if mode not in modes:
            raise Refused(f"port {name} does not support specified breakout {mode}")
    configurable = profile.auto_negotiation_of(breakouts)
    for name in spec["portAutoNegs"] or ():
        if not configurable.get(name):
            raise Refused(f"port {name} does not support configuring auto negotiation")
    lanes = {port.name: port.lanes(breakouts.get(port.name)) for port in profile.ports.values()}
    with_fec = {name for names in lanes.values() for name in names} | {
        name for name, names in lanes.items() if len(names) == 1
    }
    for name in spec["portFECs"] or ():
        if name not in with_fec:
            raise Refused(f"port {name} does not support configuring FEC (a broken-out port: name each of its lanes)")
    _check_counts(lanes, profile)


def _port(name: str, profile: SwitchProfile) -> Port:
    port = profile.ports.get(name)
    if port is None:
        raise Refused(f"port {name} not found in switch profile")
    return port


def _profile_of(name: str, profile: SwitchProfile) -> PortProfile:
    found = _port(name, profile).profile
    if found is None:
        raise Refused(f"port profile of port {name} not found in switch profile: it is set by its port group")
    return found


def _check_speed(what: str, speed: str, of: PortProfile | None) -> None:
    if of is None:
        raise Refused(f"{what} has no port profile of its own in the switch profile")
    if not of.speeds:
        raise Refused(f"{what} has no supported speeds")
    if speed not in of.speeds:
        raise Refused(f"{what} does not support specified speed {speed}")


def _check_counts(lanes: Mapping[str, Mapping[str, str]], profile: SwitchProfile) -> None:
    total = sum(len(names) for names in lanes.values())
    if profile.max_ports is not None and total > profile.max_ports:
        raise Refused(f"switch {profile.name} has exceeded maximum ports: {total} > {profile.max_ports}")
    used: Counter[str] = Counter()
    for name, names in lanes.items():
        pipeline = profile.ports[name].pipeline
        if pipeline is not None:
            used[pipeline] += len(names)
    for pipeline, count in used.items():
        if profile.pipelines and count > profile.pipelines[pipeline]:
            raise Refused(f"pipeline {pipeline} has exceeded maximum ports: {count} > {profile.pipelines[pipeline]}")


def check_features(spec: dict[str, Any], profile: SwitchProfile) -> list[str]:
    """Refuse what the model cannot do; returns warnings."""
    wanted = (
        (spec["roce"], "roce", "RoCEv2"),
        (spec["ecmp"]["roceQPN"], "ecmpRoCEQPN", "ECMP RoCE QPN hashing"),
        (spec["redundancy"]["type"] == "eslag", "eslag", "ESLAG"),
    )
    for asked, feature, name in wanted:
        if asked and feature not in profile.features:
            raise Refused(f"{name} is not supported on switch profile {profile.name}")
    return [MCLAG_WARNING] if spec["redundancy"]["type"] == "mclag" else []
