"""The engine's own cost: dynamic resources of this project's provider class on targets in memory, and the CLI beside it.

Everything runs in child processes of its own (`engine_child`), the program on disk as hhsync's is.
The CLI is measured where HHSYNC_PULUMI names one; elsewhere its published figures are used.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.table import Report

CLONE = Path(__file__).resolve().parents[1]
AIMS_MS = {"create": 3.0, "preview": 2.0, "refresh": 1.5}
"""Wall milliseconds a resource, at the smaller count."""
GROWTH_AIM = 1.3
MEMORY_AIM_KB = 30.0
CLI_MS = {"create": 126.0, "preview": 22.0}
"""What the CLI took on its file backend for 1,000 dynamic resources: 126 s of creates, 22 ms a resource for a preview."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many resources: `small` is what the aims are for, `large` shows how the cost grows (0: not measured)."""

    small: int = 1000
    large: int = 10_000


def measure(report: Report, work: Path, sizes: Sizes, cli: str, say: Callable[[str], None]) -> None:
    """Run all of it and add rows and notes to the report. Raises CommandFailed."""
    small = _run("embedded", sizes.small, work, say)
    _rows(report, "engine", sizes.small, small)
    for verb, aim in AIMS_MS.items():
        report.notes.append(_against_aim(verb, small[verb], sizes.small, aim))
    if sizes.large:
        large = _run("embedded", sizes.large, work, say)
        _rows(report, "engine", sizes.large, large)
        report.notes += [_growth(verb, small, large, sizes) for verb in AIMS_MS]
        report.notes.append(_memory(small, large, sizes))
    theirs = {verb: (ms / 1000 * sizes.small, 0.0) for verb, ms in CLI_MS.items()}
    source = "published"
    if cli:
        theirs, source = _run(cli, sizes.small, work, say), "measured here"
        _rows(report, "Pulumi CLI", sizes.small, theirs)
    for verb in CLI_MS:
        ratio = theirs[verb][0] / small[verb][0]
        report.notes.append(f"engine, {verb}: {ratio:.1f} × as fast as the CLI ({theirs[verb][0]:.1f} s, {source})")


def _run(engine: str, count: int, work: Path, say: Callable[[str], None]) -> dict[str, Any]:
    name = "engine" if engine == "embedded" else "Pulumi CLI"
    say(f"{name}: {count} resources")
    folder = work / f"engine-{name.split()[0]}-{count}"
    argv = [sys.executable, "-m", "bench.engine_child", engine, str(count), str(folder)]
    ran = subprocess.run(argv, cwd=CLONE, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise CommandFailed(f"{name} with {count} resources failed: {ran.stderr.strip()[-500:]}")
    shutil.rmtree(folder)
    figures: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return figures


def _rows(report: Report, name: str, count: int, figures: dict[str, Any]) -> None:
    for verb in AIMS_MS:
        if verb in figures:
            report.row(f"{name}: {verb} {count}").seconds.append(figures[verb][0])


def _each(seconds: float, count: int) -> float:
    return seconds / count * 1000


def _against_aim(verb: str, taken: tuple[float, float], count: int, aim: float) -> str:
    wall, cpu = (_each(seconds, count) for seconds in taken)
    verdict = "reached" if wall <= aim else "missed"
    own = f"{cpu:.2f} ms of the engine's processor time"
    return f"engine, {verb}: {wall:.2f} ms a resource ({own}), aim <= {aim:g} ms: {verdict}"


def _growth(verb: str, small: dict[str, Any], large: dict[str, Any], sizes: Sizes) -> str:
    ratio = _each(large[verb][0], sizes.large) / _each(small[verb][0], sizes.small)
    verdict = "reached" if ratio <= GROWTH_AIM else "missed"
    grown = f"at {sizes.large} {ratio:.2f} × the cost a resource at {sizes.small}"
    return f"engine, {verb}: {grown}, aim <= {GROWTH_AIM} ×: {verdict}"


def _memory(small: dict[str, Any], large: dict[str, Any], sizes: Sizes) -> str:
    each = (large["peak_kb"] - small["peak_kb"]) / (sizes.large - sizes.small)
    verdict = "reached" if each <= MEMORY_AIM_KB else "missed"
    what = "a create: engine, provider and targets, without the program; growth of the peak"
    return (
        f"engine, memory: {each:.0f} KB a resource ({what} from {sizes.small} to {sizes.large}), "
        f"aim <= {MEMORY_AIM_KB:g} KB: {verdict}"
    )
