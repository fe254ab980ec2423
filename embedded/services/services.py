"""The servers of one home: set up, start, stop, status."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.services.errors import ServicesError
from embedded.services.facts import FabricAccess, PartStatus, Running
from embedded.services.files import default_cache, own_folder, remove_tree
from embedded.services.git.server import GitServers
from embedded.services.netbox.server import NetBox, remove_data
from embedded.services.netbox.setup import NetBoxSetup
from embedded.services.ports import Ports
from embedded.services.programs.golang import GoTools
from embedded.services.setup import PARTS, set_up
from embedded.services.steps import Progress, Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from embedded.services.kubernetes.cluster import Fabric


def _silent(_: str) -> None:
    """Progress that nobody wants."""


class Services:
    """NetBox, one API server per fabric and a Git repository, all in one folder `home`.

    `cache` holds what is built once (default: see `files.default_cache`); `crds` is a folder of CRD YAML files;
    `progress` is called with one line of text at a time, from any thread.
    """

    def __init__(
        self, home: Path, cache: Path | None = None, crds: Path | None = None, progress: Progress = _silent
    ) -> None:
        self.home = home.expanduser().resolve()
        self.cache = (cache or default_cache()).expanduser().resolve()
        self._crds = crds
        self._progress = progress
        self._ports = Ports(self.home / "ports.json")

    def setup(self, parts: Collection[str] = PARTS) -> None:
        """Build and download what these parts need, once; ServicesError on failure, and the next call goes on."""
        set_up(self.cache, _known(parts), self._progress)

    def start(
        self, fabrics: int = 1, parts: Collection[str] = PARTS, *, webhooks: bool | Collection[str] = True
    ) -> Running:
        """Start what does not run and answer yet, set up first what is missing; parts in threads side by side.

        `fabrics` API servers are started, named fabric-1 to fabric-N; further ones of an earlier start keep running.
        Each has the stand-in for Hedgehog's webhooks and controller, or loses it when `webhooks` is False or other
        fabrics' names.
        Raises ServicesError with the first failure; what did start keeps running and is kept by the next call.
        """
        if fabrics < 1:
            raise ServicesError(f"--fabrics is {fabrics}: at least one fabric is needed")
        self.setup(parts)
        with self._alone():
            return self._start(fabrics, parts, webhooks)

    def stop(self) -> None:
        """Stop every server of this home, by process id; their data stay."""
        with self._alone():
            self._side_by_side([self._netbox().stop, self._git().stop, *(fabric.stop for fabric in self._fabrics())])
            if known := Running.load(self.home):
                dataclasses.replace(known, pids={}).save()

    def status(self) -> list[PartStatus]:
        """The state of every server that this home has; changes nothing."""
        if not self.home.is_dir():
            return []
        found = self._netbox().status()
        for fabric in self._fabrics():
            found += fabric.status()
        return found + self._git().status()

    def running(self) -> Running | None:
        """What the last start told, from the home's private file; None when nothing was started here."""
        return Running.load(self.home)

    def remove(self) -> None:
        """Stop everything and delete the home with all data."""
        if not self.home.is_dir():
            return
        self.stop()
        remove_data(self.home)
        remove_tree(self.home)

    def _start(self, count: int, parts: Collection[str], webhooks: bool | Collection[str]) -> Running:
        known = Running.load(self.home) or Running(home=str(self.home))
        names = [f"fabric-{number}" for number in range(1, count + 1)] if "cluster" in parts else []
        crds = self._crds_folder() if names else Path()
        with_webhooks = (names if webhooks else []) if isinstance(webhooks, bool) else webhooks
        with ThreadPoolExecutor(max_workers=1 + len(names)) as pool:
            netbox = pool.submit(self._netbox().start) if "netbox" in parts else None
            fabrics = [pool.submit(self._fabric(name).start, crds, webhooks=name in with_webhooks) for name in names]
        git = self._git().start() if "git" in parts else known.git
        running = Running(
            home=str(self.home),
            netbox=netbox.result() if netbox else known.netbox,
            fabrics=_merged(known.fabrics, [one.result() for one in fabrics]),
            git_url=git.path if git else known.git_url,
            git=git,
            pids={one.name: one.pid for one in self.status() if one.pid is not None},
        )
        running.save()
        return running

    def _crds_folder(self) -> Path:
        if self._crds is None or not self._crds.is_dir():
            raise ServicesError(f"the folder of CRD files is missing: {self._crds}; name one with --crds")
        return self._crds

    def _netbox(self) -> NetBox:
        return NetBox(self.home, NetBoxSetup(self.cache), self._ports, self._progress)

    def _git(self) -> GitServers:
        return GitServers(self.home, self._ports, self._progress)

    def _fabric(self, name: str) -> Fabric:
        # it needs packages beyond the standard library, which a mere set-up runs without
        from embedded.services.kubernetes.cluster import Fabric

        return Fabric(name, self.home, GoTools(self.cache), self._ports, self._progress)

    def _fabrics(self) -> list[Fabric]:
        return [self._fabric(folder.name) for folder in sorted(self.home.glob("fabric-*")) if folder.is_dir()]

    def _side_by_side(self, jobs: list[Callable[[], None]]) -> None:
        with ThreadPoolExecutor(max_workers=len(jobs)) as pool:
            futures = [pool.submit(job) for job in jobs]
        for future in futures:
            future.result()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        own_folder(self.home)
        with Steps(self._progress).alone(self.home / "lock", f"services in {self.home}"):
            yield


def _known(parts: Collection[str]) -> Collection[str]:
    for part in parts:
        if part not in PARTS:
            raise ServicesError(f"there is no part {part!r}: the parts are {', '.join(PARTS)}")
    return parts


def _merged(before: tuple[FabricAccess, ...], now: list[FabricAccess]) -> tuple[FabricAccess, ...]:
    found = {one.name: one for one in (*before, *now)}
    return tuple(sorted(found.values(), key=lambda one: (len(one.name), one.name)))
