"""One resource in a stack's state, as the engine works with it.

The file form is the checkpoint of engine-contract §5.2; reading and writing it is `checkpoint`'s job.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Resource:
    """A state entry. `extra` keeps file keys that this engine does not know, word for word."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    provider: str = ""
    protect: bool = False
    external: bool = False
    delete: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    pending_replacement: bool = False
    init_errors: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    created: str = ""
    modified: str = ""
    source_position: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class PendingOperation:
    """An operation that had begun when the state was written: creating, updating, deleting, reading or importing."""

    type: str
    resource: Resource


@dataclass(slots=True)
class Snapshot:
    """A stack's whole state: resources in an order in which every reference points backwards."""

    resources: list[Resource] = field(default_factory=list)
    pending_operations: list[PendingOperation] = field(default_factory=list)
    secrets_provider: dict[str, Any] | None = None
    time: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    """Feature names that the file declared; those that resources show are computed again on writing."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Keys of the deployment that this engine does not know, word for word."""
