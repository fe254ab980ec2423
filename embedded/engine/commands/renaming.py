"""`stack rename`: state, history, tags, configuration file and selection under another name.

The new state is complete before anything of the old one goes, so a rename that is killed leaves both and loses none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine import history
from embedded.engine.backend import StackRef
from embedded.engine.errors import EngineError
from embedded.engine.locks import StackLock
from embedded.engine.renaming import renamed
from embedded.engine.stack import Stack
from embedded.engine.workspace import Selection

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.engine.arguments import Invocation
    from embedded.engine.project import Project
    from embedded.engine.shell import Shell


def rename(shell: Shell, line: Invocation) -> int:
    """Give a stack another name: a short one, or `organization/PROJECT/STACK` for another project too."""
    stack = shell.stack(line)
    project = stack.project
    ref = StackRef.parse(line.args[0], stack.ref.project)
    _refuse_existing(shell, stack, ref)
    config = _config_files(project, stack, ref)
    other = Stack(stack.backend, ref, shell.env, shell.err, shell.cwd, project)
    with (
        StackLock(stack.backend.lock_folder(stack.ref), shell.err),
        StackLock(stack.backend.lock_folder(ref), shell.err),
    ):
        _refuse_existing(shell, stack, ref)
        stack.recover()
        _, snapshot = stack.state()
        other.save(renamed(snapshot, stack.ref, ref))
        history.move(
            stack.backend.history_folder(stack.ref), stack.ref.name, stack.backend.history_folder(ref), ref.name
        )
        tags = stack.backend.tags_path(stack.ref)
        if tags.exists():
            tags.rename(other.backend.tags_path(ref))
        if config is not None:
            config[0].rename(config[1])
        stack.backend.remove(stack.ref)
    if project is not None:
        Selection(shell.env, project, stack.backend.url).set(ref.qualified)
    shell.out(f"Renamed {shell.shown(stack.ref, project)} to {shell.shown(ref, project)}")
    return 0


def _refuse_existing(shell: Shell, stack: Stack, ref: StackRef) -> None:
    if stack.backend.exists(ref):
        shown = shell.shown(ref, stack.project)
        raise EngineError(f"a stack named {shown} already exists; remove it or take another name")


def _config_files(project: Project | None, stack: Stack, ref: StackRef) -> tuple[Path, Path] | None:
    """The configuration file and its new name. Raises EngineError when a file of that name would be overwritten."""
    if project is None or project.name != stack.ref.project:
        return None
    old, new = project.stack_file(stack.ref.name), project.stack_file(ref.name)
    if old == new or not old.exists():
        return None
    if new.exists():
        raise EngineError(f"{new} exists and would be overwritten; move it away, then rename the stack")
    return old, new
