"""The project with the recorded stack: its environment, and where its state is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.project import PASSPHRASE, pulumi_cli
from tests.support.states import STACK

if TYPE_CHECKING:
    from pathlib import Path


def environment(root: Path) -> dict[str, str]:
    """The environment of a user of that project."""
    return {
        "HHSYNC_PULUMI": str(pulumi_cli()),
        "PULUMI_BACKEND_URL": f"file://{root}/state",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_HOME": str(root / "home"),
    }


def state_file(root: Path) -> Path:
    """Where the file backend keeps the stack's state."""
    return root / "state" / ".pulumi" / "stacks" / "hhsync" / f"{STACK}.json"
