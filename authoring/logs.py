"""The manifest and the archive log of a fabric's folder: which original document became which file. Pure.

Both are in `.hhsync/`, in Git: the manifest has the CRs of managed/ that were ingested, the log every original document, one
line each, and is only ever added to. Neither holds a time: the commit has it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from providers.core.identity import ObjectRef

VERSION = 1

# What became of a document: a file of its own; the same CR as an earlier document; equal to what managed/ has.
CREATED, IDENTICAL, MANAGED = "created", "identical", "managed already"


@dataclass(frozen=True, slots=True)
class Entry:
    """One original document and where its CR is now; paths from the fabric's folder. `ref` None: a file without documents."""

    raw: str
    archive: str
    sha256: str
    document: int = 0
    line: int = 1
    ref: ObjectRef | None = None
    path: str = ""
    outcome: str = ""

    def line_of_log(self) -> str:
        """One line of the archive log."""
        value: dict[str, Any] = {"raw": self.raw, "archive": self.archive, "sha256": self.sha256}
        if self.ref is not None:
            value |= {"document": self.document, "line": self.line, "cr": str(self.ref)}
            value |= {"path": self.path, "outcome": self.outcome}
        return json.dumps(value, ensure_ascii=False)


def empty_manifest() -> bytes:
    """The manifest of a folder in which nothing was ingested yet."""
    return _manifest_text({})


def manifest_with(data: bytes | None, entries: Iterable[Entry]) -> bytes:
    """The manifest after an ingest.

    Raises:
        GitError: what is there is no manifest.
    """
    crs = read_manifest(data)
    for entry in entries:
        if entry.ref is not None and entry.outcome == CREATED:
            crs[str(entry.ref)] = {
                "path": entry.path, "raw": entry.raw, "document": entry.document, "archive": entry.archive,
            }  # fmt: skip
    return _manifest_text(crs)


def manifest_without(data: bytes, refs: Iterable[ObjectRef]) -> bytes:
    """The manifest without CRs that are gone.

    Raises:
        GitError: what is there is no manifest.
    """
    crs = read_manifest(data)
    gone = [str(ref) for ref in refs if str(ref) in crs]
    if not gone:
        return data
    for ref in gone:
        del crs[ref]
    return _manifest_text(crs)


def read_manifest(data: bytes | None) -> dict[str, Any]:
    """The CRs of a manifest by reference; {} where there is none.

    Raises:
        GitError: what is there is no manifest, or one of a later version.
    """
    if data is None:
        return {}
    try:
        value = json.loads(data)
        version, crs = value["version"], dict(value["crs"])
    except (ValueError, KeyError, TypeError):
        raise GitError(
            "the manifest .hhsync/manifest.json in the fabric's folder cannot be read; restore it from Git's history"
        ) from None
    if version != VERSION:
        raise GitError(f"the manifest .hhsync/manifest.json has version {version}; this hhsync knows {VERSION}")
    return crs


def log_with(data: bytes | None, entries: Iterable[Entry]) -> bytes:
    """The archive log with more lines."""
    before = data or b""
    if before and not before.endswith(b"\n"):
        before += b"\n"
    return before + "".join(entry.line_of_log() + "\n" for entry in entries).encode()


def _manifest_text(crs: Mapping[str, Any]) -> bytes:
    """One line a CR, sorted: so that a change of one is a change of one line."""
    lines = [
        f"    {json.dumps(ref, ensure_ascii=False)}: {json.dumps(crs[ref], ensure_ascii=False)}" for ref in sorted(crs)
    ]
    body = "{\n" + ",\n".join(lines) + "\n  }" if lines else "{}"
    return f'{{\n  "version": {VERSION},\n  "crs": {body}\n}}\n'.encode()
