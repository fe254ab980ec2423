"""A program's output is passed on line by line, within bounds."""

from __future__ import annotations

import io

import pytest

from embedded.engine.program_output import LONGEST_LINE, MOST_BYTES, relay


class Stream(io.BytesIO):
    """Gives its bytes in pieces of a size."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(min(self._size, size))


@pytest.mark.parametrize("size", [1, 3, 2**16])
@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\r\n\nlast", ["one", "", "last"]),
        ("grün\n".encode(), ["grün"]),
        (b"\xff\n", ["\ufffd"]),
    ],
)
def test_lines_come_whole_however_they_are_cut(data, lines, size):
    told = []
    relay(Stream(data, size), told.append)
    assert told == lines


def test_a_line_without_an_end_comes_in_pieces():
    told = []
    relay(Stream(b"x" * (2 * LONGEST_LINE + 5), 2**16), told.append)
    assert [len(line) for line in told] == [LONGEST_LINE, LONGEST_LINE, 5]


def test_beyond_a_bound_all_is_read_and_nothing_is_told():
    told = []
    stream = Stream((b"y" * 1023 + b"\n") * (MOST_BYTES // 1024 + 5000), 2**16)
    relay(stream, told.append)
    assert sum(map(len, told)) <= MOST_BYTES + 2**17
    assert told[-1] == "(the program has printed 16 MiB; what follows is not shown)"
    assert stream.read1() == b""
