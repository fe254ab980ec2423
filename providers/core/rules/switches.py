"""Switches: addresses and ASNs of their own, redundancy, and what their profile can do.

What a person does not write and a hydrator fills in (IPs, ASN, VTEP) is only a warning when it is missing: a Hedgehog server
refuses such a switch, and any other API server takes it.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from hedgehog.profiles import Port, SwitchProfile, profiles
from providers.core.rules import defaults
from providers.core.rules.fabric import CR, Fabric, Findings, Place, used_again, whose
from providers.core.rules.ports import ports_of, profile_of
from providers.core.rules.values import Address, inside, mac, mapping, number, prefix, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SPINE = "spine"
_HYDRATED = "; a Hedgehog server refuses the switch without it, unless something fills it in before, as hhfab does"
_ADDRESSES = (
    ("ip", defaults.MANAGEMENT, "management"),
    ("protocolIP", defaults.PROTOCOL, "protocol"),
    ("vtepIP", defaults.VTEP, "VTEP"),
)


def _is_spine(switch: CR) -> bool:
    return switch.spec.get("role") == SPINE


def hydration(fabric: Fabric) -> Findings:
    """What every switch of a running fabric has; a spine has no VTEP."""
    for switch in fabric.all("Switch"):
        if not text(switch.spec.get("profile")):
            yield switch.warning(
                "switch-profile", ("profile",), "is missing; a Hedgehog server refuses a switch without it"
            )
        if not number(switch.spec.get("asn")):
            yield switch.warning("switch-not-hydrated", ("asn",), f"the ASN is missing{_HYDRATED}")
        for field, _, what in _ADDRESSES:
            if not text(switch.spec.get(field)) and not (field == "vtepIP" and _is_spine(switch)):
                yield switch.warning("switch-not-hydrated", (field,), f"the {what} IP is missing{_HYDRATED}")
        if _is_spine(switch) and text(switch.spec.get("vtepIP")):
            yield switch.error("switch-vtep", ("vtepIP",), "a spine has no VTEP; take it out, or correct the role")


def addresses(fabric: Fabric) -> Findings:
    """Addresses parse and lie in the fabric's subnets; the management one is not of the DHCP range."""
    for switch in fabric.all("Switch"):
        for field, subnet, what in _ADDRESSES:
            written = text(switch.spec.get(field))
            found = prefix(written)
            if found is None:
                if written:
                    message = (
                        f'"{written}" is no address with its length; write it as in "{subnet[9]}/{subnet.prefixlen}"'
                    )
                    yield switch.error("switch-address", (field,), message)
                continue
            if not inside(found[0], subnet):
                message = f"{found[0]} is outside of {subnet}, the {what} subnet {defaults.BY_DEFAULT}; take one inside"
                yield switch.warning("switch-address-outside", (field,), message)
            elif field == "ip" and int(defaults.DHCP_START) <= int(found[0]) <= int(defaults.DHCP_END):
                given_out = f"which management DHCP gives out from {defaults.DHCP_START} on {defaults.BY_DEFAULT}"
                message = f"{found[0]} is one of the addresses {given_out}; take one before"
                yield switch.warning("switch-address-outside", (field,), message)
            elif field == "ip" and found[0] == defaults.CONTROL_VIP:
                message = f"{found[0]} is the address of the control node {defaults.BY_DEFAULT}; take another"
                yield switch.warning("switch-address-outside", (field,), message)


def asns(fabric: Fabric) -> Findings:
    """Spines have one ASN, leaves one of a range, by the fabric's configuration."""
    for switch in fabric.all("Switch"):
        asn = number(switch.spec.get("asn"))
        if not asn:
            continue
        if _is_spine(switch) and asn != defaults.SPINE_ASN:
            message = f"the ASN of spines is {defaults.SPINE_ASN} {defaults.BY_DEFAULT}; it is {asn}"
            yield switch.warning("switch-asn", ("asn",), message)
        elif not _is_spine(switch) and asn not in defaults.LEAF_ASNS:
            first, last = defaults.LEAF_ASNS[0], defaults.LEAF_ASNS[-1]
            message = f"the ASN of a leaf is {first} to {last} {defaults.BY_DEFAULT}; it is {asn}"
            yield switch.warning("switch-asn", ("asn",), message)


def identities(fabric: Fabric) -> Findings:
    """Addresses, MACs and leaves' ASNs are one switch's; the two switches of an MCLAG group share VTEP and ASN."""
    switches = list(fabric.all("Switch"))
    for field, _, what in _ADDRESSES[:2]:
        places = list(_hosts(switches, field))
        for later, first in used_again(places):
            message = f"{what} IP {later.value} is used already {whose(first, later)}; take a free one"
            yield later.cr.error(f"switch-{field.lower()}-twice", later.path, message)
    hardware = [(mac(mapping(one.spec.get("boot")).get("mac")), one) for one in switches]
    for again, before in used_again(Place(value, one, ("boot", "mac")) for value, one in hardware if value):
        message = f"this MAC is used already {whose(before, again)}; each switch has its own"
        yield again.cr.error("mac-twice", again.path, message)
    leaves = [one for one in switches if not _is_spine(one)]
    yield from _of_pairs("vtepIP", "VTEP IP", ((place.value, place.cr) for place in _hosts(leaves, "vtepIP")))
    asns = ((number(one.spec.get("asn")), one) for one in leaves)
    yield from _of_pairs("asn", "ASN", ((asn, one) for asn, one in asns if asn))


def _hosts(switches: Iterable[CR], field: str) -> Iterator[Place[Address]]:
    for one in switches:
        found = prefix(one.spec.get(field))
        if found is not None:
            yield Place(found[0], one, (field,))


def _of_pairs(field: str, what: str, values: Iterator[tuple[Any, CR]]) -> Findings:
    for later, first in used_again(Place(value, one, (field,)) for value, one in values):
        if _mclag_group(later.cr) is None or _mclag_group(later.cr) != _mclag_group(first.cr):
            message = f"{what} {later.value} is used already {whose(first, later)}; only one MCLAG group shares it"
            yield later.cr.error(f"switch-{field.lower()}-twice", (field,), message)


def _mclag_group(switch: CR) -> str | None:
    redundancy = mapping(switch.spec.get("redundancy"))
    return text(redundancy.get("group")) or None if redundancy.get("type") == "mclag" else None


def redundancy(fabric: Fabric) -> Findings:
    """A redundancy group has a type and the other way round; the profile supports it."""
    for switch in fabric.all("Switch"):
        given = mapping(switch.spec.get("redundancy"))
        kind, group = text(given.get("type")), text(given.get("group"))
        if group and not kind:
            message = f'the group "{group}" has no type; add type: eslag or mclag'
            yield switch.error("switch-redundancy", ("redundancy", "type"), message)
        if kind and not group:
            message = f"the type {kind} has no group; name a SwitchGroup"
            yield switch.error("switch-redundancy", ("redundancy", "group"), message)
        profile = profile_of(switch)
        if profile is None:
            continue
        if kind == "eslag" and "eslag" not in profile.features:
            message = f"profile {profile.name} does not support ESLAG; take another profile, or no redundancy"
            yield switch.error("switch-feature", ("redundancy", "type"), message)
        if switch.spec.get("roce") is True and "roce" not in profile.features:
            message = f"profile {profile.name} does not support RoCEv2; take another profile, or leave roce out"
            yield switch.error("switch-feature", ("roce",), message)


def known_profiles(fabric: Fabric) -> Findings:
    """The profile is one that Hedgehog v0.126 has; newer servers may have more."""
    for switch in fabric.all("Switch"):
        name = text(switch.spec.get("profile"))
        if name and name not in profiles():
            close = difflib.get_close_matches(name, profiles(), n=1, cutoff=0.6)
            right = f'did you mean "{close[0]}"?' if close else f"it has: {', '.join(sorted(profiles()))}"
            message = f'Hedgehog v0.126 has no switch profile "{name}"; {right}'
            yield switch.warning("switch-profile", ("profile",), message)


def settings(fabric: Fabric) -> Findings:
    """Breakouts, speeds and auto-negotiation are of ports that the profile has, and of what those can do."""
    for switch in fabric.all("Switch"):
        profile = profile_of(switch)
        if profile is not None:
            for key, check in _SETTINGS:
                for name, wanted in mapping(switch.spec.get(key)).items():
                    message = check(switch, profile, name, wanted)
                    if message:
                        reported = switch.warning if isinstance(message, _Doubt) else switch.error
                        yield reported("port-setting", (key, name), str(message))


class _Doubt(str):
    """What makes no sense, and may be taken by a server all the same."""

    __slots__ = ()


def _breakout(_: CR, profile: SwitchProfile, name: str, mode: Any) -> str:
    port = profile.ports.get(name)
    if port is None:
        return _no_port(profile, name)
    if port.profile is None or port.profile.modes is None:
        return f"port {name} of profile {profile.name} cannot be broken out; take it out"
    return (
        ""
        if text(mode) in port.profile.modes
        else f"port {name} has no mode {mode}; it has: {', '.join(port.profile.modes)}"
    )


def _speed(switch: CR, profile: SwitchProfile, name: str, speed: Any) -> str:
    port = _port(switch, profile, name)
    if port is None:
        return _no_port(profile, name)
    if port.group is not None:
        return _Doubt(f"port {name} is of port group {port.group}; set the speed of the group, under portGroupSpeeds")
    if port.profile is None or not port.profile.speeds:
        return _Doubt(f"the speed of port {name} follows from its breakout mode; set portBreakouts")
    return _wrong_speed(f"port {name}", port.profile.speeds, speed)


def _group_speed(_: CR, profile: SwitchProfile, name: str, speed: Any) -> str:
    if name not in profile.groups or profile.group_profile is None:
        return f"profile {profile.name} has no port group {name}; it has: {', '.join(profile.groups) or 'none'}"
    return _wrong_speed(f"port group {name}", profile.group_profile.speeds, speed)


def _wrong_speed(what: str, speeds: tuple[str, ...], speed: Any) -> str:
    plain = text(speed).removeprefix("SPEED_")
    return "" if plain in speeds else f"{what} cannot do {plain}; it can do: {', '.join(speeds)}"


def _auto_negotiation(switch: CR, profile: SwitchProfile, name: str, _wanted: Any) -> str:
    port = _port(switch, profile, name)
    if port is None:
        return _no_port(profile, name)
    can = port.profile or profile.group_profile
    if can is not None and not can.auto_negotiation:
        return f"auto-negotiation of port {name} cannot be set with profile {profile.name}; take it out"
    return ""


def _port(switch: CR, profile: SwitchProfile, name: str) -> Port | None:
    """The port that a name stands for: its own, or that of a lane of it."""
    if name in profile.ports:
        return profile.ports[name]
    return profile.ports.get(name.rpartition("/")[0]) if name in (ports_of(switch) or {}) else None


def _no_port(profile: SwitchProfile, name: str) -> str:
    shown = list(profile.ports)
    return f"profile {profile.name} has no port {name}; it has {shown[0]} to {shown[-1]}"


_SETTINGS = (
    ("portBreakouts", _breakout),
    ("portSpeeds", _speed),
    ("portGroupSpeeds", _group_speed),
    ("portAutoNegs", _auto_negotiation),
)

RULES = (hydration, addresses, asns, identities, redundancy, known_profiles, settings)
