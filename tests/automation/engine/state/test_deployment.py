"""An export is read as a stream, whatever its layout and wherever a chunk of it ends."""

from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st

from automation.engine.state import deployment

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


class Slow(io.StringIO):
    """A file that gives a few characters at a time."""

    def __init__(self, text, step):
        super().__init__(text)
        self._step = step

    def read(self, size=-1):
        return super().read(self._step)


@given(
    version=JSON,
    resources=st.lists(JSON, max_size=5),
    pending=st.lists(JSON, max_size=3),
    more=JSON,
    indent=st.sampled_from([None, 4]),
    step=st.integers(1, 7),
)
def test_every_part_comes_once_and_in_order(version, resources, pending, more, indent, step):
    export = {
        "version": version,
        "deployment": {"manifest": more, "resources": resources, "pending_operations": pending, "metadata": more},
        "features": more,
    }
    expected = [
        ("version", version),
        ("manifest", more),
        *(("resources", one) for one in resources),
        *(("pending_operations", one) for one in pending),
        ("metadata", more),
        ("features", more),
    ]
    text = json.dumps(export, indent=indent) + "\n"
    assert list(deployment.entries(Slow(text, step))) == expected
    assert list(deployment.entries(io.StringIO(text))) == expected


def test_a_deployment_may_be_nothing():
    assert list(deployment.entries(io.StringIO('{"version": 3, "deployment": null}'))) == [
        ("version", 3),
        ("deployment", None),
    ]
