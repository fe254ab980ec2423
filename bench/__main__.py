"""`python -m bench`: measures hhsync on a generated fabric and prints ratios. Figures are printed, never asserted.

On real servers of its own in a temporary home, or on those of `--home`, where they then run on. Two API servers: one takes
kubectl's writes, the other hhsync's, so that both first writes meet an empty cluster.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench import engine
from bench.measure import CommandFailed
from bench.runs import Bench
from bench.table import Report
from embedded.services import Services, ServicesError
from providers.errors import HhsyncError

if TYPE_CHECKING:
    from collections.abc import Callable

CRDS = Path(__file__).resolve().parents[1] / "providers" / "crds"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures hhsync; see docs/performance.md.")
    parser.add_argument("--count", type=int, default=1000, help="CRs of the fabric (default 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of what is repeated (default 3); the median counts")
    parser.add_argument("--list-page", type=int, default=0, metavar="N", help="also NetBox's list page at N records")
    parser.add_argument("--connections", type=int, default=1, help="connections of the raw creation (default 1)")
    parser.add_argument("--home", type=Path, help="use the services of this home, and leave them running")
    parser.add_argument("--engine-only", action="store_true", help="only the engine's own cost; needs no servers")
    parser.add_argument("--engine-count", type=int, default=1000, help="resources of the engine's runs (default 1000)")
    parser.add_argument(
        "--engine-large", type=int, default=10_000, help="resources of its large run (default 10000; 0: none)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    return parser.parse_args()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _facts(arguments: argparse.Namespace) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "CRs": arguments.count,
        "CPUs": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 1),
        "Python": platform.python_version(),
    }


def _measure(arguments: argparse.Namespace, work: Path, say: Callable[[str], None]) -> Report:
    report = Report(facts=_facts(arguments))
    sizes = engine.Sizes(arguments.engine_count, arguments.engine_large)
    engine.measure(report, work, sizes, os.environ.get("HHSYNC_PULUMI", ""), say)
    if arguments.engine_only:
        return report
    services = Services(arguments.home or work / "services", crds=CRDS, progress=say)
    try:
        running = services.start(fabrics=2)
        Bench(services.cache, running, work, report, say).measure(
            arguments.count,
            arguments.rounds,
            arguments.connections,
            arguments.list_page,
            clean=arguments.home is not None,
        )
    finally:
        if arguments.home is None:
            services.remove()
    return report


def main() -> int:
    """Measure, print the report; exit 1 with one line when something does not work."""
    arguments = _arguments()
    work = Path(tempfile.mkdtemp(prefix="hhsync-bench-"))
    try:
        report = _measure(arguments, work, _say)
    except (CommandFailed, ServicesError, HhsyncError, RuntimeError, ValueError) as error:
        _say(f"error: {error}")
        return 1
    shutil.rmtree(work)
    print(report.text())
    if arguments.json:
        arguments.json.write_text(json.dumps(report.to_json(), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
