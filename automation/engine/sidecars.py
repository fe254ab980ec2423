"""A file backend's files of attributes, of which a CLI that is killed while it saves a state leaves an empty one.

The CLI then reads no stack of that backend any more ("EOF"), though every state in it is whole: a
state is written beside its old one and renamed, its attributes are written in place. Nothing is lost
with them; they are a content type and a checksum, and the CLI does without where there are none.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger("hhsync.engine")

_SCHEME = "file://"


def is_folder(backend: str) -> bool:
    """Whether a backend's URL is one of a folder."""
    return backend.startswith(_SCHEME)


def remove_broken(backend: str, root: Path, home: Path, project: str) -> None:
    """Remove the broken files of attributes of a backend's stacks.

    Args:
        backend: the backend's URL, one of a folder.
        root: where the CLI runs, for a URL that is relative.
        home: what `~` in the URL means.
        project: whose stacks.
    """
    place = backend.removeprefix(_SCHEME).partition("?")[0]
    folder = home / place.removeprefix("~").lstrip("/") if place.startswith("~") else root / place
    kept = folder / ".pulumi"
    folders = (kept, kept / "stacks", kept / "stacks" / project)
    for path in (path for folder in folders for path in folder.glob("*.attrs")):
        if _is_broken(path):
            path.unlink(missing_ok=True)
            log.warning("removed %s, which a killed run of the Pulumi CLI had left empty", path)


def _is_broken(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return True
    except OSError:
        pass
    return False
