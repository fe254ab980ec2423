"""Which other CRs a spec names, for all 12 kinds: a table of field paths. Pure.

Facts: the fields of Hedgehog's CRDs v0.126, and what its webhooks look up before they accept an object. Names of kinds that
we do not manage (SwitchProfile, ServerProfile, Gateway) are no references here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.core.identity import DEFAULT_NAMESPACE, ObjectRef

if TYPE_CHECKING:
    from providers.core.field_path import FieldPath


@dataclass(frozen=True, slots=True)
class Reference:
    """A CR that a spec names, and where; `implied` when the field is left out and the server fills in "default"."""

    ref: ObjectRef
    path: FieldPath
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a kind is named. In `path`, "*" is every element, and "%" every key, of a list or mapping.

    The name ends before the first "/" ("leaf-01/E1/5" is on leaf-01, "vpc-1/default" of vpc-1). `default` is what the server
    fills in where the field is absent or empty.
    """

    path: str
    kind: str
    default: str | None = None


def _ports(kind: str, *paths: str) -> tuple[Rule, ...]:
    return tuple(Rule(f"{path}.port", kind) for path in paths)


RULES: Mapping[str, tuple[Rule, ...]] = {
    "VPC": (
        Rule("ipv4Namespace", "IPv4Namespace", default="default"),
        Rule("vlanNamespace", "VLANNamespace", default="default"),
        Rule("subnets.*.dhcp.relayVPC", "VPC"),
    ),
    "VPCAttachment": (Rule("subnet", "VPC"), Rule("connection", "Connection")),
    "VPCPeering": (Rule("permit.*.%", "VPC"),),
    "External": (Rule("ipv4Namespace", "IPv4Namespace", default="default"),),
    "ExternalAttachment": (Rule("external", "External"), Rule("connection", "Connection")),
    "ExternalPeering": (Rule("permit.vpc.name", "VPC"), Rule("permit.external.name", "External")),
    "IPv4Namespace": (),
    "Connection": (
        *_ports(
            "Server", "unbundled.link.server", *(f"{each}.links.*.server" for each in ("bundled", "mclag", "eslag"))
        ),
        *_ports(
            "Switch", "unbundled.link.switch", *(f"{each}.links.*.switch" for each in ("bundled", "mclag", "eslag"))
        ),
        *_ports(
            "Switch", *(f"mclagDomain.{a}.*.{b}" for a in ("peerLinks", "sessionLinks") for b in ("switch1", "switch2"))
        ),
        *_ports("Switch", "fabric.links.*.spine", "fabric.links.*.leaf", "mesh.links.*.leaf1", "mesh.links.*.leaf2"),
        *_ports("Switch", "vpcLoopback.links.*.switch1", "vpcLoopback.links.*.switch2", "gateway.links.*.switch"),
        *_ports("Switch", "external.link.switch", "staticExternal.link.switch"),
        Rule("staticExternal.withinVPC", "VPC"),
    ),
    "Server": (),
    "Switch": (
        Rule("groups.*", "SwitchGroup"),
        Rule("redundancy.group", "SwitchGroup"),
        Rule("vlanNamespaces.*", "VLANNamespace", default="default"),
    ),
    "SwitchGroup": (),
    "VLANNamespace": (),
}

_PARTS = {rule.path: tuple(rule.path.split(".")) for rules in RULES.values() for rule in rules}


def references(kind: str, spec: Mapping[str, Any], namespace: str = DEFAULT_NAMESPACE) -> tuple[Reference, ...]:
    """Every CR that the spec names, in the order of the table, each once (where it is first named).

    Fields of a wrong type are passed over: the schema finds those. Paths start with "spec".
    """
    found: dict[ObjectRef, Reference] = {}
    for rule in RULES[kind]:
        named = False
        for path, value in _values(spec, _PARTS[rule.path], ("spec",)):
            name = value.partition("/")[0] if isinstance(value, str) else ""
            if name:
                named = True
                ref = ObjectRef(rule.kind, namespace, name)
                found.setdefault(ref, Reference(ref, path))
        if not named and rule.default is not None:
            ref = ObjectRef(rule.kind, namespace, rule.default)
            found.setdefault(ref, Reference(ref, ("spec", _PARTS[rule.path][0]), implied=True))
    return tuple(found.values())


def _values(value: Any, parts: tuple[str, ...], path: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    if not parts:
        yield path, value
        return
    head, *rest = parts
    if head in {"*", "%"}:
        members = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
        for key, member in members:
            yield from _values(key if head == "%" else member, tuple(rest), (*path, key))
    elif isinstance(value, Mapping) and head in value:
        yield from _values(value[head], tuple(rest), (*path, head))
