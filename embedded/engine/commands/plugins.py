"""Commands about plugins: ls, install, rm, and `install` for a project. This engine downloads none and needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.errors import BadInvocation, NotSupported

if TYPE_CHECKING:
    from embedded.engine.arguments import Invocation
    from embedded.engine.shell import Shell

BUILT_IN = ("command", "kubernetes", "pulumi-python")
"""Packages whose resources this engine serves itself, so that installing them is nothing to do."""


def ls(shell: Shell, line: Invocation) -> int:
    """No plugins: what this engine serves is part of it."""
    if line.flag("json"):
        shell.json([])
    else:
        shell.out("No plugins: this engine runs Python programs, and serves their providers itself")
    return 0


def install(shell: Shell, line: Invocation) -> int:
    """Nothing to do for what is built in. Raises NotSupported, naming the plugin, for any other."""
    kind, name = (*line.args, "", "")[:2]
    if kind == "resource" and name in BUILT_IN:
        shell.out(f"[{kind} plugin {name}] is part of this engine: nothing to install")
        return 0
    if not line.args:
        return install_dependencies(shell, line)
    raise NotSupported(
        f"the {kind} plugin {name or '?'}", f"it serves {', '.join(BUILT_IN)}; install the Pulumi CLI for any other"
    )


def rm(shell: Shell, line: Invocation) -> int:
    """There is never one to remove."""
    if not line.args and not line.flag("all"):
        raise BadInvocation("please pass --all if you'd like to remove all plugins")
    shell.out("no plugins found to uninstall")
    return 0


def install_dependencies(shell: Shell, _line: Invocation) -> int:
    """Nothing to do: the environment that runs this engine has the SDK."""
    shell.out("Nothing to install: the Python environment of this command is used as it is")
    return 0
