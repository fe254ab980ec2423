"""YAML: the scalar rules of the CLI's parser, and edits that leave the rest of a text alone."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine import yaml_edit, yaml_text
from embedded.engine.errors import EngineError
from tests.engine.files.laws import law

SCALARS: list[tuple[str, Any]] = [
    ("yes", "yes"),
    ("on", "on"),
    ("true", True),
    ("False", False),
    ("~", None),
    ("", None),
    ("10:20:30:40:50:11", "10:20:30:40:50:11"),
    ("2026-01-01", "2026-01-01"),
    ("0777", 511),
    ("0o17", 15),
    ("0x1F", 31),
    ("0b11", 3),
    ("1_000", 1000),
    ("-5", -5),
    ("08", 8.0),
    ("1.5e3", 1500.0),
    (".5", 0.5),
    ("-.inf", -math.inf),
    ("1.2.3", "1.2.3"),
    ("'5'", "5"),
    ("!!str 5", "5"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS, ids=[row[0] for row in SCALARS])
def test_scalars_mean_what_the_cli_takes_them_for(text: str, value: Any) -> None:
    read = yaml_text.load(f"k: {text}\n", "f")["k"]
    assert (type(read), read) == (type(value), value)


def test_a_key_given_twice_is_an_error_with_its_line() -> None:
    with pytest.raises(EngineError, match=r"f, line 3: key 'a' is given twice"):
        yaml_text.load("a: 1\nb: 2\na: 3\n", "f")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(
    ["yes", "0o7", "1e3", "a: b", "- a", "#", "~", ".inf", "v1:a+/=", "two\nlines", "\x7f\x85\u2028\ufeff", "=", "<<"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@law
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_what_is_written_reads_back_the_same(value: dict[str, Any]) -> None:
    text = "".join(f"{line}\n" for line in yaml_text.block(value, 0))
    assert yaml_text.load(text, "f") == value


KEYS = st.sampled_from(["p:a", "p:b", "q:c", "d"])
EDITS = st.lists(st.tuples(KEYS, st.none() | st.tuples(VALUES)), max_size=6)
START = """\
# head
other: {flow: [1, 2]}   # kept
config:
  # about a
  p:a: 1   # why
  d: |
    two
    lines

  # about b
  p:b:
    secure: v1:x
tail: end
# foot
"""


@law
@given(EDITS)
def test_any_edits_change_what_they_name_and_nothing_else(edits: list[tuple[str, tuple[Any] | None]]) -> None:
    text = START
    config: dict[str, Any] = {"p:a": 1, "d": "two\nlines\n", "p:b": {"secure": "v1:x"}}
    for key, new in edits:
        if new is None:
            config.pop(key, None)
            text = yaml_edit.remove_entry(text, ("config", key))
        else:
            config[key] = new[0]
            text = yaml_edit.set_entry(text, ("config", key), new[0])
    expected = {"other": {"flow": [1, 2]}, "tail": "end", **({"config": config} if config else {})}
    assert yaml_text.load(text, "f") == expected
    assert text.startswith("# head\nother: {flow: [1, 2]}   # kept\n")
    assert text.rstrip("\n").find("# foot") >= 0


CUTS: list[tuple[str, str, Any, str]] = [
    ("one scalar", "config:\n  a: 1 # c\n", "x", "config:\n  a: x # c\n"),
    ("an empty value", "config:\n  a:\n  b: 2\n", "x", "config:\n  a: x\n  b: 2\n"),
    ("no mapping yet", "config:\n", "x", "config:\n  a: x\n"),
    ("no file yet", "", "x", "config:\n  a: x\n"),
    ("no last newline", "config:\n  b: 2", "x", "config:\n  b: 2\n  a: x\n"),
    ("deep indentation", "config:\n    b: 2\n", "x", "config:\n    b: 2\n    a: x\n"),
    ("flow style", "config: {b: 2}\n", "x", "config:\n  b: 2\n  a: x\n"),
    ("a quoted key", 'config:\n  "a": 1\n', [1], 'config:\n  "a":\n    - 1\n'),
    ("more keys behind", "config:\n  a: 1\n\nz: 1\n", {"b": 2}, "config:\n  a:\n    b: 2\n\nz: 1\n"),
]


@pytest.mark.parametrize(("before", "value", "after"), [row[1:] for row in CUTS], ids=[row[0] for row in CUTS])
def test_an_edit_is_a_small_cut(before: str, value: Any, after: str) -> None:
    assert yaml_edit.set_entry(before, ("config", "a"), value) == after


def test_an_edit_next_to_an_anchor_keeps_every_value() -> None:
    text = "x: &q [1]\nconfig:\n  a: *q\n  b: *q\n"
    assert yaml_text.load(yaml_edit.set_entry(text, ("config", "a"), 5), "f") == {
        "x": [1],
        "config": {"a": 5, "b": [1]},
    }


def test_the_salt_becomes_the_first_key_below_the_head() -> None:
    changed = yaml_edit.set_entry("# head\nconfig:\n  a: 1\n", ("encryptionsalt",), "v1:s", first=True)
    assert changed == "# head\nencryptionsalt: v1:s\nconfig:\n  a: 1\n"
