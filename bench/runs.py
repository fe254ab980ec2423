"""The runs of the benchmark, in the order that makes them comparable."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import aims
from bench.git_repository import documents
from bench.kubectl import Kubectl
from bench.measure import Cost, run
from bench.names import APPLY, CHANGE, CHECK, DIFF, DRIFT, FIRST, HELP, LIST, NOTHING, RAW, TYPES
from bench.netbox import NetBox
from bench.project import CLONE, HHSYNC, Project
from embedded.services.programs.golang import GoTools, kubectl
from embedded.services.steps import Steps
from providers.settings import NetBoxSettings
from providers.targets.netbox import target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from bench.table import Report
    from embedded.services import NetBoxAccess, Running

# What `--only` takes.
PARTS = ("start", "first-sync", "drift", "nothing", "change", "list-page")

# The largest fabric that kubectl and the raw records are measured with; larger ones are compared with that, scaled.
FLOOR_LIMIT = 2000

LIST_KIND = "VPC"
LIST_ROUNDS = 10
START_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Bench:
    """What the runs need: a cache with built programs, running servers, a folder, and a report to fill.

    The first API server is kubectl's; each size has one of its own after it, so that every first write meets an empty one.
    """

    cache: Path
    running: Running
    work: Path
    report: Report
    say: Callable[[str], None]
    parts: Collection[str] = PARTS
    rounds: int = 3

    def measure(self, sizes: Sequence[int]) -> None:
        """Make all runs, the smallest fabric first, and fill the report."""
        floor = Kubectl(kubectl(GoTools(self.cache), Steps(self.say)), self.running.fabric("fabric-1").admin_kubeconfig)
        self.report.facts["kubectl"] = floor.version()
        self._types()
        if "start" in self.parts:
            self._help()
        for number, size in enumerate(sizes, start=2):
            self._fabric(size, f"fabric-{number}", floor)
        self.report.aims += aims.reached(self.report, sizes)

    @property
    def _netbox(self) -> NetBoxAccess:
        if self.running.netbox is None:
            raise RuntimeError(f"no NetBox in {self.running.home}: start the services there with all parts")
        return self.running.netbox

    def _fabric(self, size: int, server: str, floor: Kubectl) -> None:
        """Everything about the fabric of one size; kubectl gets it, too, up to FLOOR_LIMIT."""
        project = Project.at(self.work / f"project-{size}", f"bench-{size}")
        with_floor = size <= FLOOR_LIMIT
        if not project.synced.exists():
            self._first(project, size, server, floor if with_floor else None)
        if "start" in self.parts:
            self._repeat(CHECK, size, START_ROUNDS, lambda: project.hhsync("check"))
        for number in range(1, self.rounds + 1):
            self.say(f"{size} CRs, round {number} of {self.rounds}")
            self._read(project, size, floor if with_floor else None)
        if "change" in self.parts:
            for _ in range(self.rounds):
                project.change_one()
                self._hhsync(project, CHANGE, size, "sync")
        if "list-page" in self.parts:
            self._list_page(project, size)

    def _read(self, project: Project, size: int, floor: Kubectl | None) -> None:
        """Once each what writes nothing, side by side in time, so that their ratios hold on a busy machine, too."""
        if floor and "drift" in self.parts:
            self._count(DIFF, size, floor.diff(project))
        if {"drift", "nothing"} & {*self.parts}:
            self._hhsync(project, DRIFT, size, "drift")
        if "nothing" in self.parts:
            self._hhsync(project, NOTHING, size, "sync")

    def _help(self) -> None:
        log = self.work / "logs" / "help.log"
        self._repeat(HELP, 0, START_ROUNDS, lambda: run([str(HHSYNC), "--help"], cwd=self.work, log=log))

    def _types(self) -> None:
        started = time.monotonic()
        if target.NetBox(NetBoxSettings(self._netbox.url, self._netbox.token)).ensure_types():
            self.report.row(TYPES).seconds.append(time.monotonic() - started)

    def _first(self, project: Project, size: int, server: str, floor: Kubectl | None) -> None:
        """Make the project and sync it for the first time, beside what kubectl and raw records take for the same."""
        project.make(documents(size))
        project.configure(self._netbox, self.running.fabric(server))
        if floor:
            self._count(APPLY, size, floor.apply(project))
        self._hhsync(project, FIRST, size, "sync")
        project.synced.touch()
        if floor and "first-sync" in self.parts:
            self._raw(project, size)

    def _raw(self, project: Project, size: int) -> None:
        """Post what the sync just made once more, as the records of another fabric, and take them away again."""
        netbox, copy = NetBox(self._netbox), f"{project.fabric}-raw"
        file = project.folder / "batches.json"
        copied = netbox.batches(netbox.records(project.fabric), copy, file)
        if copied != size:
            raise RuntimeError(f"the sync left {copied} records in NetBox, not {size}")
        environment = {"NETBOX_URL": self._netbox.url, "NETBOX_TOKEN": self._netbox.token}
        argv = [sys.executable, "-m", "bench.raw", str(file), "1"]
        log = project.folder / "logs" / "raw.log"
        self._count(RAW, size, run(argv, cwd=CLONE, log=log, environment=environment))
        netbox.remove(copy)

    def _list_page(self, project: Project, size: int) -> None:
        """NetBox's own page of one kind, filtered by fabric."""
        seconds, _ = NetBox(self._netbox).list_page(LIST_KIND, project.fabric, LIST_ROUNDS)
        self.report.row(LIST, size).seconds += seconds

    def _hhsync(self, project: Project, name: str, size: int, verb: str) -> None:
        self._count(name, size, project.hhsync(verb))
        found = project.phases()
        if found:
            self.report.phases[f"{name}, {size} CRs"] = found

    def _repeat(self, name: str, size: int, rounds: int, measured: Callable[[], Cost]) -> None:
        measured()  # the first one warms what is cached
        for _ in range(rounds):
            self._count(name, size, measured())

    def _count(self, name: str, size: int, cost: Cost) -> None:
        self.report.row(name, size).add(cost)
        memory = f"{cost.own_mb:.0f} MB" + (f", a child {cost.child_mb:.0f} MB" if cost.child_mb else "")
        self.say(f"{name}, {size}: {cost.seconds:.2f} s, {cost.cpu_seconds:.2f} CPU s, {memory}")
