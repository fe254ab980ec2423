"""`python -m embedded.webhooks`: the webhooks and the controller of one fabric, until the process is told to end."""

from __future__ import annotations

import argparse
from pathlib import Path

from embedded.webhooks.agents import Behaviour
from embedded.webhooks.cache import Cache
from embedded.webhooks.cluster import Cluster
from embedded.webhooks.controller import Controller
from embedded.webhooks.server import Desk, serve
from embedded.webhooks.settings import Settings, WatchedFile


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m embedded.webhooks", description=__doc__)
    for name in ("--kubeconfig", "--certificate", "--key", "--settings"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    return parser.parse_args()


def main() -> None:
    """Serve for ever."""
    arguments = _arguments()
    cluster = Cluster.of(arguments.kubeconfig)
    settings = WatchedFile(arguments.settings, Settings.read)
    cache = Cache(cluster, lambda: settings().cache_lag_seconds)
    controller = Controller(cluster, cache, WatchedFile(arguments.settings, Behaviour.read))
    cache.start(controller.changed)
    controller.start()
    serve(Desk(cache, settings), arguments.port, arguments.certificate, arguments.key)


if __name__ == "__main__":
    main()
