"""Colours of the display: which there are, and when there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOICES = ("auto", "always", "never", "raw")
_CODES = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36, "grey": 90, "bold": 1}
_OF_SIGN = {"+": "green", "~": "yellow", "-": "red", "<": "yellow"}


@dataclass(frozen=True, slots=True)
class Palette:
    """Paints text; `on` False leaves every text as it is."""

    on: bool = False

    def paint(self, colour: str, text: str) -> str:
        """The text in a colour of `_CODES`; an empty colour paints nothing."""
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self.on and colour and text else text

    def sign(self, sign: str, text: str) -> str:
        """The text in the colour of an operation's sign; a replace has its own."""
        return self.paint("magenta" if len(sign) > 1 else _OF_SIGN.get(sign, ""), text)


def chosen(choice: str, env: Mapping[str, str], *, terminal: bool) -> Palette:
    """The palette for `--color`: `auto` (or nothing) is colours on a terminal, unless NO_COLOR is set.

    `raw`, the CLI's internal markup, has no use here and means none.
    """
    if choice in ("", "auto"):
        return Palette(terminal and not env.get("NO_COLOR"))
    return Palette(choice == "always")
