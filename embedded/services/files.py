"""Files and folders: where things are kept, and writing that is private and all-or-nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]
TOOLS = PROJECT_ROOT / "tools"


def default_cache() -> Path:
    """The folder for what is built once: `$HHSYNC_CACHE`, else `$XDG_CACHE_HOME/hhsync`, else `~/.cache/hhsync`."""
    if named := os.environ.get("HHSYNC_CACHE"):
        return Path(named).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().resolve() / "hhsync"


def write_private(path: Path, text: str) -> None:
    """Replace a file by `text` in one step; only its owner may read it (mode 0600)."""
    _replace(path, text, 0o600)


def write_public(path: Path, text: str) -> None:
    """Replace a file by `text` in one step; everybody may read it (mode 0644)."""
    _replace(path, text, 0o644)


def _replace(path: Path, text: str, mode: int) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        # mkstemp makes the file 0600, so a secret is never readable, not even for a moment
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def own_folder(path: Path) -> Path:
    """Make a folder that others may pass through but not list (mode 0711), and return it.

    PostgreSQL's unprivileged user has to reach its own folder below; every secret is in a file of mode 0600.
    """
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o711)
    return path


def remove_tree(path: Path) -> None:
    """Remove a folder with all that is in it; nothing happens when it is not there."""
    if path.exists():
        shutil.rmtree(path)
