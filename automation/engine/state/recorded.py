"""What a stack's state records of a fabric, as one value: CRs, the fabric's record, hooks, bootstrap.

The state is read as a stream, each entry is held against what hhsync makes (`trust`), and only what a
verb needs is kept. Nothing is unpickled.
"""

from __future__ import annotations

import io
import json
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from automation.engine.problems import kind_of, name_of, type_of
from automation.engine.state import deployment, trust
from automation.engine.state.trust_rules import (
    DYNAMIC,
    FABRIC_TYPE,
    HOOK_TYPE,
    IDENTITY,
    RESULT,
)
from providers.core import sections
from providers.core.equality import integral
from providers.core.identity import KINDS, ObjectRef
from providers.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from automation.engine.workspace import Workspace

# Of a deployment's schema: the newest that was seen; an older CLI refuses a newer one, and so does hhsync.
NEWEST_VERSION = 4

_KUBERNETES = "kubernetes:"


@dataclass(frozen=True, slots=True)
class PendingOperation:
    """What a CLI was doing when it was killed: `operation` is "creating", "updating", "deleting", … of the resource `urn`."""

    urn: str
    operation: str

    @property
    def name(self) -> str:
        """The resource's name, e.g. VPC/default/vpc-1."""
        return name_of(self.urn)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the last runs left in the state.

    `crs` are outputs by CR, `urns` the resources' names in the state, `depends` the CRs that each depends on. `identity` and
    `result` are the fields of the fabric's record that its two halves wrote, None where there is none yet, and `receipts` the
    digest of all CRs' receipts at the last sync. `hooks` has the text of each command after a sync by its name, None where it
    is secret and was not decrypted; `bootstrap` the inputs of what made the cluster ready, by name. `unfinished` are resources
    that a replace left half done. `all_urns` are all that hhsync manages, `size` is the export's length in bytes.
    """

    crs: Mapping[ObjectRef, Mapping[str, Any]] = field(default_factory=dict)
    urns: Mapping[ObjectRef, str] = field(default_factory=dict)
    depends: Mapping[ObjectRef, tuple[ObjectRef, ...]] = field(default_factory=dict)
    identity: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    receipts: str = ""
    component_urn: str = ""
    identity_urn: str = ""
    result_urn: str = ""
    hooks: Mapping[str, str | None] = field(default_factory=dict)
    hooks_ran_for: Mapping[str, str] = field(default_factory=dict)
    hook_urns: tuple[str, ...] = ()
    bootstrap: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pending: tuple[PendingOperation, ...] = ()
    unfinished: tuple[str, ...] = ()
    all_urns: tuple[str, ...] = ()
    saved_at: str = ""
    engine_version: str = ""
    size: int = 0

    @property
    def fabric(self) -> Mapping[str, Any] | None:
        """The fields of the fabric's record that our last sync wrote, None before the first."""
        if self.identity is None and self.result is None:
            return None
        return {**(self.identity or {}), **(self.result or {})}

    @property
    def uids(self) -> Mapping[ObjectRef, str]:
        """The uid of each CR's object in the cluster."""
        return {ref: str(outputs["uid"]) for ref, outputs in self.crs.items() if outputs.get("uid")}


def read(workspace: Workspace, fabric: str) -> Recorded:
    """The state of a fabric's stack, by one process of the CLI.

    Raises:
        StateUntrusted: it has an entry that hhsync did not make.
        EngineError: there is no such stack, or its state cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="hhsync-") as folder:
        path = Path(folder) / "state.json"
        workspace.export(fabric, path)
        with path.open(encoding="utf-8") as file:
            found = parse(file, fabric, workspace.secrets_provider(fabric), path.stat().st_size)
    if None not in found.hooks.values():
        return found
    return _with_secret_hooks(found, io.StringIO(workspace.export_in_clear(fabric)))


def parse(file: IO[str], fabric: str, secrets_provider: str = "", size: int = 0) -> Recorded:
    """What an export records; `secrets_provider` is the one that the stack's file names.

    Raises:
        StateUntrusted: it has an entry that hhsync did not make.
        EngineError: it is not a whole deployment, or one of a newer Pulumi.
    """
    building = _Building(fabric, secrets_provider)
    try:
        for key, value in deployment.entries(file):
            building.add(key, value)
    except deployment.Broken as error:
        raise EngineError(
            f"the state of stack {fabric} cannot be read: {error}; nothing was changed. Restore it from the backend, which "
            "keeps the one before beside it, or as a version"
        ) from None
    return building.recorded(size)


def _with_secret_hooks(recorded: Recorded, file: IO[str]) -> Recorded:
    """Adds the texts of hooks that are secret; `file` is an export with secrets in clear."""
    texts = dict(recorded.hooks)
    for key, entry in deployment.entries(file):
        if key != deployment.RESOURCE or entry.get("urn") not in recorded.hook_urns or entry.get("delete"):
            continue
        text = (entry.get("inputs") or {}).get("create")
        if isinstance(text, dict):
            text = json.loads(text.get("plaintext") or "null")
        texts[name_of(entry["urn"])] = text if isinstance(text, str) else None
    return replace(recorded, hooks=texts)


class _Building:
    """Takes a deployment's parts one by one."""

    def __init__(self, fabric: str, secrets_provider: str) -> None:
        self._fabric, self._secrets_provider = fabric, secrets_provider
        self._crs: dict[ObjectRef, Mapping[str, Any]] = {}
        self._urns: dict[ObjectRef, str] = {}
        self._depends: dict[ObjectRef, tuple[ObjectRef, ...]] = {}
        self._halves: dict[str, Mapping[str, Any]] = {}
        self._half_urns: dict[str, str] = {}
        self._hooks: dict[str, tuple[str, str | None]] = {}
        self._ran_for: dict[str, str] = {}
        self._bootstrap: dict[str, Mapping[str, Any]] = {}
        self._pending: list[PendingOperation] = []
        self._unfinished: list[str] = []
        self._all: list[str] = []
        self._receipts = self._saved_at = self._engine_version = ""

    def add(self, key: str, value: Any) -> None:
        """Take one field of the export, or one element of its lists."""
        if key == deployment.RESOURCE:
            trust.verify(value, self._fabric)
            self._resource(value)
        elif key == deployment.OPERATION:
            self._operation(value)
        elif key == "version":
            self._version(value)
        elif key == "manifest" and isinstance(value, dict):
            self._saved_at, self._engine_version = str(value.get("time", "")), str(value.get("version", ""))
        else:
            trust.verify_field(key, value, self._fabric, self._secrets_provider)

    def _version(self, value: Any) -> None:
        if not isinstance(value, int) or value > NEWEST_VERSION:
            raise EngineError(
                f"the state of stack {self._fabric} has version {value} of Pulumi's format, which is newer than "
                f"{NEWEST_VERSION}; nothing was changed. Upgrade hhsync and Pulumi"
            )

    def _operation(self, value: Any) -> None:
        found = value if isinstance(value, dict) else {}
        trust.verify(found.get("resource"), self._fabric)
        self._pending.append(PendingOperation(found["resource"]["urn"], str(found.get("type", ""))))

    def _resource(self, entry: Mapping[str, Any]) -> None:
        urn, type_token, outputs = str(entry["urn"]), str(entry["type"]), entry.get("outputs")
        if type_token == FABRIC_TYPE:
            self._half_urns[FABRIC_TYPE] = urn
        if entry.get("delete") or entry.get("pendingReplacement"):
            self._unfinished.append(urn)
        if type_token.startswith((DYNAMIC, _KUBERNETES, HOOK_TYPE)):
            self._all.append(urn)
        if entry.get("delete"):
            return
        if type_token == HOOK_TYPE:
            inputs = entry.get("inputs") or {}
            text, triggers = inputs.get("create"), inputs.get("triggers") or [""]
            self._hooks[name_of(urn)] = urn, text if isinstance(text, str) else None
            self._ran_for[name_of(urn)] = str(triggers[0])
        elif type_token.startswith(_KUBERNETES):
            self._bootstrap[name_of(urn)] = entry.get("inputs") or {}
        elif type_token.startswith(DYNAMIC) and outputs:
            self._dynamic(type_token.removeprefix(DYNAMIC), urn, outputs, entry)

    def _dynamic(self, kind: str, urn: str, outputs: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
        kept = {key: value for key, value in outputs.items() if key != "__provider"}
        if kind in KINDS:
            try:
                restored = sections.restored(kept)
                ref = sections.ref_of(restored)
            except (KeyError, TypeError, AttributeError) as error:
                raise EngineError(
                    f"the state of stack {self._fabric} has no outputs of {name_of(urn)} that hhsync understands "
                    f"({type(error).__name__}); nothing was changed"
                ) from None
            self._crs[ref], self._urns[ref] = restored, urn
            self._depends[ref] = tuple(_refs(entry.get("dependencies")))
            return
        self._halves[kind] = integral(dict(kept.get("record") or {}))
        self._half_urns[kind] = urn
        if kind == RESULT:
            self._receipts = str(kept.get("receipts") or "")

    def recorded(self, size: int) -> Recorded:
        """What was taken, as a value."""
        return Recorded(
            crs=self._crs,
            urns=self._urns,
            depends=self._depends,
            identity=self._halves.get(IDENTITY),
            result=self._halves.get(RESULT),
            receipts=self._receipts,
            component_urn=self._half_urns.get(FABRIC_TYPE, ""),
            identity_urn=self._half_urns.get(IDENTITY, ""),
            result_urn=self._half_urns.get(RESULT, ""),
            hooks={name: text for name, (_, text) in self._hooks.items()},
            hooks_ran_for=self._ran_for,
            hook_urns=tuple(urn for urn, _ in self._hooks.values()),
            bootstrap=self._bootstrap,
            pending=tuple(self._pending),
            unfinished=tuple(self._unfinished),
            all_urns=tuple(self._all),
            saved_at=self._saved_at,
            engine_version=self._engine_version,
            size=size,
        )


def _refs(urns: Any) -> Iterator[ObjectRef]:
    """The CRs among a resource's dependencies."""
    for urn in urns or ():
        if kind_of(type_of(urn)) in KINDS:
            yield ObjectRef.parse(name_of(urn))
