"""An engine at the SDK's seam: it answers commands from a script and streams given events, as the contract has it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from pulumi.runtime.proto import events_pb2, events_pb2_grpc
from semver import VersionInfo

from automation.engine.cli import Engine
from automation.engine.info import EngineInfo
from automation.engine.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HISTORY = json.dumps(
    [
        {
            "kind": "update",
            "startTime": "2026-11-21T10:00:00.000Z",
            "message": "",
            "environment": {},
            "config": {},
            "result": "succeeded",
            "version": 0,
        }
    ]
)


@dataclass
class FakeCommand(PulumiCommand):
    """`events` are streamed by preview, up and destroy; `config` is the stack's; `failure` is stderr of a failed run.

    `nonsense` is printed in place of config.
    """

    events: Sequence[Mapping[str, Any]] = ()
    config: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    stacks: list[str] = field(default_factory=lambda: ["fabric-1"])
    failure: str = ""
    nonsense: str | None = None
    deployment: Mapping[str, Any] = field(default_factory=dict)
    runs: list[tuple[list[str], dict[str, str]]] = field(default_factory=list)
    command: str = "fake"
    version: VersionInfo = field(default_factory=lambda: VersionInfo(3, 272, 0))

    def run(self, args, cwd, additional_env, on_output=None, on_error=None):
        args = list(args)
        self.runs.append((args, dict(additional_env)))
        answer, stderr = self._answer(args)
        result = CommandResult(stdout=answer, stderr=stderr, code=1 if stderr else 0)
        if stderr:
            raise create_command_error(result)
        return result

    def _answer(self, args: list[str]) -> tuple[str, str]:
        match args:
            case ["stack", "select", "--stack", name, *_]:
                return "", "" if name in self.stacks else f"error: no stack named '{name}' found"
            case ["stack", "init", name, *_]:
                self.stacks.append(name)
                return "", ""
            case ["stack", "ls", *_]:
                return json.dumps([{"name": name, "current": False} for name in self.stacks]), ""
            case ["stack", "export", "--stack", name, *rest]:
                return self._export(name, rest)
            case ["stack", "output", *_]:
                return "{}", ""
            case ["stack", "history", *_]:
                return HISTORY, ""
            case ["config", "set", key, *rest]:
                self.config[key] = rest[rest.index("--") + 1]
                self.secrets |= {key} if "--secret" in rest else set()
                return "", ""
            case ["config", "rm", key, *_]:
                del self.config[key]
                return "", ""
            case ["config", *_] if self.nonsense is not None:
                return self.nonsense, ""
            case ["config", *_, name] if name not in self.stacks:
                return "", f"error: no stack named '{name}' found"
            case ["config", *_]:
                return json.dumps(
                    {key: {"value": value, "secret": key in self.secrets} for key, value in self.config.items()}
                ), ""
            case ["preview" | "up" | "destroy", *_]:
                self._stream(args[args.index("--event-log") + 1].removeprefix("tcp://"))
                return "", self.failure
        raise AssertionError(f"not scripted: {args}")

    def _export(self, name: str, rest: list[str]) -> tuple[str, str]:
        if name not in self.stacks:
            return "", f"error: no stack named '{name}' found"
        text = json.dumps({"version": 3, "deployment": self.deployment})
        if rest[:1] != ["--file"]:
            return text, ""
        Path(rest[1]).write_text(text)
        return "", ""

    def _stream(self, address: str) -> None:
        summary = {
            "summaryEvent": {"maybeCorrupt": False, "durationSeconds": 0, "resourceChanges": {}, "PolicyPacks": {}}
        }
        with grpc.insecure_channel(address) as channel:
            events_pb2_grpc.EventsStub(channel).StreamEvents(
                events_pb2.EventRequest(event=json.dumps({"sequence": number, "timestamp": 0, **event}))
                for number, event in enumerate([*self.events, summary, {"cancelEvent": {}}])
            )


def workspace(root: Path, command: FakeCommand, **env: str) -> Workspace:
    """A project folder at `root` whose engine is the fake one."""
    (root / "stacks").mkdir(exist_ok=True)
    (root / "Pulumi.yaml").write_text("name: hhsync\nruntime: python\nmain: program/\nstackConfigDir: stacks\n")
    made = Workspace(root, {"PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_BACKEND_URL": f"file://{root}", **env})
    made.__dict__["reader"] = command
    made.__dict__["engine"] = Engine(command, EngineInfo("fake", "3.272.0"))
    return made
