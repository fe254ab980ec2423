"""The command's side of the terminal: what every verb has in common, and the only place that writes to stdout and stderr.

stdout has the result and nothing else (one JSON document with --json); progress, logs and errors go to stderr. Exit codes:
0 in sync or done, 1 error, 2 drift or pending changes, 130 interrupted.
"""

from __future__ import annotations

import functools
import inspect
import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from automation import logs
from automation.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from automation.engine.workspace import Workspace

log = logging.getLogger("hhsync.cli")

# The argument that most verbs have.
Fabric = Annotated[str, typer.Argument(metavar="FABRIC", help="The fabric's name, which is its stack's name.")]

_COMMON: dict[str, tuple[Any, Any]] = {
    "as_json": (Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")], False),
    "verbose": (Annotated[bool, typer.Option("--verbose", "-v", help="Log each step (to stderr).")], False),
    "quiet": (Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")], False),
    "no_progress": (Annotated[bool, typer.Option("--no-progress", help="Plain lines, nothing redrawn.")], False),
    "project": (
        Annotated[Path | None, typer.Option("--project", metavar="DIR", help="Folder of the project's Pulumi.yaml.")],
        None,
    ),
}


@dataclass(frozen=True)
class Terminal:
    """The options that every verb has, and what they mean for output."""

    verb: str
    as_json: bool = False
    verbose: bool = False
    quiet: bool = False
    no_progress: bool = False
    project: Path | None = None

    def workspace(self) -> Workspace:
        """The project's workspace; from here on the debug log is kept in its `.hhsync/log/`."""
        from automation.engine.workspace import Workspace

        found = Workspace.find(self.project)
        path = logs.set_up(found.home, sys.stderr, verbose=self.verbose, quiet=self.quiet)
        _Last.log_file = path
        return found

    def reading(self, fabric: str) -> Workspace:
        """The workspace of a verb that reads a fabric's config and state first: both are asked for while the verb loads."""
        from automation.engine import ahead

        found = self.workspace()
        ahead.ask(found, fabric)
        return found

    def progress(self, prefix: str = "") -> Progress:
        """Progress lines on stderr: redrawn on a terminal, unless NO_COLOR-like plainness is asked for."""
        live = sys.stderr.isatty() and not self.no_progress and os.environ.get("TERM") != "dumb"
        return Progress(sys.stderr, live=live and not self.verbose, quiet=self.quiet, prefix=prefix)

    @property
    def shows_text(self) -> bool:
        """Whether a person reads the result as text."""
        return not (self.as_json or self.quiet)

    def say(self, text: str) -> None:
        """A line of a long story, at once: to stdout, or to stderr where stdout is for JSON."""
        if not self.quiet:
            write(sys.stderr if self.as_json else sys.stdout, text)

    def result(self, text: str, data: Mapping[str, Any], code: int, errors: Sequence[str] = ()) -> NoReturn:
        """Print the result in the form asked for, errors to stderr, and end with the code."""
        if self.as_json:
            from automation.reports.summary import to_text

            write(sys.stdout, to_text(data))
        elif text and not self.quiet:
            write(sys.stdout, text)
        for error in errors:
            write(sys.stderr, f"error: {error}")
        raise typer.Exit(code)


class _Last:
    """What the last-resort handler needs of the run that just failed."""

    terminal: Terminal = Terminal("hhsync")
    fabric: str = ""
    log_file: Path | None = None


def write(stream: Any, text: str) -> None:
    """One or more whole lines, without what looks like a secret; a reader that has gone is no error."""
    try:
        stream.write(logs.redact(text) + "\n")
        stream.flush()
    except BrokenPipeError:
        # Leave nothing for the interpreter to flush at exit, where it would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def verb(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the common options; it gets them as its first argument, a Terminal."""
    signature = inspect.signature(function, eval_str=True)
    own = list(signature.parameters.values())[1:]
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in _COMMON.items()
    ]

    @functools.wraps(function)
    def command(*args: Any, **kwargs: Any) -> None:
        chosen = {name: kwargs.pop(name) for name in _COMMON}
        name = function.__name__.strip("_").replace("_", " ")
        terminal = Terminal(name, **chosen)
        _Last.terminal, _Last.fabric = terminal, str(kwargs.get("fabric") or "")
        logs.set_up(None, sys.stderr, verbose=terminal.verbose, quiet=terminal.quiet)
        function(terminal, *args, **kwargs)

    command.__signature__ = signature.replace(parameters=[*own, *common])  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *common)}
    return command


def run(app: typer.Typer, argv: Sequence[str] | None = None) -> int:
    """Run the command line to its exit code. No traceback leaves it: an unexpected error is one line and a log file."""
    from automation.results import EXIT_ERROR, EXIT_INTERRUPTED

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = app(args=None if argv is None else list(argv), standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        write(
            sys.stderr, "\ninterrupted: what the servers accepted is in the state; run the same command again to go on"
        )
        return EXIT_INTERRUPTED
    except typer.TyperException as error:  # a wrong option or argument
        show = getattr(error, "show", None)
        if show is not None:
            show(sys.stderr)
        return EXIT_ERROR
    except typer.Exit as end:
        return end.exit_code
    except Exception as error:
        return _failed(error)
    return int(code or 0)


def _interrupt(*_: object) -> None:
    """SIGTERM ends a run in the same good order as Ctrl-C."""
    raise KeyboardInterrupt


def _failed(error: Exception) -> int:
    from providers.errors import HhsyncError, error_lines, one_line

    if isinstance(error, HhsyncError):
        lines = error_lines(error)
    elif type(error).__module__.startswith("embedded."):  # the embedded parts have errors of their own
        lines = [one_line(str(error))]
    else:
        log.debug("unexpected error", exc_info=error)
        where = f"; details: {_Last.log_file}" if _Last.log_file else ""
        lines = [one_line(f"unexpected {type(error).__name__}: {error}") + where]
    if _Last.terminal.as_json:
        from automation.reports.summary import to_text
        from automation.results import failure

        write(sys.stdout, to_text(failure(_Last.terminal.verb, _Last.fabric, lines)))
    for line in lines:
        write(sys.stderr, f"error: {line}")
    return 1
