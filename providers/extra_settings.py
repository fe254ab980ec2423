"""What a stack may ask for beside the sync itself: a cluster made ready for hhsync, and commands after a sync."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from providers.errors import ConfigError
from providers.settings import NAMESPACE, flag

if TYPE_CHECKING:
    from collections.abc import Mapping

BOOTSTRAP_KEY, PLACE_KEY, HOOKS_KEY = "clusterBootstrap", "bootstrapNamespace", "hooksAfterSync"
DEFAULT_PLACE = "hhsync"

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class BootstrapSettings:
    """Where hhsync's service account lives in the cluster."""

    namespace: str = DEFAULT_PLACE


def bootstrap(config: Mapping[str, str]) -> BootstrapSettings | None:
    """Read clusterBootstrap and bootstrapNamespace; None where the cluster is left as it is.

    Raises:
        ConfigError: a value is wrong, or the namespace is named for nothing.
    """
    wanted = flag(config, BOOTSTRAP_KEY)
    place = config.get(PLACE_KEY, "").strip()
    if place and not _LABEL.fullmatch(place):
        raise ConfigError(
            f"stack config {NAMESPACE}:{PLACE_KEY} must be a namespace's name (small letters, digits, -), "
            f'not "{place}"'
        )
    if place and not wanted:
        raise ConfigError(
            f"stack config {NAMESPACE}:{PLACE_KEY} is set and {NAMESPACE}:{BOOTSTRAP_KEY} is not true; set both or none"
        )
    return BootstrapSettings(place or DEFAULT_PLACE) if wanted else None


def hooks_after_sync(config: Mapping[str, str]) -> tuple[str, ...]:
    """Read hooksAfterSync: a list of shell commands, which reaches us as JSON text; a lone text is one command.

    Raises:
        ConfigError: it is no list of texts, or one of them is empty. The commands are not quoted: they may hold secrets.
    """
    text = config.get(HOOKS_KEY, "").strip()
    if not text:
        return ()
    if not text.startswith("["):
        return (text,)
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) and one.strip() for one in found):
        raise ConfigError(
            f"stack config {NAMESPACE}:{HOOKS_KEY} must be a list of shell commands, none of them empty; set one with: "
            f"pulumi config set --path '{NAMESPACE}:{HOOKS_KEY}[0]' COMMAND"
        )
    return tuple(found)
