"""`stack tag get, set, rm, ls` (engine-contract §1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine import tags
from embedded.engine.errors import BadInvocation, EngineError

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.engine.arguments import Invocation
    from embedded.engine.shell import Shell


def _file(shell: Shell, line: Invocation) -> tuple[str, Path]:
    stack = shell.stack(line)
    return stack.ref.name, stack.backend.tags_path(stack.ref)


def get(shell: Shell, line: Invocation) -> int:
    """Print one tag. Raises EngineError when there is none of that name."""
    stack, path = _file(shell, line)
    name = line.args[0]
    found = tags.read(path)
    if name not in found:
        raise EngineError(f"stack tag '{name}' not found for stack '{stack}'")
    shell.out(found[name])
    return 0


def set_(shell: Shell, line: Invocation) -> int:
    """Set or change one tag."""
    _, path = _file(shell, line)
    name, value = line.args
    if not name:
        raise BadInvocation("the name of a stack tag must not be empty")
    tags.write(path, tags.read(path) | {name: value})
    return 0


def rm(shell: Shell, line: Invocation) -> int:
    """Remove one tag; one that is not there is no error."""
    _, path = _file(shell, line)
    tags.write(path, {name: value for name, value in tags.read(path).items() if name != line.args[0]})
    return 0


def ls(shell: Shell, line: Invocation) -> int:
    """All tags."""
    _, path = _file(shell, line)
    found = dict(sorted(tags.read(path).items()))
    if line.flag("json") or line.text("output") == "json":
        shell.json(found)
    else:
        shell.table(("NAME", "VALUE"), list(found.items()))
    return 0
