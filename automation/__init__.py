"""What runs a fabric: the `hhsync` command, `Fabric` for scripts, and the verbs behind both.

One verb is: a context read once, a plan that follows from it, and its execution (operations, context, execution, engine).
May import every other package; nothing imports it.
"""

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
