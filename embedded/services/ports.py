"""Free ports on loopback, kept over restarts so that URLs stay the same."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING

from embedded.services.files import write_private

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = "127.0.0.1"


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # a port whose last connections are still winding down is free: servers listen with this option, too
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _new_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Ports:
    """The ports of one home by server name, in a file; safe for several threads of one process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def get(self, name: str) -> int | None:
        """The port that a server had last, whether or not it is free now; None when it never had one."""
        with self._lock:
            return self._read().get(name)

    def claim(self, name: str) -> int:
        """A port for a server that is about to listen: the one it had when that is free, else a new one."""
        with self._lock:
            ports = self._read()
            port = ports.get(name)
            if port is None or not port_is_free(port):
                taken = {other for key, other in ports.items() if key != name}
                port = next(new for new in iter(_new_port, None) if new not in taken)
                ports[name] = port
                write_private(self._path, json.dumps(ports, indent=2) + "\n")
            return port

    def _read(self) -> dict[str, int]:
        try:
            return {str(name): int(port) for name, port in json.loads(self._path.read_text()).items()}
        except (FileNotFoundError, ValueError):
            return {}
