"""The real servers of a test session: started once, stopped at the end, and those of killed sessions removed."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.services import Services
from embedded.services.files import default_cache
from embedded.services.process import Process
from embedded.services.programs.golang import GoTools
from embedded.services.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
FABRICS = 2
# The one with the emulator of Hedgehog's webhooks; what the schemas let through can be stored in fabric-1.
HEDGEHOG = "fabric-2"

HOME_PREFIX = "hhsync-test-"
OWNER = "owner.json"


def make_services(home: Path) -> Services:
    """Servers of a test in a folder of their own, with the project's CRDs and the machine's cache."""
    return Services(home, crds=ROOT / "providers" / "crds", progress=_progress)


def _progress(line: str) -> None:
    print(line, flush=True)


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
