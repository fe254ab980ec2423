"""`python -m embedded.services setup|start|stop|status|remove|kubectl`: the servers without the rest of hhsync."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from embedded.services.errors import ServicesError
from embedded.services.files import PROJECT_ROOT, default_cache
from embedded.services.programs.golang import GoTools, kubectl
from embedded.services.services import Services
from embedded.services.setup import PARTS
from embedded.services.steps import Steps

_BEGUN = time.monotonic()


def _say(line: str) -> None:
    print(f"[{time.monotonic() - _BEGUN:4.0f} s] {line}", flush=True)  # noqa: T201


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m embedded.services", description=__doc__)
    parser.add_argument("verb", choices=["setup", "start", "stop", "status", "remove", "kubectl"])
    parser.add_argument("--home", type=Path, default=PROJECT_ROOT / ".hhsync" / "services")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--crds", type=Path, default=PROJECT_ROOT / "providers" / "crds")
    parser.add_argument("--fabrics", type=int, default=1)
    parser.add_argument("--parts", type=lambda text: text.split(","), default=list(PARTS))
    parser.add_argument(
        "--no-webhooks", action="store_true", help="API servers that take what their schemas let through"
    )
    return parser.parse_args()


def _start(services: Services, arguments: argparse.Namespace) -> None:
    running = services.start(arguments.fabrics, arguments.parts, webhooks=not arguments.no_webhooks)
    if running.netbox:
        _say(f"NetBox: {running.netbox.url} as {running.netbox.username}")
    for fabric in running.fabrics:
        _say(f"{fabric.name}: {fabric.url}, kubeconfig {fabric.hhsync_kubeconfig}")
    _say(f"Git: {running.git_url}; passwords and tokens: {services.home / 'services.json'}")


def _status(services: Services) -> int:
    parts = services.status()
    for part in parts:
        _say(f"{part.name:20} {part.state:14} {part.pid or '-':>8} {part.url} {part.detail}".rstrip())
    return 0 if parts and all(part.state == "running" for part in parts) else 1


def main() -> int:
    """Run one verb; exit code 0, or 1 after one line that says what failed (status: 1 unless all run)."""
    arguments = _arguments()
    # so that a set-up that is told to end also ends its children
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    services = Services(arguments.home, arguments.cache, arguments.crds, _say)
    try:
        match arguments.verb:
            case "setup":
                services.setup(arguments.parts)
            case "start":
                _start(services, arguments)
            case "stop":
                services.stop()
            case "status":
                return _status(services)
            case "remove":
                services.remove()
            case "kubectl":
                _say(str(kubectl(GoTools(services.cache), Steps(_say))))
    except ServicesError as error:
        _say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _say("interrupted; the next run goes on from here")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
