"""Whether a stack's secrets are kept by a passphrase, and whether there is one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from automation.engine.messages import PASSPHRASE, PASSPHRASE_FILE
from automation.engine.project import project_file
from providers.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SERVICE = ("http://", "https://")
_BY_PASSPHRASE = frozenset({"passphrase", "default"})


def require(fabric: str, env: Mapping[str, str], stack_file: Path, backend: str) -> None:
    """Refuse a run that could not read the stack's secrets.

    Raises:
        ConfigError: a passphrase is needed and neither variable is set, or the file cannot be read.
    """
    if PASSPHRASE in env or not _needed(stack_file, backend):
        return
    named = env.get(PASSPHRASE_FILE, "")
    if not named:
        raise ConfigError(
            f"no passphrase for the secrets of stack {fabric}: set {PASSPHRASE_FILE} to a file that holds it, or {PASSPHRASE}"
        )
    if not os.access(Path(named).expanduser(), os.R_OK):
        raise ConfigError(f"{PASSPHRASE_FILE} names {named}, which cannot be read")


def _needed(stack_file: Path, backend: str) -> bool:
    """Secrets are kept by passphrase unless the stack's file names another keeper, or the backend is a service."""
    content = project_file(stack_file) if stack_file.is_file() else {}
    named = str(content.get("secretsprovider") or "")
    if named or content.get("encryptionsalt"):
        return not named or named in _BY_PASSPHRASE
    return bool(backend) and not backend.startswith(_SERVICE)
