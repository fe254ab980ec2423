"""Real servers for the demo and the tests: NetBox, Kubernetes API servers and a Git server.

What only sets up (`programs`, `netbox.setup`, `setup`, `steps`) uses the standard library alone, so that `python -m
embedded.services setup` runs before the project's dependencies are installed. Must not know hhsync.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embedded.services.errors import ServicesError
    from embedded.services.facts import FabricAccess, GitAccess, NetBoxAccess, PartStatus, Running
    from embedded.services.services import Services

__all__ = ["FabricAccess", "GitAccess", "NetBoxAccess", "PartStatus", "Running", "Services", "ServicesError"]


def __getattr__(name: str) -> Any:
    """Load what is asked for: every verb looks for the Pulumi CLI in here, and few start a server."""
    if name not in __all__:
        raise AttributeError(name)
    module = {"Services": "services", "ServicesError": "errors"}.get(name, "facts")
    return getattr(import_module(f"embedded.services.{module}"), name)
