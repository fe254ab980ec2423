"""Starts the program: as a child process, or by handing over to an inline program's server (engine-contract §1.6, §2.1)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from embedded.engine.errors import EngineError
from embedded.engine.program_output import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import BufferedReader

DONE = 33
"""Exit code of the runner when the program came to its end: a program that ends its own process cannot mean that."""
BAIL = 32
"""Exit code of a program that has said itself what went wrong."""

_RUNNER = Path(__file__).with_name("runner.py")
_CONNECT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ProgramSpec:
    """Everything a program is started with."""

    project: str
    stack: str
    root: str
    pwd: str
    entry_point: str
    monitor: str
    engine: str
    config: Mapping[str, str]
    secret_keys: tuple[str, ...]
    dry: bool
    parallel: int
    env: Mapping[str, str]
    debug: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended; `error` "" when well, `told` when it has said itself what went wrong."""

    ok: bool
    error: str = ""
    told: bool = False


class Program(Protocol):
    """A program under way."""

    def wait(self) -> Outcome:
        """Return when it has ended."""

    def kill(self) -> None:
        """End it now."""


class InlineProgram:
    """A function of the caller's process, behind the LanguageRuntime service that the SDK serves for it."""

    def __init__(self, address: str, spec: ProgramSpec) -> None:
        self._channel = grpc.insecure_channel(address, options=_GRPC_CHANNEL_OPTIONS)  # type: ignore[no-untyped-call]
        stub = language_pb2_grpc.LanguageRuntimeStub(self._channel)
        info = language_pb2.ProgramInfo(
            root_directory=spec.root, program_directory=spec.pwd, entry_point=spec.entry_point
        )
        try:
            stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=info), timeout=_CONNECT_SECONDS)
        except grpc.RpcError as error:
            self._channel.close()
            raise EngineError(f"the inline program's server at {address} does not answer: {_details(error)}") from error
        self._call: Any = stub.Run.future(  # type: ignore[no-untyped-call]
            language_pb2.RunRequest(
                project=spec.project,
                stack=spec.stack,
                pwd=spec.pwd,
                program=spec.entry_point,
                args=[spec.engine],
                config=spec.config,
                configSecretKeys=list(spec.secret_keys),
                dryRun=spec.dry,
                parallel=spec.parallel,
                monitor_address=spec.monitor,
                organization="organization",
                info=info,
            )
        )

    def wait(self) -> Outcome:
        """Return when `Run` has returned."""
        try:
            response = self._call.result()
        except (grpc.RpcError, grpc.FutureCancelledError) as error:
            return Outcome(ok=False, error=f"the inline program's server went away: {_details(error)}")
        finally:
            self._channel.close()
        return Outcome(ok=not response.error and not response.bail, error=response.error, told=response.bail)

    def kill(self) -> None:
        """Stop waiting for it. Its thread belongs to the caller; what it registers from now on is refused."""
        self._call.cancel()


class ChildProgram:
    """A process that runs a program on disk, in a process group of its own that dies with this process."""

    def __init__(self, spec: ProgramSpec, say: Callable[[str, str], None]) -> None:
        """`say(severity, line)` takes what the program prints: `info`, or `info#err` for stderr.

        Raises EngineError when the program's folder cannot be entered.
        """
        reader, self._lifeline = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-u", "-P", str(_RUNNER), *_arguments(spec, reader)],
                cwd=spec.pwd,
                env=_environment(spec),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(reader,),
                process_group=0,
            )
        except OSError as error:
            os.close(self._lifeline)
            raise EngineError(f"the program in {spec.pwd} cannot be started: {error.strerror}") from error
        finally:
            os.close(reader)
        streams = ((self._process.stdout, "info"), (self._process.stderr, "info#err"))
        self._readers = [follow(cast("BufferedReader", stream), partial(say, severity)) for stream, severity in streams]

    def wait(self) -> Outcome:
        """Return when the process has ended and everything it printed was told."""
        code = self._process.wait()
        for reader in self._readers:
            reader.join(timeout=5)  # a grandchild may hold the pipe open
        os.close(self._lifeline)
        if code == DONE:
            return Outcome(ok=True)
        if code == BAIL:
            return Outcome(ok=False, told=True)
        return Outcome(ok=False, error=_ending(code))

    def kill(self) -> None:
        """End the whole process group."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)


def _ending(code: int) -> str:
    """How a program's process ended before the program did."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"the program was ended by {name}"
    if code == 0:
        return "the program ended its process (exit code 0) before it was finished; nothing is deleted after that"
    return f"program exited with non-zero exit code: {code}"


def _details(error: Exception) -> str:
    details = error.details() if isinstance(error, grpc.Call) else str(error)  # type: ignore[no-untyped-call]
    return str(details or "cancelled")


def _arguments(spec: ProgramSpec, lifeline: int) -> list[str]:
    given = {
        "monitor": spec.monitor,
        "engine": spec.engine,
        "project": spec.project,
        "stack": spec.stack,
        "root_directory": spec.root,
        "pwd": spec.pwd,
        "dry_run": "true" if spec.dry else "false",
        "parallel": str(spec.parallel),
        "organization": "organization",
        "lifeline": str(lifeline),
    }
    return [
        *(f"--{name}={value}" for name, value in given.items()),
        *(["--debug"] if spec.debug else []),
        "--",
        spec.entry_point,
    ]


def _environment(spec: ProgramSpec) -> dict[str, str]:
    """The command's environment; config travels here because arguments are visible to every user of the machine."""
    config = json.dumps(dict(spec.config), ensure_ascii=False)
    return {**spec.env, "PULUMI_CONFIG": config, "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(spec.secret_keys))}
