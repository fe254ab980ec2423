"""What every command has at hand: the environment it was given, where it writes, and the way to its project and
stack."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded.engine import project as projects
from embedded.engine.backend import Backend, StackRef
from embedded.engine.errors import BadInvocation, EngineError, NoStackSelected, ProjectNotFound, StackNotFound
from embedded.engine.stack import Stack
from embedded.engine.workspace import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from embedded.engine.arguments import Invocation
    from embedded.engine.console import Console
    from embedded.engine.project import Project


@dataclass(slots=True)
class Shell:
    """One command's world. Nothing below it looks at os.environ, the working directory or sys.stdout."""

    cwd: Path
    env: Mapping[str, str]
    out: Callable[[str], None]
    """One text to stdout, one or several lines, without the last newline."""
    err: Callable[[str], None]
    stdin: Callable[[], str] | None = None
    """Reads all of standard input; None where there is none to read."""
    cancel: threading.Event = field(default_factory=threading.Event)
    console: Console | None = None
    """The person at the terminal; None where there is none, and nobody is asked."""

    def find_project(self) -> Project | None:
        """The project around the working directory, or None. Raises EngineError when it cannot be read."""
        try:
            return projects.load(projects.find(self.cwd))
        except ProjectNotFound:
            return None

    def project(self) -> Project:
        """The project around the working directory. Raises ProjectNotFound when there is none."""
        return projects.load(projects.find(self.cwd))

    def backend(self, project: Project | None) -> Backend:
        """The backend that the environment, the project or the login names."""
        return Backend.open(self.env, project, self.cwd)

    def stack(self, line: Invocation, name: str = "") -> Stack:
        """The stack of `name`, `--stack`, PULUMI_STACK or the selection. Raises StackNotFound or NoStackSelected."""
        project = self.find_project()
        backend = self.backend(project)
        chosen = name or line.text("stack") or self.env.get("PULUMI_STACK", "")
        if not chosen and project is not None:
            chosen = Selection(self.env, project, backend.url).get()
        if not chosen:
            raise NoStackSelected
        ref = StackRef.parse(chosen, project.name if project else None)
        if not backend.exists(ref):
            raise StackNotFound(self.shown(ref, project))
        config_file = line.text("config-file")
        config_path = self.cwd / config_file if config_file else None
        return Stack(backend, ref, self.env, self.err, self.cwd, project, config_path)

    @staticmethod
    def shown(ref: StackRef, project: Project | None) -> str:
        """The name of a stack for people: short inside its own project."""
        return ref.name if project is not None and project.name == ref.project else ref.qualified

    def named(self, line: Invocation) -> str:
        """The stack that the positional or `--stack` names, or empty. Raises BadInvocation when both do."""
        if line.args and line.text("stack") and line.args[0] != line.text("stack"):
            raise BadInvocation("only one of --stack or argument stack name may be specified, not both")
        return line.args[0] if line.args else line.text("stack")

    def read_stdin(self, instead: str) -> str:
        """Standard input as text. Raises BadInvocation, naming what to pass `instead`, when there is none."""
        if self.stdin is None:
            raise BadInvocation(f"there is no standard input to read; pass {instead}")
        return self.stdin()

    def confirm(self, warning: str, name: str, instead: str) -> None:
        """Ask the person to type a name. Raises BadInvocation, saying what to do `instead`, where nobody can be asked,
        and EngineError when it was not typed."""
        if self.console is None:
            raise BadInvocation(instead)
        if self.console.ask(f"{warning}\nPlease confirm by typing the name `{name}`: ") != name:
            raise EngineError("confirmation declined, nothing was done")

    def ask_secret(self, prompt: str, what: str) -> str | None:
        """One secret line: asked for twice on a terminal, else the first line of standard input; None for no line."""
        if self.console is not None:
            first, second = self.console.secret(f"{prompt}: "), self.console.secret("Re-enter it to confirm: ")
            if first != second:
                raise BadInvocation("the two entries are not the same; nothing was changed")
            return first
        text = self.read_stdin(f"{what} as the first line of standard input")
        return text.split("\n")[0].removesuffix("\r") if text else None

    def json(self, value: Any, indent: int = 2) -> None:
        """Print a value as indented JSON."""
        self.out(json.dumps(value, ensure_ascii=False, indent=indent))

    def table(self, headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
        """Print rows in columns as wide as they need to be."""
        widths = [max(len(row[column]) for row in [headers, *rows]) for column in range(len(headers))]
        for row in [headers, *rows]:
            self.out("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def truthy(self, name: str) -> bool:
        """Whether an environment variable says yes."""
        return self.env.get(name, "").lower() in ("1", "true")
