"""What is remembered under PULUMI_HOME: the login, and the stack that is selected for each project and backend."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded.engine.errors import StateError
from embedded.engine.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.project import Project


def user_home(env: Mapping[str, str]) -> Path:
    """The account's home folder, as the CLI finds it: by the account first, by HOME where it has none."""
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path(env.get("HOME") or "/")


def pulumi_home(env: Mapping[str, str]) -> Path:
    """PULUMI_HOME, or `.pulumi` in the account's home folder."""
    return Path(env["PULUMI_HOME"]) if env.get("PULUMI_HOME") else user_home(env) / ".pulumi"


def login_url(env: Mapping[str, str]) -> str:
    """The backend that `pulumi login` chose last, or empty. Raises StateError for an unreadable credentials file."""
    return str(_read(pulumi_home(env) / "credentials.json").get("current") or "")


class Selection:
    """The selected stack of one project in one backend. `get` and `set` read and write the file each time."""

    def __init__(self, env: Mapping[str, str], project: Project, backend_url: str) -> None:
        # The file name only has to be the one that the CLI makes up.
        digest = hashlib.sha1(str(project.path).encode(), usedforsecurity=False).hexdigest()
        self._path = pulumi_home(env) / "workspaces" / f"{project.name}-{digest}-workspace.json"
        self._url = backend_url

    def get(self) -> str:
        """The stack's qualified name, or empty."""
        settings = _read(self._path)
        return str((settings.get("stacks") or {}).get(self._url) or settings.get("stack") or "")

    def set(self, qualified: str) -> None:
        """Select a stack, or none with an empty name."""
        settings = _read(self._path)
        stacks = dict(settings.get("stacks") or {})
        stacks.pop(self._url, None)
        if qualified:
            stacks[self._url] = qualified
        else:
            settings.pop("stack", None)
        settings = {**settings, "stacks": stacks}
        if not stacks:
            del settings["stacks"]
        if settings:
            write_atomic(self._path, json.dumps(settings, indent=4).encode(), 0o600)
        else:
            self._path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StateError(f"could not read {path}: {error}; correct or delete the file") from None
    return content if isinstance(content, dict) else {}
