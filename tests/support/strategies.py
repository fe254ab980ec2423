"""Random JSON values as CR specs hold them."""

from __future__ import annotations

from hypothesis import strategies as st

keys = st.sampled_from(["a", "b", "c", "vlan", "sub.net", "x/y"])
leaves = st.none() | st.booleans() | st.integers(-5, 5000) | st.sampled_from(["", "10.0.1.0/24", "yes", "é"])
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
specs = st.dictionaries(keys, values, max_size=4)
