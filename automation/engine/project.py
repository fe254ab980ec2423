"""The Pulumi project: where its root is, what its Pulumi.yaml says, and which state backend that means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from automation.engine.messages import BACKEND
from providers.errors import ConfigError, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = "hhsync"
DEFAULT_BACKEND = "file://~"
PULUMI_HOME, CREDENTIALS, TOKEN = "PULUMI_HOME", "PULUMI_CREDENTIALS_PATH", "PULUMI_ACCESS_TOKEN"


def find_root(start: Path | None = None) -> Path:
    """The project's root: the nearest folder, from `start` (default: here) upward, whose Pulumi.yaml is hhsync's.

    Raises:
        ConfigError: there is none.
    """
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        settings = folder / "Pulumi.yaml"
        if settings.is_file() and project_file(settings).get("name") == PROJECT:
            return folder
    raise ConfigError(
        f"no Pulumi.yaml of the project {PROJECT} in {begin} or above it; go there, or give --project DIR"
    )


def project_file(path: Path) -> dict[str, Any]:
    """Pulumi.yaml's content.

    Raises:
        ConfigError: it is not a YAML mapping.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {one_line(str(error))}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path} is not a YAML mapping")
    return content


def backend_of(env: Mapping[str, str], project: Mapping[str, Any]) -> str:
    """The state backend's URL, found in the CLI's own order; it may hold a password.

    PULUMI_BACKEND_URL, backend.url of Pulumi.yaml (`project`), `pulumi login`; where none of them
    is, `file://~`. "" where only the CLI can tell: a login that is kept encrypted, or one that an
    access token makes.
    """
    named = env.get(BACKEND, "").strip()
    declared = project.get("backend")
    if named:
        return named
    if isinstance(declared, dict) and declared.get("url"):
        return str(declared["url"])
    login = _login(env)
    if login is not None:
        return login
    return "" if env.get(TOKEN) else DEFAULT_BACKEND


def _login(env: Mapping[str, str]) -> str | None:
    """The backend that `pulumi login` chose; "" where only the CLI can read it, None where nobody is logged in."""
    home = Path(env.get("HOME") or Path.home())
    folder = Path(env.get(CREDENTIALS) or env.get(PULUMI_HOME) or home / ".pulumi")
    try:
        kept = json.loads((folder / "credentials.json").read_text("utf-8"))
    except OSError:
        return None
    except ValueError:
        return ""  # the CLI says what is wrong with it
    if not isinstance(kept, dict) or "$pulumiSecureStore" in kept:
        return ""
    return str(kept.get("current") or "") or None
