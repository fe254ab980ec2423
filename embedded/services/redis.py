"""Redis for NetBox's cache and job queue: loopback only, with a password, saved to disk when it stops."""

from __future__ import annotations

import shutil
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded.services.errors import ServicesError
from embedded.services.files import write_private
from embedded.services.ports import LOOPBACK
from embedded.services.process import Server
from embedded.services.web import wait_until

if TYPE_CHECKING:
    from pathlib import Path

_START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Redis:
    """The Redis server of one home."""

    home: Path

    @property
    def server(self) -> Server:
        """Its process."""
        return Server("redis", self.home)

    def start(self, port: int, password: str) -> None:
        """Start on a loopback port and wait until the password is accepted."""
        program = shutil.which("redis-server")
        if program is None:
            raise ServicesError("Redis is missing: as root type: apt-get install -y redis-server")
        folder = self.home / "redis"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        lines = (
            f"bind {LOOPBACK}",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{folder}"',
            "save 60 1",
            "daemonize no",
            "protected-mode yes",
        )
        write_private(folder / "redis.conf", "\n".join(lines) + "\n")
        self.server.start([program, str(folder / "redis.conf")])
        wait_until(self.server, lambda: redis_answers(port, password), _START_SECONDS)


def redis_answers(port: int, password: str) -> bool:
    """Whether a Redis on this loopback port accepts the password and is ready."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=3) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            response = b""
            while response.count(b"\n") < 2:
                more = connection.recv(256)
                if not more:
                    return False
                response += more
    except OSError:
        return False
    return response.splitlines()[:2] == [b"+OK", b"+PONG"]
