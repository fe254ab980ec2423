"""The tenants of a generated fabric: VPCs, and what attaches and peers them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import TYPE_CHECKING, Any

from sample.cr import CR
from sample.wiring import EXTERNALS, FIRST_VLAN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from sample.wiring import Rack

TEAMS = ("app", "data", "platform", "web")
PEERED_EVERY = 3
OUTSIDE_EVERY = 10


@dataclass(slots=True)
class _Row:
    """What a row offers its tenants; VLANs and peerings stay inside it."""

    connections: list[str] = field(default_factory=list)
    vlans: Iterator[int] = field(default_factory=lambda: count(FIRST_VLAN))
    vpcs: list[str] = field(default_factory=list)


def tenants(racks: list[Rack], random: Random) -> Iterator[CR]:
    """Yield tenants' CRs without end, each after what it refers to, so that a fabric may stop after any of them."""
    rows: dict[str, _Row] = defaultdict(_Row)
    for rack in racks:
        rows[rack.row].connections += [connection for _, connection, _ in rack.server_connections()]
    subnets = count(1)
    for number, (name, row) in zip(count(1), cycle(rows.items()), strict=False):
        vpc = _vpc(number, name, row, subnets, random)
        yield vpc
        yield from _attachments(vpc, row, random)
        if row.vpcs and number % PEERED_EVERY == 0:
            yield _peering(vpc, random.choice(row.vpcs), name)
        if number % OUTSIDE_EVERY == 1:
            yield _outside(vpc, random)
        row.vpcs.append(vpc.name)


def _vpc(number: int, row_name: str, row: _Row, subnets: Iterator[int], random: Random) -> CR:
    name = f"vpc-{number:05}"
    names = ("default",) if random.random() < 0.7 else ("default", "backend")
    spec = {
        "ipv4Namespace": "default",
        "vlanNamespace": row_name,
        "subnets": {subnet: _subnet(next(subnets), next(row.vlans), random) for subnet in names},
    }
    return CR(f"vpcs/{row_name}/{name}.yaml", "VPC", name, spec, {"team": random.choice(TEAMS)})


def _subnet(number: int, vlan: int, random: Random) -> dict[str, Any]:
    prefix = f"10.{number >> 8}.{number & 255}"
    subnet: dict[str, Any] = {"subnet": f"{prefix}.0/24", "vlan": vlan}
    if random.random() < 0.2:
        subnet["gateway"] = f"{prefix}.254"
    if random.random() < 0.6:
        subnet["dhcp"] = {"enable": True, "range": {"start": f"{prefix}.10", "end": f"{prefix}.199"}}
        if random.random() < 0.3:
            servers = [f"{prefix}.{random.randrange(200, 210)}"]
            subnet["dhcp"]["options"] = {"interfaceMTU": 9036, "leaseTimeSeconds": 7200, "dnsServers": servers}
    return subnet


def _attachments(vpc: CR, row: _Row, random: Random) -> Iterator[CR]:
    for connection in random.sample(row.connections, random.randrange(1, 5)):
        subnet = random.choice(list(vpc.spec["subnets"]))
        name = f"{vpc.name}-{subnet}--{connection.split('--')[0]}"
        yield CR(vpc.path, "VPCAttachment", name, {"subnet": f"{vpc.name}/{subnet}", "connection": connection})


def _peering(vpc: CR, other: str, row_name: str) -> CR:
    permit = [{other: {"subnets": ["default"]}, vpc.name: {"subnets": ["default"]}}]
    return CR(f"peerings/{row_name}.yaml", "VPCPeering", f"{other}--{vpc.name}", {"permit": permit})


def _outside(vpc: CR, random: Random) -> CR:
    external = random.choice(EXTERNALS)
    permit = {
        "vpc": {"name": vpc.name, "subnets": ["default"]},
        "external": {"name": external, "prefixes": [{"prefix": "0.0.0.0/0"}]},
    }
    return CR("outside/peerings.yaml", "ExternalPeering", f"{vpc.name}--{external}", {"permit": permit})
