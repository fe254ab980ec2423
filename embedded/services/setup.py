"""The set-up of everything that is built or downloaded once, into the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.services.files import own_folder
from embedded.services.netbox.setup import NetBoxSetup
from embedded.services.programs.debian import install_packages
from embedded.services.programs.golang import GoTools
from embedded.services.programs.pulumi import find_pulumi
from embedded.services.steps import Progress, Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

PARTS = ("netbox", "cluster", "git", "pulumi")


def is_set_up(cache: Path, parts: Collection[str]) -> bool:
    """Whether the cache already holds what these parts need (Debian packages are looked at separately)."""
    tools, netbox = GoTools(cache), NetBoxSetup(cache)
    if "cluster" in parts and not (tools.path("etcd").exists() and tools.path("kube-apiserver").exists()):
        return False
    if "pulumi" in parts and find_pulumi(cache) is None:
        return False
    if "netbox" not in parts:
        return True
    return (netbox.environment / ".complete").exists() and netbox.template.exists()


def set_up(cache: Path, parts: Collection[str], progress: Progress) -> None:
    """Make the cache hold what these parts need; goes on where an interrupted set-up stopped.

    Debian packages come first because NetBox's database needs PostgreSQL; then the Go programs and NetBox side by side.
    Raises ServicesError on the first failure.
    """
    steps = Steps(progress)
    install_packages(steps, cache / "logs")
    if is_set_up(cache, parts):
        return
    own_folder(cache)
    with steps.alone(cache / "lock", "set-up of the servers"):
        jobs: dict[str, Callable[[], None]] = {}
        wanted = [*(("etcd", "kube-apiserver") if "cluster" in parts else ())]
        if "pulumi" in parts and find_pulumi(cache) is None:
            wanted.append("pulumi")
        if wanted:
            jobs["go"] = lambda: _build_programs(cache, wanted, steps)
        if "netbox" in parts:
            jobs["netbox"] = lambda: _set_up_netbox(cache, steps)
        steps.side_by_side(jobs)
    progress(f"the servers are set up in {cache}")


def _build_programs(cache: Path, programs: Collection[str], steps: Steps) -> None:
    tools = GoTools(cache)
    for program in programs:
        tools.build(program, steps)


def _set_up_netbox(cache: Path, steps: Steps) -> None:
    netbox = NetBoxSetup(cache)
    netbox.make_environment(steps)
    netbox.make_template(steps)
