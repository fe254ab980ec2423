"""What a backend that is a folder needs, since the CLI's writing there is not safe from kills and full disks.

- A state is written beside its old one and renamed, but its attributes (a content type and a
  checksum) are written in place. A CLI that is killed in between leaves an empty file of them, and no
  CLI reads any stack of that folder any more ("EOF"). Without that file it does.
- On a full disk the CLI renames what it could write, half a state. The one before is kept (.bak).
"""

from __future__ import annotations

import json
import logging
import shutil
from typing import TYPE_CHECKING, Any

from providers.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger("hhsync.engine")

_SCHEME = "file://"
_MEGABYTE = 1 << 20
_LEAST = 64 * _MEGABYTE

# A state, the one before it, and some growth: that of 10,000 CRs takes 40 MB.
_TIMES = 3


def is_folder(backend: str) -> bool:
    """Whether a backend's URL is one of a folder."""
    return backend.startswith(_SCHEME)


def folder_of(backend: str, root: Path, home: Path) -> Path:
    """The folder, which holds `.pulumi`.

    Args:
        backend: the backend's URL.
        root: where the CLI runs, for a URL that is relative.
        home: what `~` in the URL means.
    """
    place = backend.removeprefix(_SCHEME).partition("?")[0]
    return home / place.removeprefix("~").lstrip("/") if place.startswith("~") else root / place


def remove_broken(folder: Path, project: str) -> None:
    """Remove the broken files of attributes of a project's stacks."""
    kept = folder / ".pulumi"
    folders = (kept, kept / "stacks", kept / "stacks" / project)
    for path in (path for folder in folders for path in folder.glob("*.attrs")):
        if _is_broken(path):
            path.unlink(missing_ok=True)
            log.warning("removed %s, which a killed run of the Pulumi CLI had left empty", path)


def require_room(folder: Path, project: str, fabric: str) -> None:
    """Refuse to write a state that the disk may have no room for.

    Raises:
        EngineError: less is free than a few times the state.
    """
    states = (folder / ".pulumi" / "stacks" / project).glob(f"{fabric}.json*")
    try:
        needed = max(_LEAST, _TIMES * max((path.stat().st_size for path in states), default=0))
        free = shutil.disk_usage(folder).free
    except OSError:
        return  # the CLI says what is wrong with the folder
    if free < needed:
        raise EngineError(
            f"{folder} has {free // _MEGABYTE} MB free, and the state of stack {fabric} needs {needed // _MEGABYTE} MB; free "
            "some space, nothing was changed"
        )


def locks(folder: Path, project: str, fabric: str) -> list[dict[str, Any]]:
    """What stands in a stack's locks; nothing where one of them cannot be read, so that none is taken for all."""
    try:
        paths = sorted((folder / ".pulumi" / "locks" / "organization" / project / fabric).glob("*.json"))
        found = [json.loads(path.read_bytes()) for path in paths]
    except (OSError, ValueError):
        return []
    return found if all(isinstance(one, dict) for one in found) else []


def _is_broken(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return True
    except OSError:
        pass
    return False
