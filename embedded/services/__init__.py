"""Real servers for the demo and the tests: NetBox, Kubernetes API servers and a bare Git repository.

The modules that only set up (packages, golang, netbox_setup, setup, steps) use the standard library alone, so that
`python -m embedded.services setup` runs before the project's own dependencies are installed.
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
