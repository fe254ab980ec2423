"""Stack config → one frozen value. The only reader of `pulumi.Config`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from providers import extra_settings
from providers.settings import ClusterSettings, GitSettings, NetBoxSettings, allowed_deletes, config_of, flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.extra_settings import BootstrapSettings


@dataclass(frozen=True, slots=True)
class FabricConfig:
    """Everything the program needs to know about one fabric."""

    fabric: str
    git: GitSettings
    cluster: ClusterSettings
    netbox: NetBoxSettings
    allow_deletes: int | None
    force_conflicts: bool = False
    bootstrap: BootstrapSettings | None = None
    hooks: tuple[str, ...] = field(default=(), repr=False)


def parse(config: Mapping[str, str], fabric: str) -> FabricConfig:
    """The config of a fabric from flat values (keys without namespace).

    Raises:
        ConfigError: a value is missing or wrong; the text names the key.
    """
    return FabricConfig(
        fabric=fabric,
        git=GitSettings.from_config(config),
        cluster=ClusterSettings.from_config(config),
        netbox=NetBoxSettings.from_config(config),
        allow_deletes=allowed_deletes(config),
        force_conflicts=flag(config, "forceConflicts"),
        bootstrap=extra_settings.bootstrap(config),
        hooks=extra_settings.hooks_after_sync(config),
    )


def load() -> FabricConfig:
    """The config of the stack that is running; one stack is one fabric, named as the stack."""
    import pulumi  # only here: `cache_folder` is asked for by commands that run no engine

    flat = config_of(lambda key: pulumi.Config(key.partition(":")[0]).get(key.partition(":")[2]))
    return parse(flat, pulumi.get_stack())


def cache_folder() -> Path:
    """Where mirrors of Git repositories are kept: $HHSYNC_CACHE, else $XDG_CACHE_HOME/hhsync, else ~/.cache/hhsync."""
    named = os.environ.get("HHSYNC_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "hhsync"
