"""State files: the JSON of a checkpoint and the `Snapshot` it stands for, both ways (engine-contract §5.2).

Reading takes versions 1 to 4, writing gives 3, or 4 where a resource needs a named feature. Keys that this engine does
not know are kept word for word. Whether the state is sound is `integrity`'s question, not this module's.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from embedded.engine import property_json
from embedded.engine.errors import DamagedState, IntegrityError, StateError
from embedded.engine.state import PendingOperation, Resource, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Seal = Callable[[str, str], Mapping[str, str]]
    Unseal = Callable[[str, str], str]

ENGINE_VERSION = "v3.272.0"
"""The version this engine reports, and writes into state files."""
NEWEST = 4
_FEATURE_OF_KEY = {
    "resourceHooks": "hooks",
    "refreshBeforeUpdate": "refreshBeforeUpdate",
    "viewOf": "views",
    "taint": "taint",
    "extensionRef": "extensionParameterization",
}
_KNOWN_FEATURES = {*_FEATURE_OF_KEY.values(), "replaceWith", "byteString"}

# JSON key -> field of Resource, None where the key lives in `extra`; in the order in which the CLI writes them.
_KEYS: dict[str, str | None] = {
    "urn": "urn",
    "custom": "custom",
    "delete": "delete",
    "id": "id",
    "type": "type",
    "inputs": "inputs",
    "outputs": "outputs",
    "parent": "parent",
    "protect": "protect",
    "taint": None,
    "external": "external",
    "dependencies": "dependencies",
    "initErrors": "init_errors",
    "provider": "provider",
    "propertyDependencies": "property_dependencies",
    "pendingReplacement": "pending_replacement",
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "customTimeouts": None,
    "importID": None,
    "retainOnDelete": "retain_on_delete",
    "deletedWith": "deleted_with",
    "replaceWith": "replace_with",
    "created": "created",
    "modified": "modified",
    "sourcePosition": "source_position",
    "stackTrace": None,
    "ignoreChanges": None,
    "hideDiff": None,
    "replaceOnChanges": None,
    "replacementTrigger": None,
    "refreshBeforeUpdate": None,
    "viewOf": None,
    "resourceHooks": None,
    "extensionRef": None,
    "snippetID": None,
}
_FIELD_OF = {key: field for key, field in _KEYS.items() if field is not None}
_ALWAYS = ("urn", "custom", "type")
_BAGS = ("inputs", "outputs")
_VALUES = ("inputs", "outputs", "replacementTrigger")
_DEPLOYMENT_KEYS = ("manifest", "secrets_providers", "resources", "pending_operations", "metadata")


@dataclass(frozen=True, slots=True)
class Document:
    """A state file taken apart, its deployment in the shape of version 3 and its secrets still sealed."""

    version: int
    features: tuple[str, ...]
    deployment: dict[str, Any] | None
    """None when the stack has no state at all, not even a secrets provider."""

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The resource entries, in file order."""
        return (self.deployment or {}).get("resources") or []

    @property
    def secrets_provider(self) -> dict[str, Any] | None:
        """`{"type", "state"}`, or None."""
        return (self.deployment or {}).get("secrets_providers")


def magic(version: str) -> str:
    """The manifest's proof: SHA-256 of the version text, or nothing for no version."""
    return hashlib.sha256(version.encode()).hexdigest() if version else ""


def now() -> str:
    """The time as state files have it: RFC 3339, UTC, no trailing zeros."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".") + "Z"


def parse(data: bytes) -> Document:
    """Take a state file apart.

    Raises DamagedState for what is no state, StateError for a newer version or a feature this engine lacks.
    """
    if not data:
        raise DamagedState("the state is empty")
    try:
        document = json.loads(data)
    except ValueError as error:
        raise DamagedState(f"the state is no valid JSON ({error}), so it was truncated or overwritten") from None
    if not isinstance(document, dict):
        raise DamagedState("the state is no JSON object")
    version = document.get("version", 0)
    checkpoint = document if version == 0 else document.get("checkpoint") or {}
    if not isinstance(checkpoint, dict):
        raise DamagedState("the state's checkpoint is no JSON object")
    return document_of(version, document.get("features") or (), checkpoint.get("latest"))


def document_of(version: Any, features: Any, deployment: dict[str, Any] | None) -> Document:
    """A Document from its parts, migrated to version 3. Raises StateError as `parse` does."""
    if not isinstance(version, int) or version > NEWEST or version < 0:
        raise StateError(f"the state has version {version}, and this engine reads up to {NEWEST}; use a newer engine")
    unknown = sorted(set(features) - _KNOWN_FEATURES) if version >= NEWEST else []
    if deployment and deployment.get("snippets"):
        unknown.append("snippets")
    if unknown:
        raise StateError(f"the state needs features that this engine lacks: {', '.join(unknown)}; use the Pulumi CLI")
    _check_shape(deployment)
    if deployment is not None and version < 3:
        deployment = _migrate(deployment, version)
    return Document(max(version, 3), tuple(features), deployment)


def _check_shape(deployment: Any) -> None:
    """Raises DamagedState when the parts of a deployment are not even lists and objects."""
    if deployment is None:
        return
    if not isinstance(deployment, dict):
        raise DamagedState("the state's deployment is no JSON object")
    for key in ("manifest", "secrets_providers", "metadata"):
        if not isinstance(deployment.get(key) or {}, dict):
            raise DamagedState(f"the state's {key} is no JSON object")
    for key in ("resources", "pending_operations"):
        entries = deployment.get(key) or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise DamagedState(f"the state's {key} are no list of JSON objects")


def _migrate(deployment: dict[str, Any], version: int) -> dict[str, Any]:
    """Version 1 or 2 to 3: `defaults` is gone, and every input is taken to depend on all dependencies."""

    def entry(old: dict[str, Any]) -> dict[str, Any]:
        new = {key: value for key, value in old.items() if value is not None and (key != "defaults" or version == 2)}
        if new.get("inputs") and "propertyDependencies" not in new:
            new["propertyDependencies"] = {key: list(new.get("dependencies") or ()) for key in new["inputs"]}
        return new

    migrated = dict(deployment)
    migrated["resources"] = [entry(resource) for resource in deployment.get("resources") or ()]
    migrated["pending_operations"] = [
        {**operation, "resource": entry(operation["resource"])}
        for operation in deployment.get("pending_operations") or ()
    ]
    return migrated


def load(document: Document, unseal: Unseal) -> Snapshot:
    """The Snapshot of a document. Raises StateError for malformed entries, and whatever `unseal` raises."""
    deployment = document.deployment
    if deployment is None:
        return Snapshot()
    manifest = deployment.get("manifest") or {}
    if manifest.get("magic", "") != magic(manifest.get("version", "")):
        raise IntegrityError("the manifest's magic does not fit its version: the state was damaged or edited")
    return Snapshot(
        resources=[decode_resource(entry, unseal) for entry in document.resources],
        pending_operations=[
            PendingOperation(operation["type"], decode_resource(operation["resource"], unseal))
            for operation in deployment.get("pending_operations") or ()
        ],
        secrets_provider=document.secrets_provider,
        time=manifest.get("time", ""),
        metadata=deployment.get("metadata") or {},
        features=document.features,
        extra={key: value for key, value in deployment.items() if key not in _DEPLOYMENT_KEYS},
    )


def decode_resource(entry: Mapping[str, Any], unseal: Unseal) -> Resource:
    """One entry of the file. Raises StateError when it has no urn or type, or has a malformed value."""
    urn = entry.get("urn")
    if not urn or not entry.get("type"):
        raise DamagedState(f"a resource of the state has no urn or no type: {urn or entry.get('id', '?')}")
    fields: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in entry.items():
        if key in _VALUES and value is not None:
            if key in _BAGS and not isinstance(value, dict):
                raise DamagedState(f"the {key} of {urn} are no JSON object")
            value = property_json.decode(value, unseal, f"{urn}|{key}")
        name = _FIELD_OF.get(key)
        if name is None:
            extra[key] = value
        elif value is not None:
            fields[name] = value
    fields.setdefault("custom", False)
    if "property_dependencies" in fields:
        fields["property_dependencies"] = {key: urns or [] for key, urns in fields["property_dependencies"].items()}
    return Resource(**fields, extra=extra)


def encode_resource(resource: Resource, seal: Seal) -> dict[str, Any]:
    """One entry as the file has it: known keys in the CLI's order without empty ones, then the unknown keys."""
    entry: dict[str, Any] = {}
    extra = resource.extra
    for key, name in _KEYS.items():
        if name is not None:
            value = getattr(resource, name)
            if not value and key not in _ALWAYS:
                continue
        elif key in extra:
            value = extra[key]
        else:
            continue
        entry[key] = property_json.encode(value, seal, f"{resource.urn}|{key}") if key in _VALUES else value
    entry.update((key, value) for key, value in extra.items() if key not in entry)
    return entry


def dump(snapshot: Snapshot, stack: str, seal: Seal) -> bytes:
    """The state file of a snapshot, with the time of now and this engine's version. `stack` is the qualified name.

    Entries become text one at a time: a second copy of a large state in memory would be most of what a run needs.
    """
    _, _, deployment = deployment_of(replace(snapshot, resources=[]), seal)
    features = _features(snapshot)
    version = NEWEST if features else 3
    entries = ",".join(property_json.dumps(encode_resource(resource, seal)) for resource in snapshot.resources)
    front = {key: value for key, value in deployment.items() if key in ("manifest", "secrets_providers")}
    back = {key: value for key, value in deployment.items() if key not in front}
    parts = [_inside(front), f'"resources":[{entries}]' if entries else "", _inside(back)]
    latest = ",".join(part for part in parts if part)
    head = f'"version":{version}' + (f',"features":{property_json.dumps(features)}' if features else "")
    return f'{{{head},"checkpoint":{{"stack":{property_json.dumps(stack)},"latest":{{{latest}}}}}}}'.encode()


def _inside(value: dict[str, Any]) -> str:
    """An object's JSON without the braces."""
    return property_json.dumps(value)[1:-1]


def deployment_of(snapshot: Snapshot, seal: Seal) -> tuple[int, list[str], dict[str, Any]]:
    """(version, features, deployment) of a snapshot, with the time of now and this engine's version."""
    deployment: dict[str, Any] = {
        "manifest": {"time": now(), "magic": magic(ENGINE_VERSION), "version": ENGINE_VERSION}
    }
    if snapshot.secrets_provider:
        deployment["secrets_providers"] = snapshot.secrets_provider
    if snapshot.resources:
        deployment["resources"] = [encode_resource(resource, seal) for resource in snapshot.resources]
    if snapshot.pending_operations:
        deployment["pending_operations"] = [
            {"resource": encode_resource(operation.resource, seal), "type": operation.type}
            for operation in snapshot.pending_operations
        ]
    deployment["metadata"] = snapshot.metadata
    deployment.update(snapshot.extra)
    features = _features(snapshot)
    return (NEWEST if features else 3), features, deployment


def _features(snapshot: Snapshot) -> list[str]:
    """The features that the entries need; byte strings may hide inside secrets, so a declared one stays."""
    needed = set(snapshot.features) & {"byteString"}
    operations = [operation.resource for operation in snapshot.pending_operations]
    for resource in (*snapshot.resources, *operations):
        needed.update(feature for key, feature in _FEATURE_OF_KEY.items() if resource.extra.get(key))
        if resource.replace_with:
            needed.add("replaceWith")
    return sorted(needed)
