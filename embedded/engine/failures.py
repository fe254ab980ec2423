"""How a run can go wrong on the inside. Each becomes a diagnostic; none leaves the engine as a traceback."""

from __future__ import annotations

import traceback
from typing import Any

_BARE = (KeyError, IndexError, AttributeError, TypeError, AssertionError, NotImplementedError, RecursionError)
"""Exceptions whose text says little without their name."""


class Stopped(Exception):
    """The run is ending (something failed, or it was cancelled): no new step may start."""


class StepFailed(Stopped):
    """The step of one resource failed; with --continue-on-error others go on."""


class ProviderFailed(Exception):
    """A provider call raised, or did not come back in time."""

    def __init__(
        self,
        message: str,
        *,
        unanswered: bool = False,
        detail: str = "",
        made: tuple[str, dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.made = made
        """(id, outputs) of an object that was created or changed, but has not become what it should (initErrors)."""
        self.unanswered = unanswered
        """True when the call never came back: nobody knows what the server did."""
        self.detail = detail
        """The traceback, for the debug log only."""


class HookFailed(ProviderFailed):
    """A hook before a step said no, or could not be called: nothing was done."""


class CheckFailed(Exception):
    """A provider found a resource's inputs wrong."""

    def __init__(self, findings: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in findings))
        self.findings = findings
        """(property, reason) pairs."""


def message_of(error: BaseException) -> str:
    """An exception as one person tells another: its text, with its name where the text alone says too little."""
    text = str(error).strip()
    if not text:
        return type(error).__name__
    return f"{type(error).__name__}: {text}" if isinstance(error, _BARE) else text


def trace_of(error: BaseException) -> str:
    """The traceback as text, for the debug log."""
    return "".join(traceback.format_exception(error))
