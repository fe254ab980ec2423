"""The journal on disk: one JSON line per record, beside the state file (engine-contract §7).

The first record names the state file that the journal continues, by digest; `saved` names the one that it became.
So it is always clear whether a journal is still to be folded in:
    digest of the state = digest in `base`    the run was killed: fold
    digest of the state = digest in `saved`   the run was killed between writing the state and removing the journal
    neither                                   somebody else wrote the state since: a person decides
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from embedded.engine import checkpoint
from embedded.engine.errors import StateError
from embedded.engine.files import sync_folder
from embedded.engine.fold import Fold
from embedded.engine.property_json import dumps
from embedded.engine.state import PendingOperation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from embedded.engine.checkpoint import Unseal
    from embedded.engine.state import Snapshot

FORMAT = 1


def provider(salt: str) -> dict[str, Any]:
    """The `secrets_providers` entry of a state whose secrets have this salt."""
    return {"type": "passphrase", "state": {"salt": salt}}


def digest(state: bytes) -> str:
    """What identifies a state file's content."""
    return hashlib.sha256(state).hexdigest()


class JournalFile:
    """An append-only file. Several threads may append and wait; one fsync serves all that were written before it."""

    def __init__(self, path: Path, base: str, kept: list[int], salt: str) -> None:
        """Start a journal for the state with the digest `base`, in place of a former one. Raises StateError.

        `kept` are the indices of the base's pending operations that stay, `salt` is that of the secrets in the records.
        """
        self.path = path
        temporary = path.with_name(f".{path.name}.tmp")
        header = {"record": "base", "format": FORMAT, "state": base, "kept": kept, "salt": salt}
        try:
            self._descriptor = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND, 0o600)
            os.write(self._descriptor, _line(header))
            os.fsync(self._descriptor)
            os.replace(temporary, path)
            sync_folder(path.parent)
        except OSError as error:
            raise _unwritable(path, error) from None
        self._flush = threading.Lock()
        self._buffer: deque[bytes] = deque()
        self._broken: StateError | None = None
        self._appended = 0
        self._flushed = 0

    def append(self, record: dict[str, Any]) -> int:
        """Take a record, to be written no later than the next one that somebody waits for. Not for two threads at once.

        Returns the mark that `wait` takes. Raises StateError when a former record could not be written. No I/O is done
        here: whoever holds a lock around this call holds it for microseconds, and not for a turn of the disk.
        """
        if self._broken:
            raise self._broken
        self._buffer.append(_line(record))
        self._appended += 1
        return self._appended

    @property
    def appended(self) -> int:
        """The mark of the last record."""
        return self._appended

    def wait(self, mark: int) -> None:
        """Return when the record, and all before it, survive the death of the machine; one write and one fdatasync serve
        all threads that wait meanwhile. After `close` it returns at once: the state was saved.

        Raises StateError, for instance when the disk is full; the records before stay as they are.
        """
        with self._flush:
            if self._descriptor >= 0 and self._flushed < mark:
                self._write_out()

    def _write_out(self) -> None:
        if self._broken:
            raise self._broken
        count = self._appended  # at least these are in the buffer; a thread may be adding more
        lines = []
        while self._buffer:
            lines.append(self._buffer.popleft())
        start = 0
        try:
            start = os.lseek(self._descriptor, 0, os.SEEK_END)
            self._write(lines)
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._broken = _unwritable(self.path, error)
            with contextlib.suppress(OSError):  # half a line would make the next one unreadable
                os.ftruncate(self._descriptor, start)
            raise self._broken from None
        self._flushed = count

    def _write(self, lines: list[bytes]) -> None:
        """Hand whole lines to the operating system."""
        data = b"".join(lines)
        while data:
            data = data[os.write(self._descriptor, data) :]

    def close(self) -> None:
        """Write what nobody waited for, and write no more; the file stays."""
        with self._flush:
            if self._descriptor >= 0:
                if self._buffer and not self._broken:
                    with contextlib.suppress(StateError):  # nobody waits for it, and the run ends anyhow
                        self._write_out()
                os.close(self._descriptor)
                self._descriptor = -1


def _line(record: dict[str, Any]) -> bytes:
    return dumps(record).encode() + b"\n"


def note_saving(path: Path, state: str) -> None:
    """Record in the journal of a killed run that the state with this digest is about to be written.

    A last line that was cut off goes. Raises StateError.
    """
    try:
        with path.open("r+b") as file:
            whole = file.read().rfind(b"\n") + 1
            file.seek(whole)
            file.truncate()
            file.write(_line({"record": "saved", "state": state}))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> StateError:
    return StateError(
        f"could not write the journal {path}: {error.strerror}; what was done so far is kept: free space, and run it again"
    )


def recover(path: Path, state: bytes, base: Snapshot, open_salt: Callable[[str], Unseal]) -> Fold | None:
    """What a killed run left behind: the fold of its journal onto `base`, or None when there is nothing to do.

    `state` is the state file's content and `base` the Snapshot read from it; its secrets provider becomes that of the
    journal, whose salt `open_salt` opens. A last line that was cut off is ignored. Raises StateError when the journal
    belongs to another state, or is damaged before its last line.
    """
    records = _read(path)
    if not records:
        return None
    header, last = records[0], records[-1]
    if last["record"] == "saved" and last["state"] == digest(state):
        return None
    if header.get("record") != "base" or header.get("format") != FORMAT:
        raise StateError(f"{path} is no journal of this engine; move it away to go on without it")
    if header["state"] != digest(state):
        raise StateError(
            f"{path} holds {len(records) - 1} records of a run that was killed, but the state was changed since by "
            "somebody else; compare the two, then delete the journal"
        )
    fold = Fold(base, header["kept"])
    unseal = open_salt(header["salt"])
    base.secrets_provider = provider(header["salt"])
    try:
        for record in records[1:]:
            _apply(fold, record, unseal)
    except (KeyError, TypeError, AttributeError) as error:
        raise StateError(f"{path} is damaged: a record does not fit the others ({error!r})") from None
    return fold if len(records) > 1 else None


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StateError(f"could not read the journal {path}: {error.strerror}") from None
    records: list[dict[str, Any]] = []
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last newline was cut off, or is nothing
        try:
            records.append(json.loads(line))
        except ValueError:
            raise StateError(
                f"{path}, line {number}, is damaged; restore it, or move it away to go on without"
            ) from None
    return records


def _apply(fold: Fold, record: dict[str, Any], unseal: Unseal) -> None:
    entry = record.get("resource")
    resource = checkpoint.decode_resource(entry, unseal) if entry is not None else None
    match record["record"]:
        case "begin":
            if resource is None:
                raise KeyError("resource")
            fold.begin(record["token"], PendingOperation(record["type"], resource))
        case "end" | "put":
            if "token" in record:
                fold.end(record["token"])
            if record.get("same"):
                resource = fold.slots[record["old"]]
            fold.put(record.get("new"), resource, record.get("old"))
        case "rename":
            fold.rename(record["old"], record["new"])
        case "clear":
            fold.clear(record["urn"])
        case "saved":
            pass  # the state was about to be written, and was not
        case other:
            raise KeyError(other)
