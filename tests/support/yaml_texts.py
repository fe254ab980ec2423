"""Nasty YAML for tests: ways to write the same value that people and tools use, and random values to change it to."""

from __future__ import annotations

from hypothesis import strategies as st

from authoring.text import render

NASTY = {
    "comments between": "# top\n\na: 1 # one\n# between\nb:   # header\n  # inner\n  c: x   # see\n\n  d: [1, 2]\n# foot\n",
    "block scalars": "a: |\n  one\n  two\n\nb: >-  # folded\n  x\n  y\nc: |+\n  keep\n\nd: 1\n",
    "keep at the end": "a: 1\nb: |+\n  x\n\n",
    "flow": "a: {b: 1, c: 'two', d: [x, \"y\"]} # tail\ne: [ ]\nf: {}\n",
    "flow over lines": 'a: {\n  b: 1, # one\n  c: [x,\n      y],\n}\nd: "long\n  text"\n',
    "anchors": "base: &b {x: 1}\na: *b\nc:\n  <<: *b\n  y: 2\nd: &s text\ne: *s\n",
    "anchored block": "base: &b\n  x: 1\n  l:\n  - 1\nuse:\n- *b\n- <<: [*b]\n  y: 2\n",
    "CRLF": "a: 1\r\nb:\r\n  c: x # see\r\n  d: |\r\n    t\r\n    u\r\nl:\r\n- 1\r\n- 2\r\n",
    "no newline at the end": "a: 1\nb:\n- x\n- y: 2",
    "quoted keys": '"a b": 1\n\'c: d\': {"e": 2}\n? f\n: 3\n',
    "lists of mappings": "l:\n- a: 1   # one\n  b: 2\n\n# second\n- # c\n  x: y\n-\n  z: 1\n- - 1\n  - 2\n",
    "indented lists": "l:\n  - a: 1\n    b:\n      - 2\n  - c\n",
    "nulls": "a:\nb: ~\nc:   # empty\nd: {e: , f}\n",
    "tags and numbers": "a: !!str 1\nb: 0x1F\nc: 1.50\nd: yes\ne: !!int '3'\nf: 1_000\n",
    "unicode": 'é: "😀" # ü\nb: ß x\n',
    "marker": "--- # doc\na: 1\nb:\n  c: 2\n",
}

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12) | st.sampled_from(
    ["", " ", "yes", "null", "1", "1.0", "0x1f", "~", "a: b", "# no", "- x", "a\nb", "a\nb\n", "\n", " x\ny\n", "a\n\n\nb\n",
     "<<", "=", "12:30:45", "2001-01-01", "*a", "&a", "!t", "{", "[x]", "'", '"', "é", "\t", "a\r\nb", "---", "... x", "1e3",
     "0c:20:12:ff:00:00", "trailing ", "\ufeff", "\x85"]
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(
        lambda one: not one.is_integer() and one == float(repr(one))
    )
    | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
DOCUMENTS = st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4)


def rendered(value: object) -> str:
    return render.render(value).decode()
