"""Pulumi's language host for Python programs, for machines that have the CLI and not Pulumi's own `pulumi-language-python`.

The CLI starts it (`pulumi-language-python ENGINE_ADDRESS`), reads the port of its LanguageRuntime service from its first line
of output, and calls Run, which runs the program in a process of its own: whatever a program does to its process stays there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import runpy
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pulumi
from pulumi import log
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

# Seconds between two looks whether the CLI is still there.
_LOOK_S = 1.0

# Exit code of a program that has reported to the engine itself what went wrong; the same as in Pulumi's own host.
_TOLD = 32


class _Host(language_pb2_grpc.LanguageRuntimeServicer):
    """The part of the service that a run needs; the CLI takes "unimplemented" for an answer in the rest."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def Handshake(self, request: Any, _context: Any) -> Any:
        """Learn the engine's address, which newer CLIs send here instead of as an argument."""
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        """The version: none of its own."""
        return plugin_pb2.PluginInfo(version=pulumi.__version__ if hasattr(pulumi, "__version__") else "")

    def GetRequiredPackages(self, _request: Any, _context: Any) -> Any:
        """No plugin before the program asks for it."""
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, _request: Any, _context: Any) -> Any:
        """No plugin before the program asks for it, for older CLIs."""
        return language_pb2.GetRequiredPluginsResponse()

    def About(self, _request: Any, _context: Any) -> Any:
        """Which Python runs programs."""
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def Run(self, request: Any, _context: Any) -> Any:
        """Run a program to its end."""
        facts = {
            "program": str(Path(request.info.program_directory or request.pwd, request.info.entry_point or ".")),
            "root": request.info.root_directory or request.pwd,
            "pwd": request.info.program_directory or request.pwd,
            "config": dict(request.config),
            "secrets": list(request.configSecretKeys),
            "settings": {
                "project": request.project,
                "stack": request.stack,
                "parallel": request.parallel,
                "dry_run": request.dryRun,
                "monitor": request.monitor_address,
                "engine": self._engine,
                "organization": request.organization or "organization",
            },
        }
        # Config may hold secrets, so that it goes by a pipe and not by arguments or environment.
        child = subprocess.run(
            [sys.executable, "-u", "-m", "embedded.language_host", "--run"],
            input=json.dumps(facts),
            text=True,
            check=False,
        )
        if child.returncode in (0, _TOLD):
            return language_pb2.RunResponse(bail=child.returncode == _TOLD)
        return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {child.returncode}")


def serve(engine: str) -> None:
    """Serve until the CLI ends this process, or is gone itself: one that was killed ends nobody."""
    cli = os.getppid()
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=_GRPC_CHANNEL_OPTIONS)  # type: ignore[no-untyped-call]
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_Host(engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while os.getppid() == cli:
        time.sleep(_LOOK_S)


def run(facts: dict[str, Any]) -> int:
    """Run the program that `facts` describe in this process; returns its exit code."""
    set_all_config(facts["config"], facts["secrets"])
    configure(Settings(**facts["settings"], root_directory=facts["root"]))
    os.chdir(facts["pwd"])
    sys.path.insert(0, facts["program"] if Path(facts["program"]).is_dir() else str(Path(facts["program"]).parent))
    sys.argv = [facts["program"]]
    loop = asyncio.new_event_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=max(facts["settings"]["parallel"], 1) * 4))
    try:
        loop.run_until_complete(run_in_stack(lambda: _program(facts["program"])))
    except pulumi.RunError as error:
        log.error(str(error))
        return _TOLD
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.UNAVAILABLE:  # type: ignore[attr-defined]
            return 1  # the engine has ended the run and says why itself
        log.error(f"Program failed with an unhandled exception:\n{traceback.format_exc()}")
        return _TOLD
    except BaseException as error:  # whatever ends the program, SystemExit included, is reported
        if isinstance(error, SystemExit) and not error.code:
            return 0
        log.error(f"Program failed with an unhandled exception:\n{traceback.format_exc()}")
        return _TOLD
    return 0


def _program(path: str) -> None:
    runpy.run_path(path, run_name="__main__")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        try:
            code = run(json.load(sys.stdin))
        except KeyboardInterrupt:  # the CLI ends its children so, and says why itself
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # threads of the program must not keep the run waiting
    with contextlib.suppress(KeyboardInterrupt):
        serve(sys.argv[-1] if len(sys.argv) > 1 else "")
