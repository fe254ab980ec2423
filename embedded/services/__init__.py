"""Real servers for the demo and the tests: NetBox, Kubernetes API servers and a bare Git repository.

The modules that only set up (packages, golang, netbox_setup, setup, steps) use the standard library alone, so that
`python -m embedded.services setup` runs before the project's own dependencies are installed.
"""

from embedded.services.errors import ServicesError
from embedded.services.facts import FabricAccess, GitAccess, NetBoxAccess, PartStatus, Running
from embedded.services.services import Services

__all__ = ["FabricAccess", "GitAccess", "NetBoxAccess", "PartStatus", "Running", "Services", "ServicesError"]
