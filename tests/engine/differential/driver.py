"""Runs one scenario on one engine, and says what came of it in a form that two engines can be compared by.

Both engines are driven by the unmodified Automation API with the same inline programs; each has a state folder, a stack and a
server of its own. What may differ between two runs of even the same engine (times, random ids, ciphertexts, the order of
what runs in parallel) is taken out; everything else is kept.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pulumi import automation as auto
from pulumi.automation.errors import CommandError

from tests.engine.run.thing import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi.automation import PulumiCommand

CLONE = Path(__file__).resolve().parents[3]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UID = re.compile(r"uid-\d+")
_DROPPED = ("stackTrace", "sourcePosition", "created", "modified")
_EVENTS = {
    "resource_pre_event": "pre",
    "res_outputs_event": "outputs",
    "res_op_failed_event": "failed",
}


@dataclass(frozen=True)
class Do:
    """One call of the Automation API: `up`, `preview`, `refresh`, `destroy`, `preview_refresh` or `preview_destroy`."""

    verb: Literal["up", "preview", "refresh", "destroy", "preview_refresh", "preview_destroy"]
    program: Callable[[], Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    meddle: Callable[[Server], None] | None = None
    """What somebody does to the server just before."""
    config: dict[str, auto.ConfigValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """A few calls in order. `cannot` says why a difference is known and wanted, and which part it is in."""

    name: str
    steps: tuple[Do, ...]
    apart: frozenset[str] = frozenset()
    """Parts of a result that the engines differ in on purpose; `why` says why."""
    why: str = ""


@dataclass
class Runner:
    """One engine with a stack in a folder."""

    folder: Path
    command: PulumiCommand
    env: dict[str, str] = field(default_factory=dict)

    def run(self, scenario: Scenario) -> list[dict[str, Any]]:
        """What came of every step."""
        for name in ("work", "state", "home"):
            (self.folder / name).mkdir(parents=True)
        server = Server(self.folder / "server")
        stack = auto.create_stack(
            "dev",
            project_name="proj",
            program=lambda: None,
            opts=auto.LocalWorkspaceOptions(
                work_dir=str(self.folder / "work"),
                pulumi_home=str(self.folder / "home"),
                env_vars={
                    "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
                    "PULUMI_CONFIG_PASSPHRASE": "a phrase",
                    "PYTHONPATH": os.pathsep.join([str(CLONE), os.environ.get("PYTHONPATH", "")]),
                    **self.env,
                },
                pulumi_command=self.command,
            ),
        )
        stack.set_config("server", auto.ConfigValue(str(server.root)))
        stack.set_config("word", auto.ConfigValue("hush-hush", secret=True))
        return [self._step(stack, server, step) for step in scenario.steps]

    def _step(self, stack: auto.Stack, server: Server, step: Do) -> dict[str, Any]:
        if step.meddle is not None:
            step.meddle(server)
        if step.config:
            stack.set_all_config(step.config)
        events: list[Any] = []
        stack.workspace.program = step.program or (lambda: None)
        error = ""
        try:
            getattr(stack, step.verb)(on_event=events.append, **step.options)
        except CommandError as raised:
            error = type(raised).__name__
        outputs = stack.outputs()
        return {
            "error": error,
            "counts": _counts(events),
            "events": _steps(events),
            "errors": _said(events),
            "state": self._plain(_state(stack)),
            "pending": _pending(stack),
            "outputs": self._plain({key: (value.value, value.secret) for key, value in outputs.items()}),
            "objects": self._plain(server.objects()),
            "history": [(update.kind, update.result, update.resource_changes) for update in stack.history()],
        }

    def _plain(self, value: Any) -> Any:
        """The value without what differs between any two runs."""
        if isinstance(value, str):
            return UID.sub("UID", UUID.sub("UUID", value.replace(str(self.folder), "FOLDER")))
        if isinstance(value, dict):
            return {self._plain(key): self._plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(item) for item in value]
        return value


def _state(stack: auto.Stack) -> dict[str, Any]:
    deployment = stack.export_stack().deployment or {}
    entries: dict[str, Any] = {}
    for entry in deployment.get("resources") or ():
        key = entry["urn"] + (" (to be deleted)" if entry.get("delete") else "")
        entries[key] = {name: value for name, value in entry.items() if name not in _DROPPED}
        entries[key]["dependencies"] = sorted(entry.get("dependencies") or ())
        on = {name: urns for name, urns in (entry.get("propertyDependencies") or {}).items() if urns}
        entries[key]["propertyDependencies"] = on  # the CLI drops empty lists in a refresh; they say nothing
    return entries


def _pending(stack: auto.Stack) -> list[tuple[str, str]]:
    deployment = stack.export_stack().deployment or {}
    return sorted((one["type"], one["resource"]["urn"]) for one in deployment.get("pending_operations") or ())


def _counts(events: list[Any]) -> dict[str, int] | None:
    found = [event.summary_event.resource_changes for event in events if event.summary_event]
    return {str(getattr(op, "value", op)): count for op, count in found[-1].items()} if found else None


def _steps(events: list[Any]) -> dict[str, list[Any]]:
    """Per resource, in order: which event, which operation, why.

    Left out is what nobody counts: default providers, and that a component or the stack, which no server has, is "read"
    before an update; the CLI tells that, this engine only in a refresh of its own.
    """
    found: dict[str, list[Any]] = defaultdict(list)
    for event in events:
        for name, word in _EVENTS.items():
            held = getattr(event, name, None)
            if held is not None and "::pulumi:providers:" not in held.metadata.urn:
                meta = held.metadata
                op = str(getattr(meta.op, "value", meta.op))
                if op == "refresh" and not _is_custom(meta):
                    continue
                found[meta.urn].append((word, op, *_reasons(meta)))
    return dict(found)


def _is_custom(meta: Any) -> bool:
    return any(side is not None and side.custom for side in (meta.old, meta.new))


def _reasons(meta: Any) -> tuple[Any, ...]:
    detailed = {
        path: str(getattr(one.diff_kind, "value", one.diff_kind)) for path, one in (meta.detailed_diff or {}).items()
    }
    return (sorted(meta.keys or ()), sorted(meta.diffs or ()), detailed)


def _said(events: list[Any]) -> list[tuple[str, str]]:
    """Whom warnings and errors are about."""
    held = [event.diagnostic_event for event in events if event.diagnostic_event]
    return sorted({(one.urn or "", one.severity) for one in held if one.severity in ("warning", "error")})
