"""Edits change only what they name: comments, order and style survive, and every text is read back as the wanted value."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authoring.text import paths, render
from authoring.text.edit import EditRefused, rewrite
from authoring.text.nodes import document, same
from gitops import documents
from tests.support.yaml_texts import (
    DOCUMENTS,
    NASTY,
    VALUES,
    rendered,
)


def read(text: str) -> object:
    found, issues = documents.parse("x.yaml", text.encode())
    assert issues == []
    return found[0].value if found else None


def all_paths(value: object, at: tuple = ()) -> list[tuple]:
    found = [at] if at else []
    if isinstance(value, dict):
        return found + [path for key, item in value.items() for path in all_paths(item, (*at, key))]
    if isinstance(value, list):
        return found + [path for index, item in enumerate(value) for path in all_paths(item, (*at, index))]
    return found


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    diff = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    return [one[1:] for one in diff if one[0] == "-"], [one[1:] for one in diff if one[0] == "+"]


@given(DOCUMENTS)
def test_parse_of_render_gives_the_same_value(value):
    assert same(read(rendered(value)), value)


@given(DOCUMENTS)
def test_render_is_a_fixed_point(value):
    text = render.render(value)
    assert render.render(read(text.decode())) == text


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_the_tree_reads_what_the_parser_reads(text):
    assert same(document(text).value, read(text))


@given(st.sampled_from(sorted(NASTY)), st.data())
def test_setting_any_field_of_nasty_yaml_means_just_that(name, data):
    text = NASTY[name]
    value = read(text)
    path = data.draw(st.sampled_from(all_paths(value)))
    target = paths.with_value(value, path, data.draw(VALUES))
    assert same(read(rewrite(text, target)), target)


@given(st.sampled_from(sorted(NASTY)), st.data())
def test_removing_any_field_of_nasty_yaml_means_just_that(name, data):
    text = NASTY[name]
    value = read(text)
    target = paths.without(value, data.draw(st.sampled_from(all_paths(value))))
    if target:
        assert same(read(rewrite(text, target)), target)


@given(DOCUMENTS, DOCUMENTS)
def test_any_value_can_become_any_other(before, after):
    assert same(read(rewrite(rendered(before), after)), after)


@given(st.sampled_from(sorted(NASTY)), st.data())
def test_merging_any_patch_into_nasty_yaml_means_just_that(name, data):
    text = NASTY[name]
    target = paths.merged(read(text), data.draw(DOCUMENTS))
    if target:
        assert same(read(rewrite(text, target)), target)


@given(st.sampled_from(sorted(NASTY)))
def test_nothing_to_change_leaves_every_byte(name):
    assert rewrite(NASTY[name], read(NASTY[name])) == NASTY[name]


@given(
    st.sampled_from(["comments between", "flow", "CRLF", "no newline at the end", "indented lists", "quoted keys"]),
    st.data(),
)
def test_a_scalar_for_a_scalar_changes_its_line_only(name, data):
    text = NASTY[name]
    value = read(text)
    scalars = [path for path in all_paths(value) if not isinstance(reach(value, path), dict | list)]
    path = data.draw(st.sampled_from(scalars))
    if "\n" in str(reach(value, path)):
        return
    new = data.draw(st.integers(10, 99) | st.sampled_from(["text", "yes", "a: b", "#"]))
    gone, come = changed_lines(text, rewrite(text, paths.with_value(value, path, new)))
    assert len(gone) == len(come) <= 1


def reach(value, path):
    for step in path:
        value = value[step]
    return value


COMMENTED = "a: 1 # one\n# two\nb: # three\n  # four\n  c: {x: 1} # five\nd: # six\n- 1 # seven\n"


@given(st.data())
def test_comments_survive_every_change_of_a_scalar(data):
    value = read(COMMENTED)
    path = data.draw(
        st.sampled_from([("a",), ("b", "c", "x"), ("b", "c", "y"), ("b", "n"), ("d", 0), ("d", 1), ("e",)])
    )
    text = rewrite(COMMENTED, paths.with_value(value, path, data.draw(VALUES)))
    assert all(f"# {word}" in text for word in ("one", "two", "three", "four", "five", "six", "seven"))


EXAMPLES = {
    "a number": ("spec:\n  vlan: 1001 # web\n", "spec.vlan", 1002, "spec:\n  vlan: 1002 # web\n"),
    "single quotes stay": ("a: 'x'\n", "a", "it's", "a: 'it''s'\n"),
    "double quotes stay": ('a: "x"\n', "a", "y", 'a: "y"\n'),
    "text that looks like a number is quoted": ("a: x\n", "a", "1", 'a: "1"\n'),
    "a new key": ("a:\n    b: 1\n", "a.c", 2, "a:\n    b: 1\n    c: 2\n"),
    "a new key in brackets": ("a: {b: 1}\n", "a.c", "x", "a: {b: 1, c: x}\n"),
    "a mapping for nothing": ("a:   # why\nb: 1\n", "a.c", 2, "a:   # why\n  c: 2\nb: 1\n"),
    "the next element": ("l:\n  - a\nb: 1\n", "l[1]", "c", "l:\n  - a\n  - c\nb: 1\n"),
    "CRLF": ("a: 1\r\nb: 2\r\n", "c", 3, "a: 1\r\nb: 2\r\nc: 3\r\n"),
    "no newline at the end": ("a: 1", "b", 2, "a: 1\nb: 2"),
    "a text of lines where no newline ends the file": ("a: 1", "b", "x\n", "a: 1\nb: |\n  x\n"),
    "beside a text that no newline ends": ("a: |\n  x", "b", 1, "a: x\nb: 1"),
    "a text of lines": ("a: x # c\nb: 1\n", "a", "p\nq\n", "a: | # c\n  p\n  q\nb: 1\n"),
    "an alias": ("a: &x 1\nb: *x\n", "b", 2, "a: &x 1\nb: 2\n"),
    "an anchor": ("a: &x 1\nb: *x\n", "a", 2, "a: 2\nb: 1\n"),
}


@pytest.mark.parametrize(("text", "path", "value", "wanted"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_an_edited_value_changes_its_line_only(text, path, value, wanted):
    assert rewrite(text, paths.with_value(read(text), paths.parse(path), value)) == wanted


def test_a_document_cannot_become_something_else():
    with pytest.raises(EditRefused):
        rewrite("a: 1\n", {})
