"""What the Pulumi CLI says when it fails, as one line for people, and as the class of error that it is.

The CLI's texts choose the class and the wording, nothing else: no decision of a run hangs on them. The texts are those of
CLI 3.274, which `tests/automation/engine/test_messages.py` asks for each.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automation.engine.process import CliFailed
from providers.errors import ConfigError, EngineError, StackLocked, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from providers.errors import HhsyncError

PASSPHRASE, PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"
BACKEND = "PULUMI_BACKEND_URL"

_HOLDER = re.compile(r"created by (?P<user>.*)@(?P<host>[^@\s]*) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: user, host, process id, and since when (RFC 3339)."""

    user: str
    host: str
    pid: int
    since: str

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (pid {self.pid}) since {self.since}"


class LockedBy(StackLocked):
    """Another run holds the stack; `holders` are the locks' owners, () where the backend does not name them."""

    def __init__(self, message: str, holders: tuple[Holder, ...]) -> None:
        super().__init__(message)
        self.holders = holders


@dataclass(frozen=True, slots=True)
class _Message:
    """A text of the CLI, and what a person should read instead; {said} is the CLI's own line."""

    pattern: str
    kind: type[HhsyncError]
    text: str


_TABLE = (
    _Message(
        r"incorrect passphrase",
        ConfigError,
        f"{PASSPHRASE} or {PASSPHRASE_FILE} has another passphrase than the one of stack {{fabric}}; set the one that its "
        "secrets were made with",
    ),
    _Message(
        r"passphrase must be set",
        ConfigError,
        f"no passphrase for the secrets of stack {{fabric}}: set {PASSPHRASE_FILE} to a file that holds it, or {PASSPHRASE}",
    ),
    _Message(
        r"unable to read PULUMI_CONFIG_PASSPHRASE_FILE", ConfigError, "{said}; name a file that holds the passphrase"
    ),
    _Message(
        r"could not decrypt configuration|bad value|failed to decrypt",
        ConfigError,
        "a secret in the config of stack {fabric} cannot be decrypted: {said}; set it anew with: hhsync init {fabric}",
    ),
    _Message(
        r"no space left on device|disk quota exceeded",
        EngineError,
        "the disk is full: {said}; free some space and repeat it. Where a folder's state cannot be read after that, put back "
        "the one before, which is beside it: FABRIC.json.bak",
    ),
    _Message(
        r"unsupported checkpoint version|needs support for the following features|deployment version is too new|is newer than",
        EngineError,
        "the state of stack {fabric} was written by a newer Pulumi: {said}; upgrade the Pulumi CLI, the state is as it was",
    ),
    _Message(
        r"failed to load checkpoint|could not deserialize|unmarshalling",
        EngineError,
        "the state of stack {fabric} cannot be read: {said}; nothing was changed. Restore it from the backend, which keeps "
        "the one before beside it (.json.bak), or as a version",
    ),
    _Message(
        r"must be set for login|not logged in|[Uu]nauthorized|\[401\]|invalid access token",
        EngineError,
        f"{{backend}} takes no part without a login: set {BACKEND} to a backend (file://, s3://, gs://, azblob://, "
        "postgres://), or run: pulumi login",
    ),
    _Message(
        r"unable to open (state directory|state database|bucket)|missing google credentials|could not connect|dial tcp|"
        r"operation error S3|no such host|i/o timeout|connection refused|read \".pulumi/meta.yaml\"",
        EngineError,
        f"the backend {{backend}} cannot be reached: {{said}}; check {BACKEND}, the network and the backend's credentials",
    ),
)


def error_of(said: str, fabric: str, backend: str = "") -> HhsyncError:
    """The error for what the CLI said: one line that names the cause and the remedy; `backend` without secrets."""
    for message in _TABLE:
        if re.search(message.pattern, said):
            where = backend or "the backend"
            return message.kind(message.text.format(said=said, fabric=fabric, backend=where))
    return EngineError(said or "the Pulumi CLI failed and did not say why; its log is in ~/.pulumi/logs")


class StackMissing(EngineError):
    """There is no such stack on the backend."""


def failure(stderr: str, fabric: str, backend: str = "") -> HhsyncError:
    """The error of a command that failed with this `stderr`; StackMissing and LockedBy where it says so."""
    if re.search(r"no stack named.*found", stderr):
        return StackMissing(f"there is no stack {fabric}")
    if "the stack is currently locked by" in stderr or "[409] Conflict: Another update is currently" in stderr:
        return locked(stderr, fabric)
    return error_of("; ".join(error_lines(stderr)), fabric, backend)


@contextmanager
def engine_errors(fabric: str = "NAME", backend: str = "") -> Iterator[None]:
    """Turn a failure of the CLI, run by the SDK or without it, into an error of ours."""
    try:
        yield
    except CliFailed as error:
        raise failure(error.stderr, fabric, backend) from None
    except Exception as error:
        # The SDK is not imported for this: an error of its was raised by it, or there is none.
        sdk = sys.modules.get("pulumi.automation.errors")
        if sdk is None or not isinstance(error, sdk.CommandError):
            raise
        raise failure(str(error).partition("\n stderr: ")[2], fabric, backend) from None


def error_lines(stderr: str) -> Iterator[str]:
    """The `error:` lines of what the CLI printed, without passwords."""
    for line in stderr.splitlines():
        stripped = line.strip()
        if stripped.startswith("error: "):
            yield without_secrets(one_line(stripped.removeprefix("error: ")))


def locked(text: str, fabric: str) -> LockedBy:
    """The error for a stack that another run holds; `text` has the engine's lines about the locks' owners."""
    holders = tuple(
        Holder(found["user"], found["host"], int(found["pid"]), found["since"]) for found in _HOLDER.finditer(text)
    )
    who = f" by {'; '.join(map(str, holders))}" if holders else ""
    return LockedBy(
        f"another run holds stack {fabric}{who}; wait until it ends, or, if it is gone, run: "
        f"hhsync pulumi -- cancel --yes --stack {fabric}",
        holders,
    )


def without_secrets(text: str) -> str:
    """The text with the password of every URL in it hidden."""
    return re.sub(r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<user>[^\s/@:]*):[^\s/@]*@", r"\g<scheme>\g<user>:****@", text)
