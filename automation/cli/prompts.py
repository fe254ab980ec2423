"""Questions to a person at the terminal. Without a terminal a question is refused, with the option that answers it."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from providers.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def confirm_name(name: str, given: str | None, what: str) -> None:
    """Go on only if the name is given or typed.

    Raises:
        ConfigError: another name, or nobody to ask.
    """
    if given is None:
        if not sys.stdin.isatty():
            raise ConfigError(f"{what} Nobody can be asked here: confirm with --yes {name}")
        sys.stderr.write(f"{what}\nType the name {name} to go on: ")
        sys.stderr.flush()
        given = sys.stdin.readline().strip()
    if given != name:
        raise ConfigError(f'the name given is "{given}", not "{name}": nothing was done')


def yes(shown: str, question: str) -> bool:
    """Show what is about to be done and ask; only for a terminal, where somebody can answer."""
    sys.stderr.write(f"{shown}{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def secret(
    name: str, file: Path | None, variable: str, env: Mapping[str, str], *, ask: bool, known: bool = False
) -> str | None:
    """A secret from a file, else an environment variable, else the terminal; None where there is none.

    `ask` prompts when nothing else gives it; `known` means that an earlier value may stay.

    Raises:
        ConfigError: the file cannot be read or is empty, or nobody can be asked.
    """
    if file is not None:
        try:
            text = file.expanduser().read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise ConfigError(f"the file for {name}, {file}, cannot be read: {reason}") from None
        if not text:
            raise ConfigError(f"the file for {name}, {file}, is empty")
        return text
    if env.get(variable):
        return env[variable].strip()
    if not ask or known:
        return None
    if not sys.stdin.isatty():
        raise ConfigError(f"{name} is missing: set {variable}, or name a file that holds it")
    return getpass.getpass(f"{name}: ", stream=sys.stderr).strip() or None
