"""Logging: what goes to the terminal, and the debug log of a run in `.hhsync/log/` (mode 0600), without secrets.

Levels: debug each step, info results with counts and time, error with context. The terminal gets warnings and errors;
--verbose everything; --quiet errors only. The file always gets everything, and tracebacks go nowhere else.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ROOT = "hhsync"

# Log files of earlier runs that stay.
_KEPT = 20

_SECRETS = (
    (re.compile(r"nbt_[A-Za-z0-9]+\.[A-Za-z0-9]+"), "nbt_[secret]"),
    (re.compile(r"(?i)\b(bearer|token|basic)\s+[A-Za-z0-9._~+/=-]{16,}"), r"\1 [secret]"),
    (re.compile(r"://[^/@\s:]+:[^/@\s]+@"), "://[secret]@"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"), "[secret]"),
)


def redact(text: str) -> str:
    """The text without what looks like a token, a bearer header or credentials in a URL."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def set_up(home: Path | None, stream: IO[str], *, verbose: bool, quiet: bool) -> Path | None:
    """Send the logs to `stream` and, where `home` (`.hhsync`) is given, to a new file in it; returns the file."""
    logger = logging.getLogger(ROOT)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    terminal = logging.StreamHandler(stream)
    terminal.setLevel(logging.DEBUG if verbose else logging.ERROR if quiet else logging.WARNING)
    terminal.setFormatter(_Redacting("%(levelname)s %(name)s: %(message)s"))
    logger.addHandler(terminal)
    path = _log_file(home) if home is not None else None
    if path is not None:
        kept = logging.FileHandler(path, encoding="utf-8")
        kept.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(kept)
        _keep_warnings(kept)
    return path


def _keep_warnings(handler: logging.Handler) -> None:
    """Warnings of libraries and errors of their threads are for the log, not for the person."""
    logging.captureWarnings(True)
    captured = logging.getLogger("py.warnings")
    captured.handlers, captured.propagate = [handler], False

    def hook(failed: threading.ExceptHookArgs) -> None:
        name = failed.thread.name if failed.thread else "?"
        error = failed.exc_value or failed.exc_type()
        logging.getLogger(ROOT).debug("thread %s failed", name, exc_info=(failed.exc_type, error, failed.exc_traceback))

    threading.excepthook = hook


def _log_file(home: Path) -> Path | None:
    """A new private file; None where the folder cannot be written (a run must not fail for its log)."""
    folder = home / "log"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in sorted(folder.glob("*.log"))[: -_KEPT + 1]:
            old.unlink(missing_ok=True)
        path = folder / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.log"
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return None
    return path
