"""The fabric of the session that has the emulator of Hedgehog's webhooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.services import HEDGEHOG
from tests.support.webhooks.emulator import emulator
from tests.support.webhooks.live import Live

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.services import Running
    from embedded.services.kubernetes.webhooks import Webhooks


@pytest.fixture(scope="module")
def webhooks(services: Running) -> Iterator[Webhooks]:
    """See `emulator`."""
    with emulator(services) as one:
        yield one


@pytest.fixture
def live(services: Running, webhooks: Webhooks) -> Iterator[Live]:
    """The API server, cleared of what the test made."""
    one = Live.of(Path(services.fabric(HEDGEHOG).admin_kubeconfig))
    try:
        yield one
    finally:
        one.clear()
