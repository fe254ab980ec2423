"""Runs one operation of the engine on a state in memory, with an inline program, and shows what came of it."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

from embedded.engine import integrity, operations
from embedded.engine.journal import Journal
from embedded.engine.project import Project
from embedded.engine.request import Context, Request
from embedded.engine.state import Resource, Snapshot
from tests.engine.run.thing import Server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROJECT, STACK = "proj", "dev"
STACK_URN = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:pulumi:Stack::{PROJECT}-{STACK}"
PROVIDER_URN = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:providers:pulumi-python::default"


def thing_urn(name: str, parent: str = "") -> str:
    return f"urn:pulumi:{STACK}::{PROJECT}::{parent}pulumi-python:dynamic/test:Thing::{name}"


class CheckedJournal(Journal):
    """A journal that checks the state's integrity after every change, as the real one could be read at any moment."""

    def finish(self, token: int, *, new: Resource | None = None, old: Resource | None = None) -> None:
        super().finish(token, new=new, old=old)
        self._check()

    def write(self, new: Resource, *, old: Resource | None = None) -> None:
        super().write(new, old=old)
        self._check()

    def remove(self, old: Resource) -> None:
        super().remove(old)
        self._check()

    def _check(self) -> None:
        integrity.check(integrity.sort(self.snapshot().resources))


@dataclass
class Result:
    """What came of one operation."""

    code: int
    lines: list[str]
    events: list[dict[str, Any]]
    changes: dict[str, int]
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def of(self, key: str) -> list[dict[str, Any]]:
        return [event[key] for event in self.events if key in event]

    def ops(self, *, sames: bool = False) -> dict[str, str]:
        """The operation of every resource by name, from the output events."""
        found = {}
        for event in self.of("resOutputsEvent"):
            meta = event["metadata"]
            if meta["op"] not in ("refresh",) and (sames or meta["op"] != "same"):
                found[meta["urn"].split("::")[-1]] = meta["op"]
        return found

    def errors(self) -> list[str]:
        return [event["message"].strip() for event in self.of("diagnosticEvent") if event["severity"] == "error"]

    def detail(self, name: str) -> dict[str, str]:
        """The paths that differ and how, of one resource."""
        for event in self.of("resourcePreEvent"):
            meta = event["metadata"]
            if meta["urn"].split("::")[-1] == name and meta["op"] != "refresh":
                return {path: item["diffKind"] for path, item in (meta["detailedDiff"] or {}).items()}
        return {}


@dataclass
class Engine:
    """A stack with its state in memory, and the folder that plays the server."""

    home: Path
    config: dict[str, str] = field(default_factory=dict)
    secret_keys: frozenset[str] = frozenset()
    snapshot: Snapshot = field(default_factory=Snapshot)
    refresh: bool = False
    env: dict[str, str] = field(default_factory=dict)
    saves: int = 0

    def __post_init__(self) -> None:
        self.outputs_of: Callable[[str], Any] = lambda name: {}
        self.server = Server(self.home / "server")
        self.config = {f"{PROJECT}:server": str(self.server.root), **self.config}
        (self.home / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
        self.cancel = threading.Event()

    def entry(self, name: str) -> Resource:
        return next(entry for entry in self.snapshot.resources if entry.urn.split("::")[-1] == name)

    def names(self) -> set[str]:
        return {entry.urn.split("::")[-1] for entry in self.snapshot.resources if not entry.urn.endswith("default")}

    def run(self, kind: str, program: Callable[[], Any] | None = None, **options: Any) -> Result:
        lines: list[str] = []
        history: list[dict[str, Any]] = []
        log = self.home / f"events-{len(list(self.home.iterdir()))}.jsonl"
        request = Request(
            kind=kind,  # type: ignore[arg-type]
            stack=STACK,
            preview_only=options.pop("preview_only", kind == "preview"),
            event_log=str(log),
            run_program=options.pop("run_program", True),
            **options,
        )
        journal = CheckedJournal(self.snapshot)

        def save(snapshot: Snapshot | None = None) -> None:
            assert not request.preview_only, "a preview saved"
            kept = snapshot or journal.snapshot()
            ordered = integrity.sort(kept.resources)
            integrity.check(ordered)
            self.snapshot = replace(kept, resources=ordered)
            self.saves += 1

        context = Context(
            project=Project(name=PROJECT, path=self.home / "Pulumi.yaml", refresh=self.refresh),
            stack_name=STACK,
            qualified_name=f"organization/{PROJECT}/{STACK}",
            config=self.config,
            secret_keys=self.secret_keys,
            snapshot=self.snapshot,
            journal=journal,
            save=save,
            record_history=lambda **entry: history.append(entry),
            env={**os.environ, **self.env},
            out=lines.append,
            err=lines.append,
            outputs_of=self.outputs_of,
            cancel=self.cancel,
        )
        if program is None:
            code = operations.run(request, context)
        else:
            server = grpc.server(ThreadPoolExecutor(max_workers=4))
            language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
            port = server.add_insecure_port("127.0.0.1:0")
            server.start()
            try:
                code = operations.run(replace(request, client=f"127.0.0.1:{port}"), context)
            finally:
                server.stop(grace=5).wait()
        events = [json.loads(line) for line in log.read_text().splitlines()]
        summary = [event["summaryEvent"]["resourceChanges"] for event in events if "summaryEvent" in event]
        return Result(code, lines, events, summary[-1] if summary else {}, history)
