"""Tells everybody what happens in a run: events for programs, lines for people, counts for the summary."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from embedded.engine import urns
from embedded.engine.display import Display
from embedded.engine.events import Events
from embedded.engine.preview_json import PreviewDocument
from embedded.engine.steps import Op

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.request import Context, Request, Result
    from embedded.engine.steps import Step

type Severity = Literal["debug", "info", "info#err", "warning", "error"]

_PREFIXES = {"debug": "debug: ", "warning": "warning: ", "error": "error: "}


class Reporter:
    """One run's mouth. Every method may be called from any thread."""

    def __init__(self, request: Request, context: Context) -> None:
        self._request = request
        self._context = context
        self._planning = request.preview_only
        self._lock = threading.Lock()
        self._said: dict[str, list[str]] = defaultdict(list)
        self._stack_urn = urns.stack_urn(context.stack_name, context.project.name)
        self._started = time.monotonic()
        self._events = Events(request.event_log)
        self._display = Display(
            request, context.stack_name, context.out, console=context.console, lock=self._lock, details=context.details
        )
        self._document = PreviewDocument() if request.json else None
        self.changes: dict[str, int] = {}
        """Counts by operation, as in the summary event."""
        self.maybe_corrupt = False
        self.errors = 0
        """Error diagnostics so far."""
        self.step_failed = False
        """Whether a step failed, rather than the program or its input."""

    def begin(self) -> None:
        """The run starts: header, and the config with secrets hidden."""
        config = {
            key: "[secret]" if key in self._context.secret_keys else value
            for key, value in self._context.config.items()
        }
        self._events.send("preludeEvent", {"config": config})
        with self._lock:
            self._display.header()
        if self._document is not None:
            self._document.config = config

    def pre(self, step: Step) -> None:
        """A step begins; its outputs are not told before its end."""
        self._events.step("resourcePreEvent", _before(step), planning=self._planning)
        with self._lock:
            self._display.began(step)

    def outputs(self, step: Step) -> None:
        """A step's outputs are known."""
        self._events.step("resOutputsEvent", step, planning=self._planning)

    def done(self, step: Step, *, counted: bool | None = None) -> None:
        """A step is planned or done: show it and count it. Unless `counted` says otherwise, logical steps count."""
        with self._lock:
            if step.logical if counted is None else counted:
                self.changes[step.op.value] = self.changes.get(step.op.value, 0) + 1
            self._display.step(step)
            if self._document is not None:
                self._document.step(step)

    def failed(self, step: Step, message: str, *, unclear: bool) -> None:
        """A step failed; `unclear` says that nobody knows in what state it left the server."""
        self._events.step(
            "resOpFailedEvent", _before(step), planning=self._planning, status=2 if unclear else 0, steps=0
        )
        with self._lock:
            self.step_failed = True
            self.maybe_corrupt = self.maybe_corrupt or unclear
            self._display.failed(step)
        self.diagnostic("error", message, step.urn)

    def diagnostic(self, severity: Severity, message: str, urn: str = "", **more: Any) -> None:
        """Something is said about a resource, or (URN "") about the run. Debug messages only on `--debug`."""
        if severity == "debug" and not self._request.debug:
            return
        text = message if message.endswith("\n") else message + "\n"
        prefix = _PREFIXES.get(severity, "")
        event: dict[str, Any] = {"urn": urn} if urn else {}
        event |= {"prefix": prefix} if prefix else {}
        event |= {"message": text, "color": "never", "severity": severity, **{k: v for k, v in more.items() if v}}
        self._events.send("diagnosticEvent", event)
        with self._lock:
            self.errors += severity == "error"
            if not more.get("ephemeral"):
                self._said[urn or self._stack_urn].append(prefix + text)
                self._display.said(urn, prefix + text)
                if self._document is not None and severity != "debug":
                    self._document.diagnostic(urn, prefix + text, severity)

    def end(self, result: Result, outputs: Mapping[str, Any] | None) -> float:
        """The run is over: diagnostics, outputs, counts. Returns its seconds."""
        seconds = time.monotonic() - self._started
        self._display.finish()
        with self._lock:
            self._display.diagnostics(self._said)
            if outputs is not None:
                self._display.outputs(outputs)
            self._display.summary(self.changes, seconds)
        self._events.send(
            "summaryEvent",
            {
                "maybeCorrupt": self.maybe_corrupt,
                "durationSeconds": max(1, round(seconds)),
                "resourceChanges": self.changes,
                "PolicyPacks": {},
                "isPreview": self._planning,
                "result": result,
            },
        )
        if self._document is not None:
            self._context.out(self._document.text(self.changes, seconds, maybe_corrupt=self.maybe_corrupt))
        return seconds

    def close(self) -> None:
        """Deliver what is still on its way."""
        self._display.finish()
        self._events.close()


def _before(step: Step) -> Step:
    """The step as it is known before its outputs are."""
    if step.new is None or not step.new.outputs or step.op is Op.REFRESH:
        return step
    return replace(step, new=replace(step.new, outputs={}))
