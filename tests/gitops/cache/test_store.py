"""What is kept between runs: comes back as it was, or not at all, whatever happens to the file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gitops.cache import store as module
from gitops.cache.store import Store

if TYPE_CHECKING:
    from pathlib import Path

VALUES = {"a": {"x": [1, 2.5, None, "é"]}, "b": "long " * 10_000}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "known.sqlite"


def test_what_is_put_comes_back_in_its_space_only(file: Path) -> None:
    Store(file).put("one", VALUES)
    assert Store(file).get("one", ["a", "b", "c"]) == VALUES
    assert Store(file).get("two", ["a", "b"]) == {}


def test_a_later_value_takes_the_place_of_the_first(file: Path) -> None:
    Store(file).put("one", {"a": 1})
    Store(file).put("one", {"a": 2})
    assert Store(file).get("one", ["a"]) == {"a": 2}


def test_more_keys_than_one_question_takes(file: Path) -> None:
    values = {str(number): number for number in range(2 * module._AT_ONCE + 1)}
    Store(file).put("one", values)
    assert Store(file).get("one", values.keys()) == values


@pytest.mark.parametrize(
    "change",
    ["value = x'6a5b5d'", "checksum = x'00'", "value = x''", "value = zeroblob(9)", "key = 'a2'", "value = 'text'"],
)
def test_a_damaged_entry_is_a_miss_and_its_neighbours_are_not(file: Path, change: str) -> None:
    Store(file).put("one", VALUES)
    with sqlite3.connect(file) as connection:
        connection.execute(f"update entries set {change} where key = 'a'")
    connection.close()
    assert Store(file).get("one", ["a", "a2", "b"]) == {"b": VALUES["b"]}


@pytest.mark.parametrize("content", [b"", b"not a database" * 1000, None])
def test_a_file_that_is_no_database_is_made_anew(file: Path, content: bytes | None) -> None:
    Store(file).put("one", VALUES)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if content is None else content)
    assert Store(file).get("one", ["a"]) in ({}, {"a": VALUES["a"]})
    Store(file).put("one", {"c": 3})
    Store(file).put("one", {"c": 3})  # the first may only have found the damage
    assert Store(file).get("one", ["c"]) == {"c": 3}


def test_a_place_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one = Store(tmp_path / "file" / "known.sqlite")
    one.put("one", VALUES)
    assert one.get("one", ["a"]) == {}


def test_a_store_that_another_process_holds_costs_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    Store(file).put("one", {"a": 1})
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("begin exclusive")
    Store(file).put("one", {"a": 2})
    assert Store(file).get("one", ["a"]) == {}
    other.close()
    assert Store(file).get("one", ["a"]) == {"a": 1}


def test_the_size_is_bounded_and_what_was_used_last_stays(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limited = Store(file, limit=40_000)
    text = "".join(chr(33 + number % 90) for number in range(9_000))
    for day, key in enumerate("abcd", start=1):
        monkeypatch.setattr(module, "_today", lambda day=day: day)
        limited.put("one", {key: text})
    monkeypatch.setattr(module, "_today", lambda: 5)
    limited.get("one", ["a"])
    limited.put("one", {"e": text})
    assert limited.get("one", "abcde").keys() == {"a", "e"}
    assert file.stat().st_size < 60_000


def test_processes_side_by_side_lose_nothing(file: Path) -> None:
    code = (
        "import sys, pathlib\nfrom gitops.cache.store import Store\n"
        "for n in range(20): Store(pathlib.Path(sys.argv[1])).put('one', {f'{sys.argv[2]}-{n}': n})\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(file), str(number)]) for number in range(3)]
    assert [one.wait() for one in running] == [0, 0, 0]
    keys = [f"{one}-{number}" for one in range(3) for number in range(20)]
    assert Store(file).get("one", keys).keys() == set(keys)


def test_the_key_of_the_code_is_the_same_in_every_process() -> None:
    code = "from gitops.cache.store import code_key; print(code_key())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == module.code_key()
