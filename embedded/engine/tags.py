"""Stack tags of a folder backend: one JSON file beside the state, in the shape that the CLI writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from embedded.engine.errors import StateError
from embedded.engine.files import write_atomic
from embedded.engine.property_json import dumps

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = 1


def read(path: Path) -> dict[str, str]:
    """The tags; none where there is no file. Raises StateError for a file that cannot be read."""
    try:
        content = json.loads(path.read_bytes())
        if content["version"] != _VERSION:
            raise StateError(f"{path} has version {content['version']}, and this engine reads {_VERSION}")
        return {str(key): str(value) for key, value in (content.get("tags") or {}).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(f"could not read the tags {path}: {error}; correct or delete the file") from None


def write(path: Path, tags: dict[str, str]) -> None:
    """Replace the tags; without any, the file goes. Raises OSError."""
    if tags:
        write_atomic(path, dumps({"version": _VERSION, "tags": dict(sorted(tags.items()))}).encode())
    else:
        path.unlink(missing_ok=True)
