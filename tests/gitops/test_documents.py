"""Bytes to documents: what is split where, what is refused with which line, and what no input can do."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitops.documents import parse
from gitops.yaml_values import Limits
from providers.core.field_path import dotted

texts = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def values(data: bytes) -> list[object]:
    documents, issues = parse("a.yaml", data)
    assert issues == []
    return [document.value for document in documents]


def refusal(data: bytes, limits: Limits | None = None) -> tuple[int, str]:
    _, issues = parse("a.yaml", data, limits or Limits())
    assert len(issues) == 1
    assert issues[0].severity == "error"
    return issues[0].origin.line, issues[0].message


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"# only a comment\n", []),
        (b"---\n---\n# nothing\n---\n...\n", []),
        (b"a: 1\n", [{"a": 1}]),
        (b"a: 1\n---\nb: 2\n---\n\n", [{"a": 1}, {"b": 2}]),
        (b"--- {a: 1}\n--- # second\nb: 2\n", [{"a": 1}, {"b": 2}]),
        (b"%YAML 1.1\n---\na: 1\n...\n%YAML 1.1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        (b"\xef\xbb\xbfa: 1\n", [{"a": 1}]),
        (b"a: 1\r\nb: |\r\n  x\r\n---\r\nc: 2\r\n", [{"a": 1, "b": "x\n"}, {"c": 2}]),
        (b"a: |\n  x\n  ---\n  y\n", [{"a": "x\n---\ny\n"}]),
        (b"a: '---'\nb: ----\n", [{"a": "---", "b": "----"}]),
        (b"[1, 2]", [[1, 2]]),
        (b"a: x?y\nb: ['x?y', \"?\"]\n", [{"a": "x?y", "b": ["x?y", "?"]}]),
        (b"a:\t1\nb: [1,\t2]\t# c\n", [{"a": 1, "b": [1, 2]}]),
        (b"x: &a 1\nz: &a 2\nw: *a\n", [{"x": 1, "z": 2, "w": 2}]),
        (b"&k a: 1\nb: *k\n*k : 2\n"[:14], [{"a": 1, "b": "a"}]),
        (b'{"a": {"b": [true, null]}}', [{"a": {"b": [True, None]}}]),
    ],
)
def test_documents_are_split_and_empty_ones_left_out(data: bytes, expected: list[object]) -> None:
    assert values(data) == expected


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"a: 1\nb: 2\na: 3\n", 3, 'the key "a" is written twice'),
        (b"x:\n  yes: 1\n  true: 2\n", 3, 'the key "true" is written twice'),
        (b"x:\n  1: a\n  '1': b\n", 3, 'the key "1" is written twice'),
        (b"a: 1\n b: 2\n", 2, "broken YAML"),
        (b"a: [1,\n", 2, "broken YAML"),
        (b"ok: 1\nbad: \x01\n", 2, "control characters"),
        (b"ok: 1\nbad: \xff\n", 2, "not UTF-8"),
        (b"a: *b\n", 1, "names no anchor"),
        (b"a: &a\n- *a\n", 2, "contains itself"),
        (b"x: &x {a: 1}\ny:\n  a: 2\n  <<: *x\n", 4, 'would overrule the key "a"'),
        (b"x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n", 4, '"<<" is written twice'),
        (b"y:\n  <<: 5\n", 2, "takes a mapping"),
        (b"? [a]\n: 1\n", 1, "cannot be a key"),
        (b"x:\n  1.10: a\n", 2, "quote it"),
        (b"x:\n  v: .inf\n", 2, "no JSON form"),
        (b"x: !!binary /w==\n", 1, "!!binary"),
        (b"a: 1\nb: [http://x/y?z=1]\n", 2, "quote it"),
        (b"{a?: 1}\n", 1, "quote it"),
        (b"%YAML 1.2\n---\na: 1\n", 1, "YAML 1.1 only"),
        ("a: 1\n".encode("utf-16"), 1, "UTF-16 text; save it as UTF-8"),
        (b"a: \x00\n", 1, "control characters"),
        (b"a:\n\tb: 1\n", 2, "a tab stands where only spaces may"),
        (b"a:\n  - 1\n\t- 2\n", 3, "a tab stands where only spaces may"),
        (b"- \ta\n", 1, "a tab stands where only spaces may"),
        (b"~: 1\n", 1, "null cannot be a key"),
        (b"-0.0: 1\n", 1, "quote it"),
        (b"!!float 5: 1\n", 1, "quote it"),
        (b'a: "\\ud800"\n', 1, "broken YAML"),
    ],
)
def test_a_refusal_names_the_line_and_the_reason(data: bytes, line: int, words: str) -> None:
    found, message = refusal(data)
    assert found == line
    assert words in message


def test_a_merge_fills_in_what_is_not_written() -> None:
    data = b"a: &a {x: 1, z: 9}\nb: &b {x: 2, q: 2}\nc:\n  <<: [*a, *b]\n  z: 3\n"
    assert values(data)[0]["c"] == {"x": 1, "q": 2, "z": 3}  # type: ignore[index]


def test_a_quoted_merge_sign_is_a_plain_key() -> None:
    assert values(b"'<<': {a: 1}\n") == [{"<<": {"a": 1}}]


@pytest.mark.parametrize(
    ("data", "limits", "words"),
    [
        (b"[" * 50_000, Limits(), "deeper than 100"),
        (b"{a: " * 5_000, Limits(), "deeper than 100"),
        (b"a: 1\n" * 10, Limits(file_bytes=20), "more than 20"),
        (b"--- 1\n" * 4, Limits(documents=3), "more than 3 documents"),
        (
            b"a: &a [1,1,1,1,1,1,1,1]\n"
            + b"".join(
                b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(ord("b"), ord("j"))
            ),
            Limits(),
            "aliases repeat more than",
        ),
    ],
)
def test_what_a_file_may_cost_is_limited(data: bytes, limits: Limits, words: str) -> None:
    assert words in refusal(data, limits)[1]


def test_a_broken_document_does_not_hide_the_others() -> None:
    documents, issues = parse("a.yaml", b"a: 1\n---\nb: [\n---\nc: 1\nc: 2\n---\nd: 4\n")
    assert [(document.origin.line, document.origin.document) for document in documents] == [(1, 0), (8, 3)]
    assert [(issue.origin.line, issue.origin.document) for issue in issues] == [(4, 1), (6, 2)]


def test_an_origin_is_the_first_line_of_the_content() -> None:
    documents, _ = parse("f/a.yaml", b"# head\n---\n# one\n\na: 1\n---\n\n---\nb: 1\n")
    assert [str(document.origin) for document in documents] == ["f/a.yaml:5", "f/a.yaml:9"]
    assert [document.origin.document for document in documents] == [0, 1]


def test_lines_are_those_of_the_field_or_its_nearest_parent() -> None:
    data = b"# c\nx: 1\n---\nspec:\n  links:\n  - switch:\n      port: a\n  - {switch: {port: b}}\n  yes: 1\n"
    document = parse("a.yaml", data)[0][1]
    lines = {
        (): 4,
        ("spec",): 4,
        ("spec", "links", 0): 6,
        ("spec", "links", 0, "switch", "port"): 7,
        ("spec", "links", 1, "switch", "port"): 8,
        ("spec", "true"): 9,
        ("spec", "links", 0, "missing", "deep"): 6,
        ("status",): 4,
    }
    assert {path: document.line_of(path) for path in lines} == lines


def test_lines_hold_in_a_chunk_with_two_documents() -> None:
    documents, _ = parse("a.yaml", b"a: 1\n...\n--- \nb:\n  c: 2\n")
    assert documents[1].line_of(("b", "c")) == 5


def test_a_path_is_shown_as_people_write_it() -> None:
    assert dotted(("spec", "links", 0, "switch", "port")) == "spec.links[0].switch.port"


@given(st.binary(max_size=300) | st.text("-:[]{}&*!|>'\"#%<? \n\tabc01.~,@`", max_size=200).map(str.encode))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    documents, issues = parse("a.yaml", data)
    for document in documents:
        document.line_of(("a", 0))
    lines = data.count(b"\n") + data.count(b"\r") + 400  # other line breaks of YAML are rare enough
    assert all(1 <= issue.origin.line <= lines for issue in issues)


@given(st.lists(json_values.filter(lambda value: value is not None), max_size=3))
def test_json_is_read_as_it_is(wanted: list[object]) -> None:
    assert values("\n---\n".join(json.dumps(value, ensure_ascii=False) for value in wanted).encode()) == wanted


@given(st.dictionaries(texts, st.lists(texts, max_size=3), min_size=1, max_size=4))
def test_quoted_yaml_is_read_as_it_was_written(wanted: dict[str, list[str]]) -> None:
    assert values(yaml.safe_dump(wanted, allow_unicode=True, default_style='"').encode()) == [wanted]
