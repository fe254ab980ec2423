"""What earlier runs found out, kept in the cache folder: JSON values by space and key. Losing it costs time and nothing else.

One SQLite file for all repositories, safe for processes side by side. Every value carries a checksum over its place and
content, and a value that does not fit it, like a file that is no database, counts as never stored. Nothing here raises.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import sqlite3
import time
import zlib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

# Bytes that the file may have after a write; beyond it what was not used for longest goes, down to half.
# Seconds to wait for a process that writes; then the run goes on without the store.
LIMIT_BYTES = 256 * 1024 * 1024

_PATIENCE = 5.0
_PACKED_FROM = 16 * 1024
_DAY = 86_400
_AT_ONCE = 500
_TABLE = """
create table if not exists entries (
  space text not null, key text not null, value blob not null, checksum blob not null, used integer not null,
  primary key (space, key)) without rowid
"""


class Store:
    """The store in one file; `limit` is its size in bytes."""

    def __init__(self, file: Path, limit: int = LIMIT_BYTES) -> None:
        self._file = file
        self._limit = limit

    def get(self, space: str, keys: Collection[str]) -> dict[str, Any]:
        """The values that are stored for these keys; what is missing or damaged is left out."""
        found: dict[str, Any] = {}
        self._try(lambda connection: _read(connection, space, keys, found))
        return found

    def put(self, space: str, values: Mapping[str, Any]) -> None:
        """Keep these values (JSON), in place of what the keys had."""
        if values:
            rows = [(space, key, *_closed(space, key, value), _today()) for key, value in values.items()]
            self._try(lambda connection: self._write(connection, rows))

    def _write(self, connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        with connection:
            connection.executemany("insert or replace into entries values (?, ?, ?, ?, ?)", rows)
            self._shrink(connection)

    def _shrink(self, connection: sqlite3.Connection) -> None:
        total = connection.execute("select coalesce(sum(length(value)), 0) from entries").fetchone()[0]
        if total <= self._limit:
            return
        rows = connection.execute("select space, key, length(value) from entries order by used, space, key").fetchall()
        for space, key, size in rows:
            connection.execute("delete from entries where space = ? and key = ?", (space, key))
            total -= size
            if total <= self._limit // 2:
                return

    def _try(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do something with a connection; where that fails this run goes without, and a file that is damaged goes."""
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self._file, timeout=_PATIENCE)) as connection:
                connection.execute("pragma auto_vacuum = full")
                connection.execute(_TABLE)
                work(connection)
        except sqlite3.OperationalError:  # busy, read-only or no space
            return
        except sqlite3.DatabaseError:  # no database, or damaged
            self._throw_away()
        except OSError:
            return

    def _throw_away(self) -> None:
        for end in ("", "-journal"):
            with contextlib.suppress(OSError):
                self._file.with_name(self._file.name + end).unlink()


@functools.cache
def code_key() -> str:
    """A hash of the code and the libraries that decide what a document means: another version finds nothing of this one's."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[2]
    code = (root / "gitops").rglob("*.py"), (root / "providers" / "core").rglob("*.py")
    folders = (*code, (root / "hedgehog").glob("profiles.*"))
    for file in sorted(file for folder in folders for file in folder):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    for library in ("PyYAML", "jsonschema-rs"):
        digest.update(f"{library} {metadata.version(library)}\n".encode())
    return digest.hexdigest()[:32]


def _closed(space: str, key: str, value: Any) -> tuple[bytes, bytes]:
    text = json.dumps(value, separators=(",", ":")).encode()
    packed = b"z" + zlib.compress(text, 1) if len(text) > _PACKED_FROM else b"j" + text
    return packed, _checksum(space, key, packed)


def _opened(space: str, key: str, packed: bytes, checksum: bytes) -> Any:
    if not isinstance(packed, bytes) or checksum != _checksum(space, key, packed):
        raise ValueError("damaged")
    return json.loads(zlib.decompress(packed[1:]) if packed[:1] == b"z" else packed[1:])


def _checksum(space: str, key: str, packed: bytes) -> bytes:
    return hashlib.blake2b(f"{space}\0{key}\0".encode() + packed, digest_size=8).digest()


def _read(connection: sqlite3.Connection, space: str, keys: Collection[str], found: dict[str, Any]) -> None:
    stale = False
    every, today = list(keys), _today()
    for start in range(0, len(every), _AT_ONCE):
        some = every[start : start + _AT_ONCE]
        marks = ",".join("?" * len(some))
        rows = connection.execute(
            f"select key, value, checksum, used from entries where space = ? and key in ({marks})",  # noqa: S608
            (space, *some),
        )
        for key, value, checksum, used in rows:
            with contextlib.suppress(ValueError, zlib.error):
                found[key] = _opened(space, key, value, checksum)
                stale = stale or used < today
    if stale:  # once a day
        with connection:
            connection.executemany(
                "update entries set used = ? where space = ? and key = ?", [(today, space, key) for key in found]
            )


def _today() -> int:
    return int(time.time()) // _DAY
