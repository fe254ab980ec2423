"""The runs of the benchmark, in the order that makes them comparable."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.kubectl import Kubectl
from bench.measure import Cost, run
from bench.netbox import NetBox
from bench.project import CLONE, FABRIC, Project
from bench.table import Ratio, Report
from embedded.services.golang import GoTools, kubectl
from embedded.services.steps import Steps
from providers.settings import NetBoxSettings
from providers.targets import netbox as target
from sample.generate import generate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from embedded.services import Running

FLOOR, LISTED = "bench-floor", "bench-list"
#: Fabrics in NetBox besides the one that is synced.

TYPES = "NetBox: make the types"
APPLY = "kubectl apply --server-side"
RAW = "NetBox: the same records, raw, in bulk"
DIFF = "kubectl diff --server-side"
FIRST = "hhsync sync, first"
NOTHING = "hhsync sync, nothing to do"
DRIFT = "hhsync drift"
LIST = "NetBox: list page of one kind and fabric"

LIST_KIND = "VPC"
LIST_ROUNDS = 10
LIST_AIM_MS = 500


@dataclass(frozen=True, slots=True)
class Bench:
    """What the runs need: the cache with built programs, running servers with two fabrics, a folder, and a report."""

    cache: Path
    running: Running
    work: Path
    report: Report
    say: Callable[[str], None]

    def measure(self, count: int, rounds: int, connections: int, list_page: int, *, clean: bool) -> None:
        """Make all runs and fill the report."""
        if self.running.netbox is None:
            raise RuntimeError(f"no NetBox in {self.running.home}: start the services there with all parts")
        project = Project.make(self.work / "project", generate(count))
        floor = Kubectl(kubectl(GoTools(self.cache), Steps(self.say)), self.running.fabric("fabric-1").admin_kubeconfig)
        netbox = NetBox(self.running.netbox)
        project.configure(self.running.netbox, self.running.fabric("fabric-2"))
        self.report.facts |= {"engine": project.engine(), "kubectl": floor.version()}
        self._types()
        self._first(project, floor)
        self._raw(project, netbox, connections)
        for number in range(1, rounds + 1):
            self.say(f"round {number} of {rounds}")
            self._count(DIFF, floor.diff(project))
            self._count(NOTHING, project.hhsync("sync"))
            self._count(DRIFT, project.hhsync("drift"))
        if list_page:
            self._list_page(netbox, list_page)
        self._ratios()
        if clean:
            self._clean(project, floor, netbox)

    def _types(self) -> None:
        access = self.running.netbox
        assert access is not None
        self.say("making the types in NetBox")
        started = time.monotonic()
        made = target.NetBox(NetBoxSettings(access.url, access.token)).ensure_types()
        if made:
            self.report.row(TYPES).seconds.append(time.monotonic() - started)
        else:
            self.report.notes.append("NetBox's types were there already.")

    def _first(self, project: Project, floor: Kubectl) -> None:
        self._count(APPLY, floor.apply(project))
        self._count(FIRST, project.hhsync("sync"))

    def _raw(self, project: Project, netbox: NetBox, connections: int) -> None:
        """Post what the sync just made once more, as the records of another fabric."""
        file = project.folder / "batches.json"
        copied = netbox.batches(netbox.records(FABRIC), FLOOR, file)
        if copied != self.report.facts["CRs"]:
            raise RuntimeError(f"the sync left {copied} records in NetBox, not {self.report.facts['CRs']}")
        self._count(RAW, self._post(file, project.folder / "logs" / "raw.log", connections))
        self.report.facts["connections of raw"] = connections

    def _post(self, file: Path, log: Path, connections: int) -> Cost:
        access = self.running.netbox
        assert access is not None
        environment = {"NETBOX_URL": access.url, "NETBOX_TOKEN": access.token}
        argv = [sys.executable, "-m", "bench.raw", str(file), str(connections)]
        return run(argv, cwd=CLONE, log=log, environment=environment)

    def _count(self, name: str, cost: Cost) -> None:
        self.report.row(name).add(cost)
        self.say(f"{name}: {cost.seconds:.2f} s, {cost.tree_mb:.0f} MB")

    def _list_page(self, netbox: NetBox, count: int) -> None:
        self.say(f"filling NetBox with {count} records")
        file = self.work / "listed.json"
        record = netbox.records(FABRIC)[LIST_KIND][0]
        copies = [record | {"ref": f"{FABRIC}/copy-{n:05}", "name": f"copy-{n:05}"} for n in range(count)]
        netbox.batches({LIST_KIND: copies}, LISTED, file)
        self._post(file, self.work / "listed.log", os.cpu_count() or 1)
        seconds, shown = netbox.list_page(LIST_KIND, LISTED, LIST_ROUNDS)
        if shown != count:
            raise RuntimeError(f"NetBox's page shows {shown} records of {LISTED}, not {count}")
        row = self.report.row(LIST)
        row.seconds += seconds
        verdict = "reached" if row.median * 1000 < LIST_AIM_MS else "missed"
        self.report.notes.append(
            f"{LIST}, {count} records: {row.median * 1000:.0f} ms, aim < {LIST_AIM_MS} ms: {verdict}"
        )

    def _clean(self, project: Project, floor: Kubectl, netbox: NetBox) -> None:
        """Take away what would stand in the way of the next run on the same servers."""
        self.say("cleaning up")
        project.hhsync("destroy", "--yes", FABRIC)
        floor.delete(project)
        for fabric in (FLOOR, LISTED):
            netbox.remove(fabric)

    def _ratios(self) -> None:
        rows = {row.name: row.median for row in self.report.rows}
        self.report.ratios += [
            Ratio("first sync to its floor (kubectl apply + raw records)", rows[FIRST], rows[APPLY] + rows[RAW], 1.2),
            Ratio("sync with nothing to do to kubectl diff", rows[NOTHING], rows[DIFF], 1.0),
            Ratio("drift report to kubectl diff", rows[DRIFT], rows[DIFF], 0.1),
        ]
