"""The fabric of the session that has the stand-in for Hedgehog's webhooks; where it has none yet, it gets one for a while."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedded.services.kubernetes.webhooks import Webhooks
from embedded.services.ports import Ports
from tests.conftest import HEDGEHOG
from tests.support.webhooks.live import Live

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.services import Running


@contextlib.contextmanager
def emulator(services: Running) -> Iterator[Webhooks]:
    """The stand-in of that fabric, running; its settings file is as it was afterwards."""
    home = Path(services.home)
    one = Webhooks(HEDGEHOG, home, Ports(home / "ports.json"))
    kubeconfig = Path(services.fabric(HEDGEHOG).admin_kubeconfig)
    api = one.admin(kubeconfig)
    started_here = one.server.process() is None
    one.start(kubeconfig, api)
    try:
        yield one
    finally:
        one.settings.unlink(missing_ok=True)
        if started_here:
            one.remove(api)


@pytest.fixture(scope="module")
def webhooks(services: Running) -> Iterator[Webhooks]:
    """See `stand_in`."""
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
