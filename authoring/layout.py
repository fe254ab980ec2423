"""Where a CR's file is: managed/<plural of its kind>/<name>.yaml, the same for every user and every run. Pure.

Kubernetes allows names that are no good file names: longer than 255 bytes, or reserved on Windows ("con"). Such a name is
cleaned and gets eight digits of a hash of the CR's identity, so that two names never meet in one file.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from gitops.desired import ARCHIVE, MANAGED, RAW
from providers.core.identity import DEFAULT_NAMESPACE, KINDS, ObjectRef

if TYPE_CHECKING:
    from collections.abc import Collection

KEPT = ".gitkeep"
BOOKS = ".hhsync"

# A folder whose name starts with a dot is never read as CRs.
MANIFEST, LOG = f"{BOOKS}/manifest.json", f"{BOOKS}/archive-log.jsonl"

_LONGEST = 200
_UNSAFE = re.compile(r"[^a-z0-9.-]")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")


def joined(folder: str, path: str) -> str:
    """A path from the repository's root."""
    return f"{folder}/{path}" if folder else path


def within(folder: str, path: str) -> str:
    """A path of the repository from the folder's point of view."""
    return path[len(folder) + 1 :] if folder else path


def cleaned(name: str) -> str:
    """The name as part of a file name: itself where it is a good one, else cleaned and told apart by a hash."""
    safe = _UNSAFE.sub("-", name.lower())[:_LONGEST].strip(".-") or "x"
    if safe == name and not _RESERVED.fullmatch(safe):
        return name
    return f"{safe}-{_digest(name)}"


def path_of(ref: ObjectRef, *, managed: bool = True) -> str:
    """The file of a CR, from the fabric's folder; `managed` is False for a folder that is read whole."""
    folder = f"{MANAGED}/" if managed else ""
    inner = "" if ref.namespace == DEFAULT_NAMESPACE else f"{cleaned(ref.namespace)}/"
    return f"{folder}{KINDS[ref.kind].plural}/{inner}{cleaned(ref.name)}.yaml"


def free_path(ref: ObjectRef, taken: Collection[str], *, managed: bool = True) -> str:
    """The CR's path, or, where a file with that name (capitals aside) holds something else, one with a hash in it.

    `taken` are the paths of the folder in lower case.
    """
    path = path_of(ref, managed=managed)
    if path.lower() not in taken:
        return path
    return f"{path.removesuffix('.yaml')}-{_digest(str(ref))}.yaml"


def archive_path(raw: str, data: bytes, taken: Collection[str]) -> str:
    """Where an original goes: its path in raw/, kept in archive/; with a hash of its content where that name is taken."""
    path = f"{ARCHIVE}/{raw.removeprefix(f'{RAW}/')}"
    if path.lower() not in taken:
        return path
    stem, dot, suffix = path.rpartition(".")
    return f"{stem}-{hashlib.sha256(data).hexdigest()[:12]}{dot}{suffix}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
