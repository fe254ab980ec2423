"""The real servers for tests marked `services`: set up before the first test, started once, stopped at the end."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.support.services import FABRICS, HEDGEHOG, fresh_services, kubernetes_plugin, make_services, remove_abandoned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.services import Running

# Property tests: no time is asserted, and CI tries the same examples every time, so that its verdict does not change by itself.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Set the servers up here, where no test's time limit counts, when a selected test needs them."""
    if session.config.option.collectonly:
        return
    if any(item.get_closest_marker("services") for item in session.items):
        capture = session.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            make_services(Path(tempfile.gettempdir()) / "hhsync-unused").setup()
        if any(item.get_closest_marker("kubernetes_plugin") for item in session.items):
            with capture.global_and_fixture_disabled():
                kubernetes_plugin()
        # told to end, the session still stops its servers; killed, the next one does
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        remove_abandoned(Path(tempfile.gettempdir()))


@pytest.fixture(scope="session")
def services() -> Iterator[Running]:
    """A fresh NetBox, a fresh cluster for each of two fabrics, and an empty Git repository."""
    with fresh_services() as one:
        yield one.start(fabrics=FABRICS, webhooks=[HEDGEHOG])
