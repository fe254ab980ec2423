"""The state of one server: does its process run, and does it answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.services.facts import PartStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.services.process import Server


def state_of(server: Server, answers: Callable[[], bool], address: str) -> PartStatus:
    """Look at the process, then ask the server; the address is a URL or host:port."""
    process = server.process()
    if process is None:
        return PartStatus(server.name, "stopped", None, address)
    if answers():
        return PartStatus(server.name, "running", process.pid, address)
    return PartStatus(server.name, "not answering", process.pid, address, server.last_words())
