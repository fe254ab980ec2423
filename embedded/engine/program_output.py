"""What a program prints, line by line, within bounds: it may print without end, or without a newline."""

from __future__ import annotations

import codecs
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Chunks(Protocol):
        """A binary stream; `io.BufferedReader` is one."""

        def read1(self, size: int, /) -> bytes:
            """Some bytes, as soon as there are any; empty at the end."""


MOST_BYTES = 16 * 2**20
"""What one stream of a program may print and still be shown."""
LONGEST_LINE = 2**16
_CHUNK = 2**16


def follow(stream: Chunks, say: Callable[[str], None]) -> threading.Thread:
    """Tell `say` every line of a stream, in a thread that ends with the stream."""
    thread = threading.Thread(target=relay, args=(stream, say), name="program-output", daemon=True)
    thread.start()
    return thread


def relay(stream: Chunks, say: Callable[[str], None]) -> None:
    """Tell `say` every line. Longer ones come in pieces; beyond MOST_BYTES the rest is read, so that the program goes
    on, and thrown away."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest, total = "", 0
    while chunk := stream.read1(_CHUNK):
        told_all = total <= MOST_BYTES
        total += len(chunk)
        if total > MOST_BYTES:
            if told_all:
                say(rest)
                say(f"(the program has printed {MOST_BYTES // 2**20} MiB; what follows is not shown)")
            continue
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in lines:
            say(line.removesuffix("\r"))
        while len(rest) > LONGEST_LINE:
            say(rest[:LONGEST_LINE])
            rest = rest[LONGEST_LINE:]
    if rest and total <= MOST_BYTES:
        say(rest)
