"""Runs one command: arguments, environment, deadline, and what it said. Knows nothing of resources."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from embedded.engine.failures import ProviderFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHELL = ("/bin/sh", "-c")
_SHOWN = 300
_QUIET_SECONDS = 2.0
"""How long nothing may come, after a command's end, until its output counts as complete."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to run. `text` is handed to the interpreter as its last argument."""

    text: str = field(repr=False)
    interpreter: tuple[str, ...] = SHELL
    folder: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    stdin: str = field(default="", repr=False)
    hidden: bool = False
    """Whether command and output hold secrets, so that no message may quote them."""


_GROUPS: set[int] = set()
"""The process groups of all commands that run in this process."""


def kill_all() -> None:
    """Kill every command of this process, which is about to end at once. May be called from a signal handler."""
    for pid in tuple(_GROUPS):
        _kill(pid)


class Runner:
    """Runs commands and can end all of them. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._ended = False

    def run(self, order: Order, seconds: float, heard: Callable[[str, str], None]) -> tuple[str, str]:
        """Run a command; returns (stdout, stderr), each without its last newline.

        `heard(stream, line)` gets every line as it comes, stream being "stdout" or "stderr". Raises ProviderFailed when
        it cannot be started, fails, or does not end in time; it is killed then, with what it has started.
        """
        child = self._start(order)
        lines: dict[str, list[str]] = {"stdout": [], "stderr": []}
        threads = [
            threading.Thread(target=_listen, args=(stream, name, lines[name], heard), daemon=True)
            for name, stream in (("stdout", child.stdout), ("stderr", child.stderr))
            if stream is not None
        ]
        for thread in threads:
            thread.start()
        threading.Thread(target=_feed, args=(child.stdin, order.stdin), daemon=True).start()
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            _kill(child.pid)
            child.wait()
            raise ProviderFailed(
                f"{_name(order)} did not end within {seconds:g} s and was killed; what it has done is not known"
            ) from None
        finally:
            with self._lock:
                self._running.discard(child.pid)
                _GROUPS.discard(child.pid)
        for thread in threads:
            _drain(thread, lines)
        said = {name: "".join(parts) for name, parts in lines.items()}
        if code != 0:
            raise ProviderFailed(_failure(order, code, said))
        return said["stdout"].removesuffix("\n"), said["stderr"].removesuffix("\n")

    def end(self) -> None:
        """Kill what runs, and start nothing any more."""
        with self._lock:
            self._ended = True
            running = list(self._running)
        for pid in running:
            _kill(pid)

    def _start(self, order: Order) -> subprocess.Popen[str]:
        if order.folder and not Path(order.folder).is_dir():
            raise ProviderFailed(f"{_name(order)} cannot run in {order.folder}: it is no folder; correct `dir`")
        with self._lock:
            if self._ended:
                raise ProviderFailed(f"{_name(order)} was not started: the run was given up")
            try:
                child = subprocess.Popen(
                    [*order.interpreter, order.text],
                    cwd=order.folder or None,
                    env={**os.environ, **order.environment},
                    stdin=subprocess.PIPE if order.stdin else subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    encoding="utf-8",
                    errors="replace",
                    start_new_session=True,
                )
            except OSError as error:
                program = order.interpreter[0] if order.interpreter else ""
                raise ProviderFailed(
                    f"{_name(order)} cannot be started with {program!r}: {error.strerror}; correct `interpreter`"
                ) from None
            except ValueError as error:  # a null byte in an argument or in the environment
                raise ProviderFailed(f"{_name(order)} cannot be started: {error}") from None
            self._running.add(child.pid)
            _GROUPS.add(child.pid)
        return child


def _listen(stream: IO[str], name: str, lines: list[str], heard: Callable[[str, str], None]) -> None:
    for line in stream:
        lines.append(line)
        heard(name, line.rstrip("\n"))


def _drain(thread: threading.Thread, lines: Mapping[str, list[str]]) -> None:
    """Wait for the rest of the output; a process left in the background may hold the pipe open for ever."""
    seen = -1
    while thread.is_alive() and seen != (now := sum(map(len, lines.values()))):
        seen = now
        thread.join(_QUIET_SECONDS)


def _feed(stream: IO[str] | None, text: str) -> None:
    if stream is not None:
        with contextlib.suppress(BrokenPipeError):  # a command need not read its input
            stream.write(text)
            stream.close()


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _name(order: Order) -> str:
    return "the command" if order.hidden else f"the command {_cut(order.text)!r}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _failure(order: Order, code: int, said: Mapping[str, str]) -> str:
    ended = f"ended by signal {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    if order.hidden:
        return f"the command {ended}; its output is not shown, since its inputs hold secrets"
    last = (said["stderr"].strip() or said["stdout"].strip()).splitlines()[-1:]
    return f"{_name(order)} {ended}" + (f": {_cut(last[0].strip())}" if last else "; it printed nothing")
