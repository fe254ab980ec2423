"""The errors of hhsync. Nothing outside this tree leaves a package boundary on purpose.

HhsyncError                    one line a person can act on
├── ConfigError                stack config is missing or wrong
├── GitError                   repository, branch, folder or credentials
├── ValidationFailed           documents that cannot be read or validated (carries every Finding)
├── UnsafeChange               the prune rule refused to delete so much
├── EngineError                the Pulumi engine or its state
│   └── StackLocked            another run holds the stack
└── TargetError                the cluster or NetBox (names the server)
    ├── Unreachable            no answer: name resolution, connection, TLS, deadline
    ├── Unauthorized           the credentials are not accepted (401)
    ├── Forbidden              accepted, but not allowed (403)
    ├── NotInstalled           the server lacks CRDs, or NetBox lacks the plugin
    ├── NotFound               no such object (404)
    ├── Conflict               lost race, or owned by another fabric (409, 412)
    ├── Rejected               the server refuses this content (400, 422, admission webhook)
    └── ServerFailure          the server failed (5xx, 429 after retries)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from providers.core.finding import Finding

_LONGEST = 600


def one_line(text: str) -> str:
    """Fold any text to one line of at most 600 characters, so that an error stays one line."""
    folded = " ".join(text.split())
    return folded if len(folded) <= _LONGEST else folded[: _LONGEST - 1] + "…"


class HhsyncError(Exception):
    """An error whose text is one line: what, where, why, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class ConfigError(HhsyncError):
    """A stack config value is missing or wrong; the text names the key."""


class GitError(HhsyncError):
    """The repository, branch, folder or credentials do not work; the text names the URL without secrets."""


class ValidationFailed(HhsyncError):
    """Documents cannot be read or validated. `issues` holds every finding, each with its origin."""

    def __init__(self, message: str, issues: Sequence[Finding]) -> None:
        super().__init__(message)
        self.issues = tuple(issues)


class UnsafeChange(HhsyncError):
    """The prune rule refused: the text has the counts, the threshold and the way to allow it."""


class EngineError(HhsyncError):
    """The Pulumi engine or its state failed."""


class StackLocked(EngineError):
    """Another run holds the stack's lock."""


class TargetError(HhsyncError):
    """The cluster or NetBox failed. `target` is "cluster" or "netbox", `server` its URL without secrets."""

    def __init__(self, message: str, *, target: str, server: str) -> None:
        super().__init__(message)
        self.target = target
        self.server = server


class Unreachable(TargetError):
    """No answer: name resolution, connection, TLS or deadline."""


class Unauthorized(TargetError):
    """The server does not accept the credentials (401)."""


class Forbidden(TargetError):
    """The credentials are accepted and the action is not allowed (403)."""


class NotInstalled(TargetError):
    """The cluster lacks the CRDs, or NetBox lacks the custom objects plugin."""


class NotFound(TargetError):
    """No such object (404)."""


class Conflict(TargetError):
    """A lost race, or an object that another fabric owns (409, 412)."""


class Rejected(TargetError):
    """The server refuses this content (400, 422, or an admission webhook)."""


class ServerFailure(TargetError):
    """The server failed (5xx, or 429 after the retries)."""


def error_lines(error: HhsyncError) -> list[str]:
    """An error as lines for a person: every finding of a validation first, else the one line."""
    if not isinstance(error, ValidationFailed):
        return [one_line(str(error))]
    lines = [*(one_line(str(issue)) for issue in error.issues), str(error)]
    # With one finding the summary tells it again.
    return lines[1:] if len(lines) == 2 and lines[0] in lines[1] else lines
