"""The history of a stack: what was run when, with which configuration and result (engine-contract §1.4, §5.1)."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from embedded.engine import configmap
from embedded.engine.errors import StateError
from embedded.engine.files import write_atomic
from embedded.engine.property_json import dumps

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.engine.configmap import ConfigValue, Decrypt


@dataclass(frozen=True, slots=True)
class Update:
    """One run."""

    kind: str
    """update, refresh, destroy, import or rename."""
    started: int
    """Unix seconds."""
    ended: int
    message: str
    environment: dict[str, str]
    config: dict[str, ConfigValue]
    """As it was, secrets encrypted."""
    result: str
    """succeeded or failed."""
    changes: dict[str, int] = field(default_factory=dict)


def record(folder: Path, stack: str, update: Update, state: bytes) -> None:
    """Write a run into the history folder of the stack with this short name, with the state that it left."""
    prefix = f"{stack}-{time.time_ns()}"
    content: dict[str, Any] = {
        "kind": update.kind,
        "startTime": update.started,
        "message": update.message,
        "environment": update.environment,
        "config": {key: _config_json(value) for key, value in sorted(update.config.items())},
        "version": 0,
        "result": update.result,
        "endTime": update.ended,
    }
    if update.changes:
        content["resourceChanges"] = update.changes
    write_atomic(folder / f"{prefix}.checkpoint.json", state)
    write_atomic(folder / f"{prefix}.history.json", dumps(content).encode())


def _config_json(value: ConfigValue) -> Any:
    """Scalars are texts in the history, as they are in stack files."""
    if configmap.is_object(value) or isinstance(value, configmap.Secure):
        return configmap.to_plain(value)
    return configmap.to_text(value, str)


def move(old: Path, old_name: str, new: Path, new_name: str) -> None:
    """Give the history of a stack another stack's name. Raises OSError."""
    if not old.is_dir():
        return
    new.mkdir(parents=True, exist_ok=True)
    for path in sorted(old.iterdir()):
        if path.name.startswith(f"{old_name}-"):
            path.rename(new / (new_name + path.name.removeprefix(old_name)))


def read(folder: Path, page_size: int = 0, page: int = 1) -> list[Update]:
    """The runs, newest first; with `page_size`, only that page of them. Raises StateError for an unreadable file."""
    files = sorted(folder.glob("*.history.json*"), reverse=True) if folder.is_dir() else []
    files = [path for path in files if path.name.endswith((".history.json", ".history.json.gz"))]
    if page_size > 0:
        start = (max(page, 1) - 1) * page_size
        files = files[start : start + page_size]
    return [_load(path) for path in files]


def _load(path: Path) -> Update:
    try:
        data = path.read_bytes()
        raw = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
        return Update(
            kind=raw["kind"],
            started=raw["startTime"],
            ended=raw["endTime"],
            message=raw.get("message", ""),
            environment=raw.get("environment") or {},
            config={key: configmap.from_plain(value) for key, value in (raw.get("config") or {}).items()},
            result=raw.get("result", ""),
            changes=raw.get("resourceChanges") or {},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"could not read the history file {path}: {error}") from None


def to_json(update: Update, decrypt: Decrypt | None) -> dict[str, Any]:
    """A run as `stack history --json` prints it; secrets are left out unless `decrypt` is given."""
    return {
        "version": 0,
        "kind": update.kind,
        "startTime": _time(update.started),
        "message": update.message,
        "environment": update.environment,
        "config": {key: _tolerant(value, decrypt) for key, value in sorted(update.config.items())},
        "result": update.result,
        "endTime": _time(update.ended),
        "resourceChanges": update.changes,
    }


def config_json(value: ConfigValue, decrypt: Decrypt | None) -> dict[str, Any]:
    """A config value as `--json` output has it: `value` (text), `objectValue` for lists and mappings, `secret`.

    A secret has neither value unless `decrypt` is given.
    """
    secret = configmap.is_secure(value)
    if secret and decrypt is None:
        return {"secret": True}
    text = configmap.to_text(value, decrypt or str)
    shown: dict[str, Any] = {"value": text}
    if configmap.is_object(value):
        shown["objectValue"] = configmap.decrypted(value, decrypt or str)
    return {**shown, "secret": secret}


def _tolerant(value: ConfigValue, decrypt: Decrypt | None) -> dict[str, Any]:
    """As `config_json`; a secret made with a former key says so in its place."""
    try:
        return config_json(value, decrypt)
    except StateError:
        return {"value": "ERROR_UNABLE_TO_DECRYPT", "secret": True}


def _time(seconds: int) -> str:
    """Milliseconds and Z are mandatory for the Automation API."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
