"""Command lines: which commands and flags there are is a table (`grammar`), this is how a line is read by it.

The rules are those of the CLI's parser: flags may stand before or after positionals, a value follows as `--flag VALUE`
or `--flag=VALUE`, a boolean takes a value only with `=`, short flags may be joined (`-sdev`), and `--` ends flags.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from embedded.engine.errors import BadInvocation, NotSupported

_TRUE = {"1", "t", "T", "true", "TRUE", "True"}
_FALSE = {"0", "f", "F", "false", "FALSE", "False"}


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag. `optional` may stand alone or with `=VALUE`; `refused` is known and not supported, see `remedy`."""

    name: str
    kind: Literal["bool", "text", "list", "int", "optional"]
    short: str = ""
    refused: bool = False
    remedy: str = ""


@dataclass(slots=True)
class Command:
    """One command: its flags (which its subcommands have too), positionals and subcommands.

    `refused` marks a command that only the real CLI has, and `remedy` says what to do instead where that is not to
    install it. A command without `runs` needs a subcommand.
    """

    name: str
    flags: dict[str, Flag] = field(default_factory=dict)
    least: int = 0
    most: int = 0
    runs: bool = True
    refused: bool = False
    remedy: str = ""
    children: dict[str, Command] = field(default_factory=dict)

    def short(self, letter: str) -> Flag | None:
        """The flag with this one-letter name."""
        return next((flag for flag in self.flags.values() if flag.short == letter), None)


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command line, read: `command` like "stack ls", the flags that were given, the positionals."""

    command: str
    given: dict[str, Any]
    args: tuple[str, ...]

    def flag(self, name: str) -> bool:
        """A boolean flag; False when it was not given."""
        return bool(self.given.get(name, False))

    def text(self, name: str) -> str:
        """A text flag; empty when it was not given."""
        return str(self.given.get(name, ""))

    def texts(self, name: str) -> tuple[str, ...]:
        """A flag that may be given several times, in order."""
        return tuple(self.given.get(name, ()))

    def number(self, name: str, default: int) -> int:
        """An integer flag."""
        return int(self.given.get(name, default))


class _Reader:
    def __init__(self, root: Command, line: list[str]) -> None:
        self._chain = [root]
        self._words: list[str] = []
        self._rest = list(line)
        self.given: dict[str, Any] = {}
        self.args: list[str] = []

    def read(self) -> Invocation:
        while self._rest:
            word = self._rest.pop(0)
            if word == "--":
                self.args += self._rest
                break
            if word in ("--help", "-h"):
                return Invocation("help", {}, tuple(self._words))
            if word.startswith("--"):
                self._long(word[2:])
            elif word.startswith("-") and len(word) > 1:
                self._short(word[1:])
            else:
                self._positional(word)
        command = self._chain[-1]
        name = " ".join(self._words)
        if not name:
            return Invocation("help", {}, ())
        if not command.runs:
            raise BadInvocation(f"unknown command: `{name or 'pulumi'}` needs one of {', '.join(command.children)}")
        if not command.least <= len(self.args) <= command.most:
            wanted = str(command.least) if command.least == command.most else f"{command.least} to {command.most}"
            raise BadInvocation(f"`{name}` accepts {wanted} argument(s), received {len(self.args)}")
        return Invocation(name, self.given, tuple(self.args))

    def _positional(self, word: str) -> None:
        command = self._chain[-1]
        child = command.children.get(word) if not self.args else None
        if child is not None:
            if child.refused:
                raise _refusal(f"`pulumi {' '.join([*self._words, word])}`", child.remedy)
            self._chain.append(child)
            self._words.append(child.name)
        elif not command.runs:
            raise BadInvocation(f"unknown command {word!r} for `{' '.join(['pulumi', *self._words])}`")
        else:
            self.args.append(word)

    def _long(self, text: str) -> None:
        name, equals, value = text.partition("=")
        flag = next((found for command in reversed(self._chain) if (found := command.flags.get(name))), None)
        if flag is None:
            raise BadInvocation(f"unknown flag: --{name}")
        if equals:
            self._set(flag, value)
        elif flag.kind in ("bool", "optional"):
            self._set(flag, "true")
        else:
            self._set(flag, self._value(f"--{name}"))

    def _short(self, letters: str) -> None:
        while letters:
            letter, letters = letters[0], letters[1:]
            flag = next((found for command in reversed(self._chain) if (found := command.short(letter))), None)
            if flag is None:
                raise BadInvocation(f"unknown shorthand flag: -{letter}")
            if flag.kind in ("bool", "optional") and not letters.startswith("="):
                self._set(flag, "true")
            else:
                self._set(flag, letters.removeprefix("=") or self._value(f"-{letter}"))
                return

    def _value(self, name: str) -> str:
        if not self._rest:
            raise BadInvocation(f"flag needs an argument: {name}")
        return self._rest.pop(0)

    def _set(self, flag: Flag, value: str) -> None:
        parsed: Any = value
        if flag.kind == "bool":
            if value not in _TRUE | _FALSE:
                raise BadInvocation(f'invalid argument "{value}" for "--{flag.name}" flag: expected true or false')
            parsed = value in _TRUE
        elif flag.kind == "int":
            try:
                parsed = int(value)
            except ValueError:
                raise BadInvocation(f'invalid argument "{value}" for "--{flag.name}" flag: expected a number') from None
        if flag.refused and parsed not in (False, ""):
            raise _refusal(f"--{flag.name}", flag.remedy)
        if flag.kind == "list":
            self.given.setdefault(flag.name, []).append(parsed)
        else:
            self.given[flag.name] = parsed


def _refusal(what: str, remedy: str) -> NotSupported:
    return NotSupported(what, remedy) if remedy else NotSupported(what)


def parse(root: Command, line: list[str]) -> Invocation:
    """Read a command line. Raises BadInvocation for what is wrong and NotSupported for what only the real CLI has."""
    return _Reader(root, line).read()
