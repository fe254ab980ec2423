"""Stack config → one frozen value. The only reader of `pulumi.Config`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from program.partial import PARTIAL_VARIABLE
from program.put_back import PUT_BACK_VARIABLE
from providers import extra_settings
from providers.settings import ClusterSettings, GitSettings, NetBoxSettings, allowed_deletes, config_of, flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.extra_settings import BootstrapSettings

VERB_VARIABLE = "HHSYNC_VERB"
#: Set to "destroy" by `hhsync destroy`, whose program must not need Git, and to "preview" by `hhsync preview`, which tells
#: by itself what would be adopted.

ALLOW_DELETES_VARIABLE = "HHSYNC_ALLOW_DELETES"
#: Set by `hhsync sync --allow-deletes N`, for one run; it goes before stack config.


@dataclass(frozen=True, slots=True)
class FabricConfig:
    """Everything the program needs to know about one fabric."""

    fabric: str
    git: GitSettings
    cluster: ClusterSettings
    netbox: NetBoxSettings
    allow_deletes: int | None
    destroying: bool
    put_back: Path | None = None
    take_over: bool = False
    verb: str = ""
    partial: Path | None = None
    bootstrap: BootstrapSettings | None = None
    hooks: tuple[str, ...] = field(default=(), repr=False)


def parse(config: Mapping[str, str], fabric: str, verb: str = "", put_back: str = "") -> FabricConfig:
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
        destroying=verb == "destroy",
        put_back=Path(put_back) if put_back else None,
        take_over=flag(config, "takeOver"),
        verb=verb,
        bootstrap=extra_settings.bootstrap(config),
        hooks=extra_settings.hooks_after_sync(config),
    )


def load() -> FabricConfig:
    """The config of the stack that is running; one stack is one fabric, named as the stack."""
    import pulumi  # only here: `cache_folder` is asked for by commands that run no engine

    flat = config_of(lambda key: pulumi.Config(key.partition(":")[0]).get(key.partition(":")[2]))
    allowed = os.environ.get(ALLOW_DELETES_VARIABLE)
    if allowed:
        flat["allowDeletes"] = allowed
    found = parse(flat, pulumi.get_stack(), os.environ.get(VERB_VARIABLE, ""), os.environ.get(PUT_BACK_VARIABLE, ""))
    selection = os.environ.get(PARTIAL_VARIABLE)
    return replace(found, partial=Path(selection)) if selection else found


def cache_folder() -> Path:
    """Where mirrors of Git repositories are kept: $HHSYNC_CACHE, else $XDG_CACHE_HOME/hhsync, else ~/.cache/hhsync."""
    named = os.environ.get("HHSYNC_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "hhsync"
