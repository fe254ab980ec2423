"""A stack's deployment as `pulumi stack export` writes it, read as a stream: one resource in memory at a time.

The whole of 10,000 resources would be half a gigabyte of objects. Any JSON of that shape is read, however it is laid out.
"""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# The keys whose values come one element at a time.
RESOURCE, OPERATION = "resources", "pending_operations"

_CHUNK = 1 << 20
_BLANK = " \t\r\n"

# What may follow a value.
_AFTER = f"{_BLANK},:]}}"


class Broken(ValueError):
    """The text is not a whole deployment; the message says what is wrong and at which character."""


def entries(file: IO[str]) -> Iterator[tuple[str, Any]]:
    """What an export holds, in its order: each key with its value.

    Keys of "deployment" come as if they stood at the top; each element of RESOURCE and OPERATION comes alone.

    Raises:
        Broken: the text ends early, or is no JSON object of this shape.
    """
    text = _Text(file)
    for key in text.members():
        if key == "deployment" and text.peek() == "{":
            for inner in text.members():
                yield from _values(text, inner)
        else:
            yield key, text.value()
    text.end()


def _values(text: _Text, key: str) -> Iterator[tuple[str, Any]]:
    if key in (RESOURCE, OPERATION) and text.peek() == "[":
        for element in text.elements():
            yield key, element
    else:
        yield key, text.value()


class _Text:
    """JSON text, decoded value by value while it is read; what was decoded is forgotten."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._decoder = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._gone = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is no white space."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                raise Broken(f"it ends early, after {self._gone + self._at} characters")

    def value(self) -> Any:
        """The next value, whole."""
        self.peek()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if not self._more():
                    raise Broken(self._fault(error)) from None
                continue
            # A number that nothing ends yet may go on.
            if (end == len(self._text) or self._text[end] not in _AFTER) and self._more():
                continue
            self._at = end
            return found

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here; the caller takes each value before it asks for the next key."""
        for _ in self._items("{", "}"):
            key = self.value()
            if not isinstance(key, str):
                raise Broken(f"a key is no text, at character {self._gone + self._at}")
            self._take(":")
            yield key

    def elements(self) -> Iterator[Any]:
        """The elements of the array that begins here."""
        for _ in self._items("[", "]"):
            yield self.value()

    def end(self) -> None:
        """Nothing but white space follows."""
        while not self._text[self._at :].strip():
            self._at = len(self._text)
            if not self._more():
                return
        raise Broken(f"something follows it, at character {self._gone + self._at}")

    def _items(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if self.peek() == closing:
            self._at += 1
            return
        while True:
            yield
            if self.peek() == closing:
                self._at += 1
                return
            self._take(",")

    def _take(self, char: str) -> None:
        if self.peek() != char:
            raise Broken(f"no {char!r} at character {self._gone + self._at}")
        self._at += 1

    def _more(self) -> bool:
        """Read on; whether there was anything."""
        if self._ended:
            return False
        self._gone += self._at
        # At least as much as is waiting, so that a long value is not decoded anew for every chunk.
        chunk = self._file.read(max(_CHUNK, len(self._text) - self._at))
        self._text = self._text[self._at :] + chunk
        self._at = 0
        self._ended = not chunk
        return bool(chunk)

    def _fault(self, error: Exception) -> str:
        if isinstance(error, json.JSONDecodeError):
            short = error.pos >= len(self._text) or "Unterminated" in error.msg
            return (
                f"it ends early, after {self._gone + len(self._text)} characters"
                if short
                else (f"{error.msg} at character {self._gone + error.pos}")
            )
        return "it is nested too deeply"
