"""How a run can go wrong on the inside. Each becomes a diagnostic; none leaves the engine as a traceback."""

from __future__ import annotations


class Stopped(Exception):
    """The run is ending (something failed, or it was cancelled): no new step may start."""


class StepFailed(Stopped):
    """The step of one resource failed; with --continue-on-error others go on."""


class ProviderFailed(Exception):
    """A provider call raised, or did not come back in time."""

    def __init__(self, message: str, *, unanswered: bool = False, detail: str = "") -> None:
        super().__init__(message)
        self.unanswered = unanswered
        """True when the call never came back: nobody knows what the server did."""
        self.detail = detail
        """The traceback, for the debug log only."""


class CheckFailed(Exception):
    """A provider found a resource's inputs wrong."""

    def __init__(self, findings: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in findings))
        self.findings = findings
        """(property, reason) pairs."""
