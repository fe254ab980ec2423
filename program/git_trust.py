"""Whether the commit at the head of the branch is signed by somebody who is trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from program.git_command import GitCommand
    from providers.settings import GitSettings


def require_signature(command: GitCommand, settings: GitSettings, head: str) -> None:
    """Refuse a commit without a good signature where the settings ask for one."""
