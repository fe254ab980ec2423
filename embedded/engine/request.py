"""What passes between the command line and an operation: one `Request`, and the `Context` it runs in.

The command line (`command`) parses the arguments into a Request, opens the stack, builds a Context and calls
`embedded.engine.operations.run(request, context) -> int` (the exit code of engine-contract §1.5).

The division of work around that call:
- before: the project is found, the stack exists, the passphrase is right, the lock is held (never for a preview), a
  journal that a killed run left behind is folded in, the state passes the integrity rules;
- inside `run`: the caller reports every step to `context.journal`, calls `context.save()` once or more, and
  `context.record_history(...)` once at the end of an up, refresh or destroy (never for a preview);
- after: the journal is folded and removed, a backup is made, the lock is released. This happens on an exception too:
  what the journal holds is saved whatever the operation's outcome, so an operation that raises loses nothing.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from embedded.engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded.engine.console import Console
    from embedded.engine.journal import Journal
    from embedded.engine.project import Project
    from embedded.engine.state import Snapshot


def _no_stacks(name: str) -> Mapping[str, Any]:
    raise EngineError(f"unknown stack {name!r}")


Kind = Literal["preview", "up", "refresh", "destroy"]
Result = Literal["succeeded", "failed", "canceled"]


@dataclass(frozen=True, slots=True)
class Request:
    """One preview, up, refresh or destroy, exactly as the command line asked for it.

    Flags that this engine does not have at all (plans, policy packs, import files, debuggers) are refused before a
    Request exists.
    """

    kind: Kind
    stack: str
    """The stack as named on the command line, or the selected one; `Context` has the short and the qualified name."""
    preview_only: bool = False
    """True for `preview`, and for `refresh --preview-only` and `destroy --preview-only`: change and save nothing."""
    message: str = ""
    expect_no_changes: bool = False
    """Exit 7 when anything but `same` was proposed or done (for `up`: after applying)."""
    refresh: bool | None = None
    """`--refresh[=true|false]`; None means that `context.project.refresh` decides."""
    run_program: bool = False
    """`--run-program`, or PULUMI_RUN_PROGRAM in the environment: a refresh or destroy runs the program too."""
    clear_pending_creates: bool = False
    skip_pending_creates: bool = False
    targets: tuple[str, ...] = ()
    """URNs or globs, in the order given; `--target-replace` adds to both `targets` and `replaces`."""
    excludes: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    target_dependents: bool = False
    exclude_dependents: bool = False
    exclude_protected: bool = False
    """destroy only: leave protected resources, and what they need, alone."""
    ignore_protect: bool = False
    remove: bool = False
    """destroy only: remove the stack afterwards. The command line does it; an operation need not look."""
    parallel: int | None = None
    """None: the default of the contract (4 × CPUs, or PULUMI_PARALLEL); at least 1."""
    continue_on_error: bool = False
    client: str | None = None
    """HOST:PORT of an inline program's LanguageRuntime; None: start the program on disk."""
    exec_kind: str = "cli"
    """`auto.inline`, `auto.local` or `cli`."""
    event_log: str | None = None
    """`tcp://HOST:PORT` (gRPC) or a file path (JSON lines)."""
    diff: bool = False
    json: bool = False
    show_config: bool = False
    show_reads: bool = False
    show_replacement_steps: bool = False
    show_sames: bool = False
    show_secrets: bool = False
    show_urns: bool = False
    suppress_outputs: bool = False
    suppress_progress: bool = False
    debug: bool = False
    verbose: int = 0
    color: Literal["always", "never"] = "never"
    """What `--color`, NO_COLOR and the terminal together came to."""


class SaveState(Protocol):
    """Write the state file: see `Context.save`."""

    def __call__(self, snapshot: Snapshot | None = None) -> None:
        """Write `snapshot`, or what the journal makes of the base state when it is None."""


class RecordHistory(Protocol):
    """Write one history entry: see `Context.record_history`."""

    def __call__(self, *, result: Result, started: int, ended: int, changes: Mapping[str, int]) -> None:
        """`started` and `ended` in Unix seconds; `changes` counts by op name, as in the summary event."""


@dataclass(slots=True)
class Context:
    """Everything an operation may use, and the only way it touches the world outside its program and providers."""

    project: Project
    """Name, folder, program folder, runtime options, `refresh` default; see `project.Project`."""
    stack_name: str
    """The short name, e.g. `fabric-1`: what URNs and the program see."""
    qualified_name: str
    """`organization/PROJECT/STACK`."""
    config: Mapping[str, str]
    """`namespace:key` -> text, decrypted, Pulumi.yaml's defaults merged in; objects and lists as JSON text."""
    secret_keys: frozenset[str]
    """The keys of `config` whose value is secret as a whole or in part."""
    snapshot: Snapshot
    """The state as it was when this run began (journal recovered). Its Resource objects are the `old` ones that the
    journal knows."""
    journal: Journal
    """Where every step is reported, from any thread. In a preview it keeps everything in memory only."""
    save: SaveState
    """Write the state now, atomically: integrity is checked, and resources are sorted so that references point back.

    Without an argument it writes `journal.snapshot()`. With one, exactly that state is written, and the journal starts
    again from it: Resource objects of that snapshot are then the known ones. Raises EngineError when the state would be
    refused by an engine. In a preview it raises RuntimeError, since a preview that saves is a defect.
    """
    record_history: RecordHistory
    """Write the history entry of this run; the kind, message, environment and config are filled in from the request."""
    env: Mapping[str, str]
    """The whole environment of this command. Use it instead of os.environ, and pass it to child processes."""
    out: Callable[[str], None]
    """Write one line (or several, separated by newlines) to stdout: the display and all diagnostics."""
    err: Callable[[str], None]
    """Write to stderr: only `error: …` lines of a failed command."""
    console: Console | None = None
    """The terminal on which the display may be redrawn; None where there is none."""
    details: list[str] | None = None
    """When a list, it gets the lines that `--diff` would have shown."""
    outputs_of: Callable[[str], Mapping[str, Any]] = _no_stacks
    """The outputs of another stack of this backend, by its name. Raises EngineError for one that cannot be read."""
    cancel: threading.Event = field(default_factory=threading.Event)
    """Set when the run shall stop: finish the running steps, start no new ones, report `canceled`, exit 8."""
