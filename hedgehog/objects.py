"""A switch profile's facts as the SwitchProfile object that a fabric's controller serves."""

from __future__ import annotations

from typing import Any

from hedgehog.profiles import MANAGEMENT_PORT, NAME_OF_PORTS, Port, PortProfile, SwitchProfile


def switch_profile(profile: SwitchProfile) -> dict[str, Any]:
    """The manifest of the SwitchProfile (wiring.githedgehog.com/v1beta1), fields without a value left out."""
    spec = {
        "displayName": profile.display_name,
        "otherNames": list(profile.other_names),
        "notes": profile.notes,
        "switchSilicon": profile.silicon,
        "nosType": profile.nos_type,
        "platform": profile.platform,
        "maxPorts": profile.max_ports,
        "pipelines": {name: {"maxPorts": most} for name, most in profile.pipelines.items()},
        "portGroups": {name: {"nos": name, "profile": _name(profile.group_profile)} for name in profile.groups},
        "portProfiles": {name: _port_profile(each) for name, each in profile.port_profiles.items()},
    }
    ports = {name: _port(port) for name, port in profile.ports.items()}
    ports[MANAGEMENT_PORT] = {"management": True, "nos": "Management0", "oniePortName": profile.onie}
    always = {
        "config": {} if profile.max_paths_ebgp is None else {"maxPathsEBGP": profile.max_paths_ebgp},
        "features": dict.fromkeys(sorted(profile.features), True),
        "ports": ports,
    }
    return {
        "apiVersion": "wiring.githedgehog.com/v1beta1",
        "kind": "SwitchProfile",
        "metadata": {
            "name": profile.name,
            "namespace": "default",
            "annotations": {NAME_OF_PORTS: profile.summary},
        },
        "spec": {key: value for key, value in spec.items() if value} | always,
    }


def _name(profile: PortProfile | None) -> str:
    return "" if profile is None else profile.name


def _port(port: Port) -> dict[str, Any]:
    fields = {
        "nos": port.nos,
        "baseNOSName": f"Ethernet{port.number}" if port.breaks_out else None,
        "label": port.label,
        "group": port.group,
        "profile": port.profile and port.profile.name,
        "pipeline": port.pipeline,
    }
    return {key: value for key, value in fields.items() if value}


def _port_profile(profile: PortProfile) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if profile.modes is None:
        fields["speed"] = {"default": profile.default, "supported": list(profile.speeds)}
    else:
        supported = {mode: {"offsets": list(map(str, offsets))} for mode, offsets in profile.modes.items()}
        fields["breakout"] = {"default": profile.default, "supported": supported}
    if profile.auto_negotiation:
        fields["autoNegAllowed"] = True
    if profile.auto_negotiation_default:
        fields["autoNegDefault"] = True
    return fields
