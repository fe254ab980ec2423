"""The controller's part: one Agent for each Switch, whose spec changes with whatever concerns the switch.

A real switch takes up its Agent's spec and writes the generation into `status.lastAppliedGen`. Here this is done after a
delay, unless the settings say that the switch is stuck or fails.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from embedded.webhooks.subject import CONNECTION, EXTERNAL, TRUE, VPC, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from embedded.webhooks.subject import Memory, Subject

GROUP, VERSION, PLURAL = "agent.githedgehog.com", "v1beta1", "agents"
PATH = f"/apis/{GROUP}/{VERSION}/namespaces/default/{PLURAL}"

DELAY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How switches take up what they are told.

    `stuck` switches do not even try; `failing` ones try and say why it does not work (text by name).
    """

    delay_seconds: float = DELAY_SECONDS
    stuck: frozenset[str] = frozenset()
    failing: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Behaviour:
        """The `agents` of a settings file: {"agents": {"delay_seconds": 5, "stuck": ["leaf-01"], "failing": {...}}}."""
        try:
            wanted = json.loads(path.read_text()).get("agents") or {}
        except FileNotFoundError:
            return cls()
        return cls(
            delay_seconds=float(wanted.get("delay_seconds", DELAY_SECONDS)),
            stuck=frozenset(wanted.get("stuck") or ()),
            failing=dict(wanted.get("failing") or {}),
        )


def crd() -> dict[str, Any]:
    """The CustomResourceDefinition of Agents, as far as it is needed here."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    time = {"type": "string", "format": "date-time"}
    generation = {"type": "integer", "format": "int64"}
    status = {
        "lastAppliedGen": generation,
        "lastAppliedTime": time,
        "lastAttemptGen": generation,
        "lastAttemptTime": time,
        "lastHeartbeat": time,
        "conditions": {"type": "array", "items": anything},
    }
    schema = {"type": "object", "properties": {"spec": anything, "status": {"type": "object", "properties": status}}}
    columns = [
        {"name": "Role", "type": "string", "jsonPath": ".spec.role"},
        {"name": "Applied", "type": "integer", "jsonPath": ".status.lastAppliedGen"},
        {"name": "Current", "type": "integer", "jsonPath": ".metadata.generation"},
    ]
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": columns,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": "Agent", "listKind": "AgentList", "plural": PLURAL, "singular": "agent"},
            "versions": [version],
        },
    }


def wanted_agents(objects: Memory) -> dict[str, dict[str, Any]]:
    """The spec of every switch's Agent by the switch's name: its role, and a digest of all that concerns it."""
    return {switch.name: _spec(switch, objects) for switch in objects.all("Switch")}


def manifest(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """An Agent."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Agent",
        "metadata": {"name": name, "namespace": "default"},
        "spec": dict(spec),
    }


def status_after_attempt(name: str, generation: int, behaviour: Behaviour) -> dict[str, Any] | None:
    """What a switch writes when it has tried to take up a generation; None when it is stuck."""
    if name in behaviour.stuck:
        return None
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status: dict[str, Any] = {"lastAttemptGen": generation, "lastAttemptTime": now, "lastHeartbeat": now}
    failure = behaviour.failing.get(name)
    condition = {"type": "Applied", "status": "False" if failure else "True", "lastTransitionTime": now}
    condition |= {"reason": "ApplyFailed", "message": failure} if failure else {"reason": "ApplySucceeded"}
    if not failure:
        status |= {"lastAppliedGen": generation, "lastAppliedTime": now}
    return status | {"conditions": [condition]}


def _spec(switch: Subject, objects: Memory) -> dict[str, Any]:
    concerned = {f"{one.kind}/{one.name}": one.written() for one in _concerning(switch, objects)}
    digest = hashlib.sha256(json.dumps(concerned, sort_keys=True).encode()).hexdigest()
    return {"role": switch.spec["role"], "description": switch.spec["description"], "config": {"digest": digest}}


def _concerning(switch: Subject, objects: Memory) -> Iterable[Subject]:
    """The switch, its connections, what is attached to them, and what those are peered by."""
    yield switch
    vpcs: set[str] = set()
    externals: set[str] = set()
    for connection in objects.labelled("Connection", listed("switch", switch.name), TRUE):
        yield connection
        for attachment in objects.labelled("VPCAttachment", CONNECTION, connection.name):
            vpcs.add(attachment.spec["subnet"].partition("/")[0])
            yield attachment
        for outside in objects.labelled("ExternalAttachment", CONNECTION, connection.name):
            externals.add(outside.spec["external"])
            yield outside
    for name in vpcs:
        yield from filter(None, [objects.get("VPC", name)])
        yield from objects.labelled("VPCPeering", listed("vpc", name), TRUE)
        yield from objects.labelled("ExternalPeering", VPC, name)
    for name in externals:
        yield from filter(None, [objects.get("External", name)])
        yield from objects.labelled("ExternalPeering", EXTERNAL, name)
