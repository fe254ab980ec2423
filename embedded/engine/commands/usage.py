"""`--help`: what may be written, from the grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.grammar import ROOT

if TYPE_CHECKING:
    from embedded.engine.arguments import Command, Flag, Invocation
    from embedded.engine.shell import Shell

_VALUES = {"text": " TEXT", "list": " TEXT…", "int": " N", "optional": "[=TEXT]", "bool": ""}


def show(shell: Shell, line: Invocation) -> int:
    """The subcommands and flags of the command whose words are given; refused ones are left out."""
    command = ROOT
    for word in line.args:
        command = command.children[word]
    shell.out(f"Usage: {' '.join(['pulumi', *line.args])}{_tail(command)}")
    children = [child for name, child in sorted(command.children.items()) if not child.refused and name == child.name]
    if children:
        shell.out("\nCommands:\n" + "\n".join(f"  {child.name}" for child in children))
    flags = [flag for flag in command.flags.values() if not flag.refused]
    if flags:
        shell.out("\nFlags:\n" + "\n".join(f"  {_written(flag)}" for flag in sorted(flags, key=lambda one: one.name)))
    if command is ROOT:
        shell.out("\nThis is the embedded engine; docs/engine.md says what it does and what it refuses.")
    return 0


def _tail(command: Command) -> str:
    words = " COMMAND" if not command.runs else " [COMMAND]" if command.children else ""
    if command.most:
        words += " ARG" if command.least else " [ARG]"
        words += "…" if command.most > 1 else ""
    return words + " [FLAGS]"


def _written(flag: Flag) -> str:
    short = f"-{flag.short}, " if flag.short else ""
    return f"{short}--{flag.name}{_VALUES[flag.kind]}"
