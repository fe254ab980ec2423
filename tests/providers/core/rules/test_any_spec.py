"""Rules read specs that a schema has refused, too: whatever stands in a field, they find or pass over, and never fail."""

# ruff: noqa: E501 (values are a row)
from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.base_fabric import BASE, findings

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.sampled_from(
        ["", "x", "10.0.1.0/24", "::1/64", "10.0.0.1", "one/default", "l3/E1/1", "E1/55", "4x25G", "default", "00:00:00:00:00:01"]
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["ip", "port", "range", "x"]), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


PLACES = [(key, path) for key, spec in BASE.items() for path in places(spec)]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=4))
def test_no_value_makes_a_rule_fail(changes: list[tuple[tuple[str, tuple[Any, ...]], Any]]) -> None:
    specs = copy.deepcopy(BASE)
    for (key, path), value in changes:
        inside: Any = specs[key]
        for part in path[:-1]:
            if not isinstance(inside, dict | list) or (
                isinstance(inside, list) and not (isinstance(part, int) and part < len(inside))
            ):
                break
            if isinstance(inside, dict) and part not in inside:
                break
            inside = inside[part]
        else:
            if isinstance(inside, dict) or (
                isinstance(inside, list) and isinstance(path[-1], int) and path[-1] < len(inside)
            ):
                inside[path[-1]] = value
    for finding in findings(specs):
        assert finding.message
        assert "\n" not in finding.message
