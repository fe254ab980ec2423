"""`python -m bench`: measures hhsync on generated fabrics and prints ratios. Figures are printed, never asserted.

On real servers of its own in a temporary home, or on those of `--home`, where they then run on. With `--home` and `--work` a
fabric that an earlier run synced is measured again without its first sync.
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

from bench.measure import CommandFailed
from bench.runs import PARTS, Bench
from bench.table import Report
from embedded.services import Services, ServicesError
from providers.errors import HhsyncError

CRDS = Path(__file__).resolve().parents[1] / "providers" / "crds"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures hhsync; see docs/performance.md.")
    parser.add_argument(
        "--only", type=_parts, default=PARTS, metavar="PARTS", help=f"of {','.join(PARTS)}; all of them"
    )
    parser.add_argument("--sizes", type=_sizes, default=(1000, 10_000), metavar="N,N", help="CRs; 1000,10000")
    parser.add_argument("--rounds", type=int, default=3, help="runs of what is repeated (default 3); the median counts")
    parser.add_argument("--home", type=Path, help="use the services of this home, and leave them running")
    parser.add_argument("--work", type=Path, help="keep the projects here, or measure those of an earlier run again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    return parser.parse_args()


def _parts(text: str) -> tuple[str, ...]:
    wanted = tuple(text.split(","))
    unknown = sorted({*wanted} - {*PARTS})
    if unknown:
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(unknown)}")
    return wanted


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(sorted({int(one) for one in text.split(",")}))
    except ValueError:
        raise argparse.ArgumentTypeError(f"not numbers with commas between: {text}") from None


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _facts() -> dict[str, object]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "CPUs": os.cpu_count(),
        "GiB": round(memory),
        "load before": round(os.getloadavg()[0], 1),
        "Python": platform.python_version(),
    }


def _measure(arguments: argparse.Namespace, work: Path) -> Report:
    report = Report(facts=_facts())
    services = Services(arguments.home or work / "services", crds=CRDS, progress=_say)
    try:
        running = services.start(fabrics=1 + len(arguments.sizes), webhooks=False)
        bench = Bench(services.cache, running, work, report, _say, arguments.only, arguments.rounds)
        bench.measure(arguments.sizes)
    finally:
        if arguments.home is None:
            services.remove()
    return report


def main() -> int:
    """Measure, print the report; exit 1 with one line when something does not work."""
    arguments = _arguments()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="hhsync-bench-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        report = _measure(arguments, work.resolve())
    except (CommandFailed, ServicesError, HhsyncError, RuntimeError, ValueError) as error:
        _say(f"error: {error}")
        return 1
    if arguments.work is None:
        shutil.rmtree(work)
    print(report.text())
    if arguments.json:
        arguments.json.write_text(json.dumps(report.to_json(), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
