"""The real servers for tests marked `services`: set up before the first test, started once, stopped at the end."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from embedded.services import Running, Services
from embedded.services.files import default_cache
from embedded.services.process import Process
from embedded.services.programs.golang import GoTools
from embedded.services.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator

# Property tests: no time is asserted, and CI tries the same examples every time, so that its verdict does not change by itself.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")

ROOT = Path(__file__).resolve().parents[1]
FABRICS = 2
HEDGEHOG = "fabric-2"
#: The one with the stand-in for Hedgehog's webhooks; what the schemas let through can be stored in fabric-1.

HOME_PREFIX = "hhsync-test-"
OWNER = "owner.json"


def make_services(home: Path) -> Services:
    """Servers of a test in a folder of their own, with the project's CRDs and the machine's cache."""
    return Services(home, crds=ROOT / "providers" / "crds", progress=_progress)


def _progress(line: str) -> None:
    print(line, flush=True)


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


def kubernetes_plugin() -> Path:
    """Pulumi's Kubernetes plugin: built from Go modules unless that is done."""
    return GoTools(default_cache()).build("pulumi-resource-kubernetes", Steps(_progress))


def remove_abandoned(folder: Path) -> None:
    """Stop and remove the servers of sessions that were killed; those of living sessions are left alone."""
    for owner in folder.glob(f"{HOME_PREFIX}*/{OWNER}"):
        with contextlib.suppress(FileNotFoundError, ValueError):
            if not Process(**json.loads(owner.read_text())).alive():
                make_services(owner.parent).remove()


@contextlib.contextmanager
def fresh_services() -> Iterator[Services]:
    """Servers in a new folder; they are stopped by process id and removed at the end, come what may."""
    home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX))
    (home / OWNER).write_text(json.dumps(dataclasses.asdict(Process.of(os.getpid()))))
    one = make_services(home)
    try:
        yield one
    finally:
        one.remove()


@pytest.fixture(scope="session")
def services() -> Iterator[Running]:
    """A fresh NetBox, a fresh cluster for each of two fabrics, and an empty Git repository."""
    with fresh_services() as one:
        yield one.start(fabrics=FABRICS, webhooks=[HEDGEHOG])
