"""The emulator of Hedgehog's webhooks on the session's fabric; where it has none yet, it gets one for a while."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.services.kubernetes.webhooks import Webhooks
from embedded.services.ports import Ports
from tests.support.services import HEDGEHOG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.services import Running


@contextlib.contextmanager
def emulator(services: Running) -> Iterator[Webhooks]:
    """The emulator of that fabric, running; its settings file is as it was afterwards."""
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
