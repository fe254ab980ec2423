"""What a Switch sets of its ports, against what its profile has: speeds, breakouts, auto-negotiation, FEC, features."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from embedded.webhooks.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hedgehog.profiles import Port, PortProfile, SwitchProfile

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
