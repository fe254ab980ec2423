"""A project without stacks, and one with a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.engine import secrets
from tests.engine.files.world import Engine, make_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _cheap_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A third of a second per key is for attackers; `test_secrets` checks the real figure."""
    monkeypatch.setattr(secrets, "ITERATIONS", 10)
    secrets._derive.cache_clear()
    yield
    secrets._derive.cache_clear()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A project named `proj` without stacks."""
    return make_engine(tmp_path)


@pytest.fixture
def dev(engine: Engine) -> Engine:
    """The same with a stack `dev`, selected."""
    assert engine("stack", "init", "dev").code == 0
    return engine
