"""A fabric's state as data: the recorded one, and entries of what a stack may ask for besides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STACK = "recorded"
OURS = f"urn:pulumi:{STACK}::hhsync::"
FABRIC = f"{OURS}hhsync:index:Fabric::{STACK}"
BELOW = f"{OURS}hhsync:index:Fabric$"
VPC = f"{BELOW}pulumi-python:dynamic/hedgehog:VPC::VPC/default/reca"
IDENTITY = f"{BELOW}pulumi-python:dynamic/hedgehog:FabricIdentity::{STACK}/identity"
RESULT = f"{BELOW}pulumi-python:dynamic/hedgehog:FabricResult::{STACK}/result"
HOOK = f"{BELOW}command:local:Command::after-sync-1"
NAMESPACE = f"{BELOW}kubernetes:core/v1:Namespace::bootstrap/namespace"
KUBERNETES = f"{BELOW}pulumi:providers:kubernetes::bootstrap"
COMMAND = f"{OURS}pulumi:providers:command::default_1_2_1"
DYNAMIC = f"{OURS}pulumi:providers:pulumi-python::default"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:aaaa:bbbb"}

RECORDED = Path(__file__).with_name("state_of_old_engine.json")


def export() -> dict[str, Any]:
    """The recorded state as `pulumi stack export` has it, with a hook and a bootstrapped cluster added."""
    kept = json.loads(RECORDED.read_text("utf-8"))
    deployment = kept["checkpoint"]["latest"]
    deployment["resources"] += [
        {"urn": COMMAND, "custom": True, "id": "c", "type": "pulumi:providers:command", "inputs": {"version": "1.2.1"}},
        {
            "urn": HOOK,
            "custom": True,
            "id": "h",
            "type": "command:local:Command",
            "inputs": {"create": "echo done", "environment": {"HHSYNC_FABRIC": STACK}, "triggers": ["ff"]},
            "outputs": {"create": "echo done", "stdout": "done", "stderr": "", "addPreviousOutputInEnv": True},
            "parent": FABRIC,
            "provider": f"{COMMAND}::c",
            "dependencies": [RESULT],
        },
        {
            "urn": KUBERNETES,
            "custom": True,
            "id": "k",
            "type": "pulumi:providers:kubernetes",
            "inputs": {"kubeconfig": dict(SECRET), "context": "fabric", "upsertExistingObjects": "true"},
            "parent": FABRIC,
        },
        {
            "urn": NAMESPACE,
            "custom": True,
            "id": "hhsync",
            "type": "kubernetes:core/v1:Namespace",
            "inputs": {"metadata": {"name": "hhsync"}},
            "outputs": {"metadata": {"name": "hhsync", "uid": "u"}},
            "parent": FABRIC,
            "provider": f"{KUBERNETES}::k",
            "retainOnDelete": True,
        },
    ]
    return {"version": kept["version"], "deployment": deployment}


def entry(export_: dict[str, Any], urn: str) -> dict[str, Any]:
    """One resource of an export."""
    found: dict[str, Any] = next(one for one in export_["deployment"]["resources"] if one["urn"] == urn)
    return found
