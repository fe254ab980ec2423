"""Background servers by process id: started detached, recognised by start time, stopped one by one.

A process id alone is not an identity: the system gives it to somebody else later. A record therefore also holds the
boot's id and the process's start time (field 22 of /proc/PID/stat, in clock ticks since boot), and a process whose
start time differs is not ours and is never signalled.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from embedded.services.errors import ServicesError
from embedded.services.files import write_private

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_POLL_SECONDS = 0.05
# Popen complains when it is collected while its child lives on, which is what a background server does.
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class Process:
    """One server process: its id, when it started (clock ticks since boot), and in which boot."""

    pid: int
    started: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The identity of a live process by its id; None when there is none, or only its zombie."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # the command name is in parentheses and may hold anything, so fields are counted from the last one
        fields = stat[stat.rindex(")") + 2 :].split()
        if fields[0] in "ZX":
            return None
        return cls(pid=pid, started=int(fields[19]), boot=_BOOT_ID.read_text().strip())

    def alive(self) -> bool:
        """Whether this very process still runs (a new process under the same id is another one)."""
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        return Process.of(self.pid) == self

    def stop(self, how: signal.Signals, patience: float) -> None:
        """Send `how`, wait up to `patience` seconds, then SIGKILL; nothing happens when it is not running."""
        for signal_number in (how, signal.SIGKILL):
            if not self.alive():
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal_number)
            deadline = time.monotonic() + patience
            while self.alive() and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
        if self.alive():
            raise ServicesError(f"process {self.pid} does not end, not even by SIGKILL: look at it with ps")


@dataclass(frozen=True, slots=True)
class Server:
    """One background server: where its record and log are, and how it is asked to stop."""

    name: str
    home: Path
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 30.0

    @property
    def log(self) -> Path:
        """The file that takes the server's standard output and error."""
        return self.home / "logs" / f"{self.name}.log"

    @property
    def _record(self) -> Path:
        return self.home / "run" / f"{self.name}.json"

    def process(self) -> Process | None:
        """The running process of this server, or None; a record of a process that is gone counts as none."""
        try:
            recorded = Process(**json.loads(self._record.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return recorded if recorded.alive() else None

    def start(
        self, command: list[str], environment: dict[str, str] | None = None, user: tuple[int, int] | None = None
    ) -> Process:
        """Start `command` in a session of its own and record it; `user` is (uid, gid) to run as, when root.

        Nothing secret may be in `command`: arguments can be read by every user of the machine.
        """
        for folder in (self.log.parent, self._record.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.log.chmod(0o600)
            try:
                child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    cwd="/",
                    env={**_base_environment(), **(environment or {})},
                    user=user[0] if user else None,
                    group=user[1] if user else None,
                    extra_groups=[] if user else None,
                )
            except OSError as error:
                raise ServicesError(f"{self.name}: cannot start {command[0]}: {error.strerror or error}") from error
        _started.append(child)
        process = Process.of(child.pid)
        if process is None:
            raise ServicesError(f"{self.name} ended at once: {self.last_words()}")
        write_private(self._record, json.dumps(asdict(process)) + "\n")
        return process

    def stop(self) -> bool:
        """Stop the server when it runs; True when there was one. Only the recorded process is signalled."""
        process = self.process()
        if process is not None:
            process.stop(self.stop_signal, self.patience)
        self._record.unlink(missing_ok=True)
        return process is not None

    def last_words(self, lines: int = 3) -> str:
        """The last lines of the log, as one line, and where the log is."""
        try:
            tail = self.log.read_text(errors="replace").strip().splitlines()[-lines:]
        except FileNotFoundError:
            tail = []
        return f"{' | '.join(line.strip()[:300] for line in tail) or 'it said nothing'} (log: {self.log})"


def _base_environment() -> dict[str, str]:
    """What a server inherits: no configuration of the caller's shell, so that a run is the same from anywhere."""
    kept = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ}
