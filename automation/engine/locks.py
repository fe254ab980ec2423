"""What a killed run leaves behind: the stack's lock, and operations that the state calls pending.

A lock is cleared only where its process is known to be gone: it ran on this very host, and no process
of that id, started before the lock was taken, is left. Any other lock is its holder's.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automation.engine import folder_backend
from automation.engine.messages import Holder, LockedBy
from automation.engine.processes import Process, running
from automation.engine.project import PROJECT
from automation.engine.state import deployment
from automation.engine.state.recorded import PendingOperation
from providers.errors import EngineError, StackLocked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from automation.engine.state.recorded import Recorded
    from automation.engine.workspace import Workspace

# Names that more than one machine may have: on a shared backend they say nothing about where a process ran.
_ANYBODY = frozenset({"localhost", "localhost.localdomain", ""})

_CLI = "pulumi"

# CRs named in a note; the rest are counted.
_NAMED = 8


def clearing_stale_lock[T](workspace: Workspace, fabric: str, run: Callable[[], T]) -> tuple[T, str]:
    """What `run` returns, and a note where a dead run's lock had to be cleared for it, else "".

    `run` is called again after that, so it must not have begun anything when it raises StackLocked.
    Of several hhsync on this host one clears the lock; none ever clears a lock of a run that lives.

    Raises:
        StackLocked: a run holds the stack that lives, or that is another host's.
    """
    note = _clear_in_folder(workspace, fabric)
    try:
        return run(), note
    except LockedBy as error:
        if not _all_gone(error.holders, workspace.backend):
            raise
        found = error.holders
    with _alone(workspace.backend, fabric) as alone:
        if not alone:
            raise StackLocked(
                f"another hhsync on this host takes over stack {fabric} from a run that is gone; wait until it ends"
            )
        # What was seen may be over: another hhsync may have cleared it, and its own run may hold the stack now.
        try:
            return run(), ""
        except LockedBy as error:
            if error.holders != found:
                raise
        workspace.cancel(fabric)
    return run(), _cleared(found)


def _clear_in_folder(workspace: Workspace, fabric: str) -> str:
    """Clear locks that are files and whose runs are gone, without a run that has to fail on them first."""
    seen = _in_folder(workspace, fabric)
    if not _all_gone(seen, workspace.backend):
        return ""
    with _alone(workspace.backend, fabric) as alone:
        if not alone or _in_folder(workspace, fabric) != seen:
            return ""
        workspace.cancel(fabric)
    return _cleared(seen)


def _in_folder(workspace: Workspace, fabric: str) -> tuple[Holder, ...]:
    """The holders of a stack whose locks are files, read without asking the CLI; () where there are none."""
    folder = workspace.backend_folder
    found = folder_backend.locks(folder, PROJECT, fabric) if folder else []
    with contextlib.suppress(KeyError, ValueError, TypeError):
        return tuple(
            Holder(str(one["username"]), str(one["hostname"]), int(one["pid"]), str(one["timestamp"])) for one in found
        )
    return ()


def _cleared(holders: tuple[Holder, ...]) -> str:
    return f"cleared the lock of a run that is gone: {'; '.join(map(str, holders))}"


def _all_gone(holders: tuple[Holder, ...], backend: str) -> bool:
    return bool(holders) and all(
        is_gone(holder, backend, socket.gethostname(), running(holder.pid)) for holder in holders
    )


def is_gone(holder: Holder, backend: str, host: str, process: Process | None) -> bool:
    """Whether a lock's holder is known to be gone. Pure.

    Args:
        holder: who took the lock.
        backend: the backend's URL.
        host: this machine's name.
        process: what has the holder's process id on this machine now, None where nothing has.
    """
    if holder.host != host or (host in _ANYBODY and not backend.startswith("file:")):
        return False
    if process is None or process.is_zombie:
        return True
    try:
        since = datetime.fromisoformat(holder.since).timestamp()
    except ValueError:
        return False
    # A clock that was set since makes a living process look younger than its lock: so a CLI is never taken for gone.
    return process.started > since + 1 and not process.name.startswith(_CLI)


@contextlib.contextmanager
def _alone(backend: str, fabric: str) -> Iterator[bool]:
    """Whether this process is the only one on this host, of any user and clone, that clears this stack's lock."""
    name = hashlib.sha256(f"{backend}\n{fabric}".encode()).hexdigest()[:24]
    path = Path(tempfile.gettempdir()) / f"hhsync-{name}.lock"
    try:
        descriptor = _opened(path)
    except OSError as error:
        raise EngineError(f"{path} cannot be opened, which guards the stack's lock: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    flags = os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags | os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:  # another user's, which is enough to lock it
        return os.open(path, flags | os.O_RDONLY)


def clear_pending(workspace: Workspace, fabric: str, recorded: Recorded) -> str:
    """Take the operations out of the state that a killed CLI left pending; a note that names their resources, or "".

    Nothing is lost with them: the plan is made from what the servers have, a create adopts what
    carries our label, an update writes what differs, and a delete takes "gone" for done. The engine
    itself keeps a pending create for good, however many runs follow.

    Raises:
        StackLocked, EngineError: another run holds the stack or has written its state since, or it could not be written.
    """
    if not recorded.pending:
        return ""
    with tempfile.TemporaryDirectory(prefix="hhsync-") as folder:
        path = Path(folder) / "state.json"
        workspace.export(fabric, path)
        # The state that is written back is the one that was read, checked and planned on, or none.
        with path.open(encoding="utf-8") as file:
            if _fingerprint(file) != (recorded.saved_at, recorded.pending):
                raise StackLocked(
                    f"another run wrote the state of stack {fabric} in the meantime; repeat this when it is done"
                )
        workspace.import_(fabric, path)
    return f"resolved what a killed run left unfinished: {_named(recorded.pending)}"


def _fingerprint(file: Any) -> tuple[str, tuple[PendingOperation, ...]]:
    saved_at, pending = "", []
    for key, value in deployment.entries(file):
        if key == "manifest":
            saved_at = str(value.get("time", ""))
        elif key == deployment.OPERATION:
            pending.append(PendingOperation(value["resource"]["urn"], str(value.get("type", ""))))
    return saved_at, tuple(pending)


def _named(pending: tuple[PendingOperation, ...]) -> str:
    texts = [f"{one.operation} {one.name}" for one in pending[:_NAMED]]
    more = len(pending) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")
