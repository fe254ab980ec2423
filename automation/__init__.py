"""Scripts over the Pulumi Automation API: the `hhsync` command, and `Fabric` for scripts of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automation.api import Fabric

__all__ = ["Fabric"]


def __getattr__(name: str) -> Any:
    """Import the API when it is asked for, so that `hhsync --help` need not."""
    if name == "Fabric":
        from automation.api import Fabric

        return Fabric
    raise AttributeError(name)
