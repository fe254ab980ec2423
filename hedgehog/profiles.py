"""The switch profiles: which ports a switch of each profile has, what they are called and can be set to.

The facts are in profiles.yaml beside this module. A port that can be broken out has one name for each lane of its mode
("E1/55/1" .. "E1/55/4") and its own name stands for the first lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANAGEMENT_PORT = "M1"
NAME_OF_PORTS = "fabric.githedgehog.com/ports"


@dataclass(frozen=True, slots=True)
class PortProfile:
    """What a port can be set to: a speed of `speeds`, or a breakout mode of `modes` (mode: offsets of its lanes).

    `default` is the speed or mode that holds when the switch says nothing. `auto_negotiation` is whether it may be
    configured, `auto_negotiation_default` what holds when it is not.
    """

    name: str
    default: str
    speeds: tuple[str, ...] = ()
    modes: Mapping[str, tuple[int, ...]] | None = None
    auto_negotiation: bool = False
    auto_negotiation_default: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """A data port: its name ("E1/7"), number on the NOS (Ethernet<number>), and either a profile or a group.

    `nos` is the name that the NOS configures it by: "1/7" for a port that can be broken out, else "Ethernet6".
    """

    name: str
    label: str
    number: int
    nos: str
    profile: PortProfile | None
    group: str | None
    pipeline: str | None

    @property
    def breaks_out(self) -> bool:
        """Whether the port has breakout modes."""
        return self.profile is not None and self.profile.modes is not None

    def lanes(self, mode: str | None = None) -> dict[str, str]:
        """Names of the port's lanes in a breakout mode (None: the default one) and their NOS names.

        One entry, the port itself, if it cannot be broken out.

        Raises:
            KeyError: the port has no such mode.
        """
        if self.profile is None or self.profile.modes is None:
            return {self.name: f"Ethernet{self.number}"}
        offsets = self.profile.modes[mode or self.profile.default]
        return {f"{self.name}/{lane}": f"Ethernet{self.number + offset}" for lane, offset in enumerate(offsets, 1)}


@dataclass(frozen=True)
class SwitchProfile:
    """One model of switch. Features are names as in Hedgehog's SwitchProfile ("eslag", "l2vni", ...).

    `group_profile` is what every port group can be set to; groups are "1" .. str(groups). `pipelines` is the most ports
    that each pipeline takes by its name; `max_ports` the most that the switch takes, or None.
    """

    name: str
    display_name: str
    other_names: tuple[str, ...]
    notes: str
    silicon: str
    nos_type: str
    platform: str
    features: frozenset[str]
    max_paths_ebgp: int | None
    max_ports: int | None
    pipelines: Mapping[str, int]
    groups: tuple[str, ...]
    group_profile: PortProfile | None
    port_profiles: Mapping[str, PortProfile]
    ports: Mapping[str, Port]
    summary: str
    onie: str

    @cached_property
    def default_ports(self) -> Mapping[str, str]:
        """`port_names` with every port in its default mode."""
        return self.port_names({})

    def port_names(self, breakouts: Mapping[str, str]) -> dict[str, str]:
        """Every name by which a connection may call a data port of a switch with these breakouts, and its NOS name.

        Two names with one NOS name are the same port ("E1/1" and "E1/1/1").

        Args:
            breakouts: mode by port name, as in a Switch's `portBreakouts`; ports that it does not name are in their
                default mode. Names of no port are passed over.

        Raises:
            KeyError: a port has no such mode.
        """
        names: dict[str, str] = {}
        for port in self.ports.values():
            lanes = port.lanes(breakouts.get(port.name))
            names.update(lanes)
            names.setdefault(port.name, next(iter(lanes.values())))
        return names

    def auto_negotiation_of(self, breakouts: Mapping[str, str]) -> dict[str, bool]:
        """Whether auto-negotiation may be configured, by the names of ports and lanes; ports of groups are left out."""
        return {
            name: port.profile.auto_negotiation
            for port in self.ports.values()
            if port.profile is not None
            for name in port.lanes(breakouts.get(port.name))
        }


@cache
def profiles() -> Mapping[str, SwitchProfile]:
    """All switch profiles by name."""
    text = files(__package__).joinpath("profiles.yaml").read_text(encoding="utf-8")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return {name: _profile(name, facts) for name, facts in yaml.load(text, Loader=loader).items()}


def _profile(name: str, facts: Mapping[str, Any]) -> SwitchProfile:
    port_profiles = {each: _port_profile(each, of) for each, of in facts["portProfiles"].items()}
    groups = facts.get("portGroups", {"count": 0, "profile": None})
    return SwitchProfile(
        name=name,
        display_name=facts["displayName"],
        other_names=tuple(facts.get("otherNames", ())),
        notes=facts.get("notes", ""),
        silicon=facts["silicon"],
        nos_type=facts["nosType"],
        platform=facts["platform"],
        features=frozenset(facts["features"]),
        max_paths_ebgp=facts.get("config", {}).get("maxPathsEBGP"),
        max_ports=facts.get("maxPorts"),
        pipelines={str(number): most for number, most in enumerate(facts.get("pipelines", ()), 1)},
        groups=tuple(str(number + 1) for number in range(groups["count"])),
        group_profile=port_profiles.get(groups["profile"]),
        port_profiles=port_profiles,
        ports={port.name: port for run in facts["ports"] for port in _run(run, port_profiles)},
        summary=facts["summary"],
        onie=facts.get("onie", "eth0"),
    )


def _port_profile(name: str, facts: Mapping[str, Any]) -> PortProfile:
    modes = facts.get("modes")
    return PortProfile(
        name=name,
        default=facts["speed"] if modes is None else facts["breakout"],
        speeds=tuple(facts.get("speeds", ())),
        modes=None if modes is None else {mode: tuple(map(int, of.split())) for mode, of in modes.items()},
        auto_negotiation="autoNeg" in facts,
        auto_negotiation_default=facts.get("autoNeg") == "default",
    )


def _run(facts: Mapping[str, Any], port_profiles: Mapping[str, PortProfile]) -> Iterator[Port]:
    first, _, last = facts["ports"].partition("-")
    start, step = facts["ethernet"]
    profile = port_profiles[facts["profile"]] if "profile" in facts else None
    panel_start, panel_step = facts.get("panel", (int(first), 1))
    for index in range(int(last or first) - int(first) + 1):
        number, ethernet = int(first) + index, start + step * index
        breaks_out = profile is not None and profile.modes is not None
        yield Port(
            name=f"E1/{number}",
            label=facts["labels"][index] if "labels" in facts else str(number),
            number=ethernet,
            nos=f"1/{panel_start + panel_step * index}" if breaks_out else f"Ethernet{ethernet}",
            profile=profile,
            group=_shared(facts.get("group"), index),
            pipeline=_shared(facts.get("pipeline"), index),
        )


def _shared(rule: Any, index: int) -> str | None:
    if rule is None:
        return None
    number = rule[index] if isinstance(rule, list) else rule["first"] + index // rule["each"]
    return str(number)
