"""Engine events as the SDK hands them over, made from a few words."""

from __future__ import annotations

from typing import Any

from pulumi.automation.events import EngineEvent

PARENT = "hhsync:index:Fabric$"


def urn(name: str, kind: str | None = None) -> str:
    kind = kind or name.split("/")[0]
    return f"urn:pulumi:fabric-1::hhsync::{PARENT}pulumi-python:dynamic/hedgehog:{kind}::{name}"


def _metadata(op: str, name: str, kind: str | None, old: Any, new: Any) -> dict[str, Any]:
    kind = kind or name.split("/")[0]
    state = {"type": "", "urn": urn(name, kind), "id": "", "parent": "", "provider": "", "outputs": {}}
    return {
        "op": op,
        "urn": urn(name, kind),
        "type": f"pulumi-python:dynamic/hedgehog:{kind}",
        "provider": "",
        "old": None if old is None else {**state, "inputs": {**old, "__provider": "gAS"}},
        "new": None if new is None else {**state, "inputs": {**new, "__provider": "gAS"}},
        "detailedDiff": None,
    }


def event(**payload: Any) -> EngineEvent:
    made = EngineEvent.from_json({"sequence": 0, "timestamp": 0, **payload})
    made.payload = payload
    return made


def payloads(*events: EngineEvent) -> list[dict[str, Any]]:
    """The events as the engine sends them."""
    return [one.payload for one in events]


def begins(op: str, name: str, kind: str | None = None) -> EngineEvent:
    return event(resourcePreEvent={"metadata": _metadata(op, name, kind, None, None)})


def done(op: str, name: str, old: Any = None, new: Any = None, kind: str | None = None) -> EngineEvent:
    return event(resOutputsEvent={"metadata": _metadata(op, name, kind, old, new)})


def failed(op: str, name: str, kind: str | None = None) -> EngineEvent:
    return event(resOpFailedEvent={"metadata": _metadata(op, name, kind, None, None), "status": 0, "steps": 1})


def says(severity: str, message: str, about: str = "", ephemeral: bool = False) -> EngineEvent:
    return event(
        diagnosticEvent={
            "severity": severity,
            "message": message,
            "color": "never",
            "urn": urn(about) if about else "",
            "ephemeral": ephemeral,
        }
    )


def cr(vlan: int, commit: str = "a" * 40) -> dict[str, Any]:
    """The inputs of VPC/default/vpc-1, as far as these tests look at them."""
    return {
        "cluster": {"kind": "VPC", "namespace": "default", "name": "vpc-1", "spec": {"vlan": vlan}},
        "netbox": {"name": "vpc-1", "git_commit": commit},
        "git": {"path": "vpcs/web.yaml", "commit": commit},
    }
