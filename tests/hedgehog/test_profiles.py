"""The facts of the switch profiles: complete, without contradictions, and what a connection may call a port."""

import pytest
import yaml

from hedgehog.objects import switch_profile
from hedgehog.profiles import profiles

NAMES = sorted(profiles())


def test_there_are_the_16_profiles_of_v0_126() -> None:
    assert len(NAMES) == 16
    assert sum(len(profile.ports) for profile in profiles().values()) == 693


@pytest.mark.parametrize("name", NAMES)
def test_every_port_has_one_number_and_exactly_one_of_profile_and_group(name: str) -> None:
    ports = profiles()[name].ports.values()
    assert len({port.number for port in ports}) == len({port.nos for port in ports}) == len(ports)
    assert all((port.profile is None) != (port.group is None) for port in ports)


@pytest.mark.parametrize("name", NAMES)
def test_the_summary_counts_the_ports(name: str) -> None:
    profile = profiles()[name]
    counts: dict[str, int] = {}
    for port in profile.ports.values():
        kind = (port.profile or profile.group_profile).name.removesuffix("-nb")  # type: ignore[union-attr]
        counts[kind] = counts.get(kind, 0) + 1
    assert profile.summary == ", ".join(f"{counts[kind]}x{kind}" for kind in sorted(counts, key=lambda k: -counts[k]))


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_among_what_is_supported(name: str) -> None:
    for each in profiles()[name].port_profiles.values():
        assert each.default in (each.modes or each.speeds)


def test_a_port_that_breaks_out_is_known_by_its_lanes_and_by_its_own_name() -> None:
    ds3000 = profiles()["celestica-ds3000"]
    assert ds3000.default_ports["E1/2"] == ds3000.default_ports["E1/2/1"] == "Ethernet4"
    assert "E1/2/2" not in ds3000.default_ports
    broken_out = ds3000.port_names({"E1/2": "2x50G"})
    assert {name: nos for name, nos in broken_out.items() if name.startswith("E1/2/") or name == "E1/2"} == {
        "E1/2": "Ethernet4",
        "E1/2/1": "Ethernet4",
        "E1/2/2": "Ethernet6",
    }


def test_a_port_that_does_not_break_out_has_one_name() -> None:
    assert "E1/1/1" not in profiles()["vs"].default_ports
    assert profiles()["vs"].default_ports["E1/1"] == "Ethernet0"


def test_a_mode_that_the_port_does_not_have_is_an_error() -> None:
    with pytest.raises(KeyError):
        profiles()["celestica-ds3000"].port_names({"E1/2": "8x50G"})


def test_the_objects_are_json_and_yaml_alike() -> None:
    for profile in profiles().values():
        manifest = switch_profile(profile)
        assert yaml.safe_load(yaml.safe_dump(manifest)) == manifest
        assert set(manifest["spec"]["ports"]) == {*profile.ports, "M1"}
