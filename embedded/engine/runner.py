"""The child process that runs a program on disk. Started by path, with the Python that runs the engine.

    runner.py --monitor ADDR --engine ADDR --project P --stack S --root_directory DIR --pwd DIR --dry_run true|false
              --parallel N --organization ORG [--debug] [--lifeline FD] PROGRAM

Config comes in PULUMI_CONFIG and PULUMI_CONFIG_SECRET_KEYS (engine-contract §2.1). Exit codes: 33 done, 32 the program
failed and has said why, 1 the engine ended the run. Any other, 0 included, means that the program ended its process. It
imports nothing of the engine: whatever the program does to its process stays here, and sys.path is the program's own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import linecache
import logging
import os
import runpy
import signal
import sys
import threading
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi import log
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime import stack as sdk_end
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

DONE = 33
BAIL = 32


class QuietEngine:
    """The Engine service without the round trips of debug messages, several a resource, that nobody would see."""

    def __init__(self, address: str, debug: bool) -> None:
        channel = grpc.insecure_channel(address, options=_GRPC_CHANNEL_OPTIONS)  # type: ignore[no-untyped-call]
        self._stub = engine_pb2_grpc.EngineStub(channel)
        self._debug = debug
        self.RequirePulumiVersion = self._stub.RequirePulumiVersion
        self.GetRootResource = self._stub.GetRootResource
        self.SetRootResource = self._stub.SetRootResource

    def Log(self, request: engine_pb2.LogRequest) -> object:
        """Send a message unless it is one for debugging."""
        if request.severity == engine_pb2.DEBUG and not self._debug:
            return empty_pb2.Empty()  # type: ignore[attr-defined]
        return self._stub.Log(request)


def main() -> int:
    """Run the program; returns the exit code."""
    args = _parse()
    if args.lifeline >= 0:
        threading.Thread(target=_die_with_parent, args=(args.lifeline,), daemon=True).start()
    set_all_config(get_config_env(), get_config_secret_keys_env())
    configure(
        Settings(
            monitor=args.monitor,
            engine=QuietEngine(args.engine, args.debug),
            project=args.project,
            stack=args.stack,
            parallel=args.parallel,
            dry_run=args.dry_run == "true",
            organization=args.organization,
            root_directory=args.root_directory,
        )
    )
    # The SDK takes a stack trace for every resource, and each looks at every source file on the disk again.
    linecache.checkcache = lambda filename=None: None  # noqa: ARG005
    os.chdir(args.pwd)
    sys.argv = [args.program]
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=max(args.parallel, 1) * 4))
    code = BAIL
    try:
        code = _run(loop, args.program)
        return code
    finally:
        if code != DONE:  # what the program did not come to is no news beside the error that stopped it
            warnings.filterwarnings("ignore", message="coroutine .* was never awaited")
        _close(loop)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("monitor", "engine", "project", "stack", "root_directory", "pwd", "dry_run", "organization"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("--lifeline", type=int, default=-1)
    parser.add_argument("--debug", action="store_true")
    parser.add_argument("program")
    return parser.parse_args()


class _WaitsOnce:
    """asyncio as the SDK's end of a program sees it: waiting for many tasks costs one pass, not one for each that ends.

    The SDK waits for the first of all outstanding outputs, and then again for the rest: with n outputs that is n² callbacks,
    10 of 19 ms a resource at 1,000. All must end anyway, and the first that fails still ends the waiting.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def wait(tasks: Any, **_how: Any) -> Any:
        return await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)


def _run(loop: asyncio.AbstractEventLoop, program: str) -> int:
    sdk_end.asyncio = _WaitsOnce()  # type: ignore[assignment, attr-defined]

    def run() -> None:
        runpy.run_path(program, run_name="__main__")

    try:
        loop.run_until_complete(run_in_stack(run))
    except pulumi.RunError as error:
        log.error(str(error))
        return BAIL
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.UNAVAILABLE:  # type: ignore[attr-defined]
            return 1  # the engine has ended the run and says why itself
        log.error(f"Program failed with an unhandled exception:\n{_traceback(error)}")
        return BAIL
    except BaseException as error:  # whatever ends the program, SystemExit included, is told
        if isinstance(error, SystemExit) and not error.code:
            return DONE
        log.error(f"Program failed with an unhandled exception:\n{_traceback(error)}")
        return BAIL
    return DONE


def _traceback(error: BaseException) -> str:
    """The traceback from the program's first own frame on; a program that cannot be parsed has none."""
    frames = traceback.extract_tb(error.__traceback__)
    runtime = (os.path.dirname(pulumi.__file__), os.path.dirname(runpy.__file__), __file__, "<frozen")
    first = next((i for i, frame in enumerate(frames) if not frame.filename.startswith(runtime)), 0)
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error))
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames[first:])]
    return "".join([*lines, *traceback.format_exception_only(error)])


def _close(loop: asyncio.AbstractEventLoop) -> None:
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            loop.run_until_complete(task)
    loop.close()
    sys.stdout.flush()
    sys.stderr.flush()


def _die_with_parent(lifeline: int) -> None:
    """Wait on a pipe that only the engine holds open; when it closes the engine is gone, and so is this process group."""
    with contextlib.suppress(OSError):
        while os.read(lifeline, 1):
            pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    code = main()
    os._exit(code)  # threads of the program must not keep the run waiting
