"""The benchmark of the engine: it does what it says, and says what was measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench import engine
from bench.table import Report

if TYPE_CHECKING:
    import pytest

CLONE = Path(__file__).resolve().parents[2]


def test_a_small_run_creates_previews_and_refreshes_on_memory(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "bench.engine_child", "embedded", "5", str(tmp_path / "run")]
    ran = subprocess.run(argv, cwd=CLONE, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert set(json.loads(ran.stdout.splitlines()[-1])) == {"create", "preview", "refresh", "peak_kb"}


def test_figures_are_told_by_resource_against_the_aims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = {
        1000: {"create": (2.0, 1.0), "preview": (3.0, 2.0), "refresh": (1.0, 1.0), "peak_kb": 50_000},
        10_000: {"create": (20.0, 10.0), "preview": (60.0, 20.0), "refresh": (10.0, 10.0), "peak_kb": 230_000},
    }
    monkeypatch.setattr(engine, "_run", lambda _engine, count, _work, _say: figures[count])
    report = Report()
    engine.measure(report, tmp_path, engine.Sizes(), "", print)
    assert report.notes == [
        "engine, create: 2.00 ms a resource (1.00 ms of the engine's processor time), aim <= 3 ms: reached",
        "engine, preview: 3.00 ms a resource (2.00 ms of the engine's processor time), aim <= 2 ms: missed",
        "engine, refresh: 1.00 ms a resource (1.00 ms of the engine's processor time), aim <= 1.5 ms: reached",
        "engine, create: at 10000 1.00 × the cost a resource at 1000, aim <= 1.3 ×: reached",
        "engine, preview: at 10000 2.00 × the cost a resource at 1000, aim <= 1.3 ×: missed",
        "engine, refresh: at 10000 1.00 × the cost a resource at 1000, aim <= 1.3 ×: reached",
        "engine, memory: 20 KB a resource (a create: engine, provider and targets, without the program; growth of the peak "
        "from 1000 to 10000), aim <= 30 KB: reached",
        "engine, create: 63.0 × as fast as the CLI (126.0 s, published)",
        "engine, preview: 7.3 × as fast as the CLI (22.0 s, published)",
    ]
