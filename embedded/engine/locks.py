"""The lock of a stack: one file per holder, understood by the CLI (engine-contract §5.6).

The file's presence is the lock. Ours are also held open with `flock`, which ends with the process: a lock that a killed
process of ours left on this machine is recognised by that, for certain, and taken away. A lock of the CLI, or of
another machine, is never taken away; `pulumi cancel` does it.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from embedded.engine.errors import StackLocked, StateError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

MARK = "flock"
"""Key of our lock files: the holder has a `flock` on the file for as long as it lives."""


class StackLock:
    """A context manager: inside, this process holds the stack. `warn` is told of every dead lock that was removed."""

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self._folder = folder
        self._warn = warn
        self._path = folder / f"{uuid.uuid4()}.json"
        self._descriptor = -1

    def __enter__(self) -> StackLock:
        """Raises StackLocked when another holder is there, StateError when the file cannot be written."""
        self._refuse_others()
        try:
            self._create()
        except OSError as error:
            raise StateError(f"could not write the lock {self._path}: {error.strerror}") from None
        try:
            self._refuse_others()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def _create(self) -> None:
        """Write and flock the file under another name first, so that nobody ever sees it unlocked."""
        self._folder.mkdir(parents=True, exist_ok=True)
        content = {
            "pid": os.getpid(),
            "username": user_name(),
            "hostname": socket.gethostname(),
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            MARK: True,
        }
        hidden = self._folder.parent / f".{self._path.name}.tmp"
        self._descriptor = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        os.write(self._descriptor, json.dumps(content).encode())
        os.rename(hidden, self._path)

    def _release(self) -> None:
        self._path.unlink(missing_ok=True)
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _refuse_others(self) -> None:
        holders = [path for path in lock_files(self._folder) if path != self._path and not self._removed_as_dead(path)]
        if holders:
            raise StackLocked([_describe(path) for path in holders])

    def _removed_as_dead(self, path: Path) -> bool:
        content = _read(path)
        if content is None:
            return True
        if not content.get(MARK) or content.get("hostname") != socket.gethostname():
            return False
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            path.unlink(missing_ok=True)
            self._warn(f"warning: removed the lock of process {content.get('pid')}, which ended without releasing it")
            return True
        finally:
            os.close(descriptor)


def lock_files(folder: Path) -> list[Path]:
    """The locks in a stack's lock folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".attrs")
    except FileNotFoundError:
        return []


def cancel(folder: Path) -> int:
    """Delete every lock of a stack, whoever holds it. Returns how many there were."""
    files = lock_files(folder)
    for path in files:
        path.unlink(missing_ok=True)
    return len(files)


def user_name() -> str:
    """The account's name, or its number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _read(path: Path) -> dict[str, Any] | None:
    """A lock's content; empty when it is unreadable, None when it is gone by now."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _describe(path: Path) -> str:
    content = _read(path) or {}
    user, host, pid, time = (content.get(key, "?") for key in ("username", "hostname", "pid", "timestamp"))
    return f"file://{path}: created by {user}@{host} (pid {pid}) at {time}"
