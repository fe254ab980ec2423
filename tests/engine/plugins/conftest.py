"""A fresh stack for every test."""

from __future__ import annotations

import pytest

from tests.engine.run.harness import Engine


@pytest.fixture
def engine(tmp_path):
    return Engine(tmp_path)
