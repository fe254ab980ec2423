"""`python -m bench.git_check`: what `hhsync check` costs on a large repository with a long history. Nothing is asserted.

Cold is with an empty cache, from a local path and over HTTPS; warm is the same again; then after one more commit.
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

from bench import git_repository
from bench.measure import CommandFailed
from bench.project import Project
from bench.table import Aim, Report
from embedded.services import GitAccess, Services, ServicesError

COLD, COLD_HTTPS, WARM = "hhsync check, cold", "hhsync check, cold, over HTTPS", "hhsync check, warm"
CHANGED = "hhsync check, after a commit of 10 files"
COLD_AIM, WARM_AIM = 15.0, 0.6


def main() -> int:
    """Make the repository, measure, print the report; exit 1 with one line when something does not work."""
    parser = argparse.ArgumentParser(prog="python -m bench.git_check", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000, help="files, one CR each (default 10000)")
    parser.add_argument("--commits", type=int, default=3_000, help="commits of history (default 3000)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each (default 3); the median counts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    arguments = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="hhsync-bench-git-"))
    services = Services(work / "services", progress=_say)
    try:
        servers = services.start(parts=("git",)).git
        assert servers is not None
        report = _measure(arguments, work, servers)
    except (CommandFailed, ServicesError, ValueError, RuntimeError) as error:
        _say(f"error: {error}")
        return 1
    finally:
        services.remove()
    shutil.rmtree(work)
    print(report.text())
    if arguments.json:
        arguments.json.write_text(json.dumps(report.to_json(), indent=2) + "\n")
    return 0


def _measure(arguments: argparse.Namespace, work: Path, servers: GitAccess) -> Report:
    report = Report(
        facts={
            "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "commits": arguments.commits,
            "CPUs": os.cpu_count(),
            "load before": round(os.getloadavg()[0], 1),
            "Python": platform.python_version(),
        }
    )
    repository = Path(servers.path).with_name("bench.git")
    _say(f"making {arguments.files} files with {arguments.commits} commits")
    git_repository.make(repository, arguments.files, arguments.commits)
    project = Project.at(work / "project", "bench")
    project.make({"README.md": "not used"})
    cache = Path(project.environment["HHSYNC_CACHE"])
    ways = {COLD_HTTPS: servers.https_url.replace("fabrics.git", "bench.git"), COLD: str(repository)}
    texts, size = git_repository.documents(arguments.files), arguments.files
    for number in range(arguments.rounds):
        for name, url in ways.items():
            _configure(project, url, servers)
            shutil.rmtree(cache, ignore_errors=True)
            report.row(name, size).add(project.hhsync("check"))
        report.row(WARM, size).add(project.hhsync("check"))
        changed = {path: f"# round {number}\n{texts[path]}" for path in sorted(texts)[number :: len(texts) // 10][:10]}
        git_repository.commit(repository, arguments.commits + number, changed)
        report.row(CHANGED, size).add(project.hhsync("check"))
    limits = {COLD: COLD_AIM, COLD_HTTPS: COLD_AIM, WARM: WARM_AIM}
    report.aims += [Aim(name, report.row(name, size).median, limit, "s") for name, limit in limits.items()]
    return report


def _configure(project: Project, url: str, servers: GitAccess) -> None:
    """A stack that reads this URL; the other two places are never asked by a check."""
    options = ["--git-url", url, "--git-path", "fabric", "--git-username", "hhsync", "--git-ca-file", servers.ca_file]
    environment = {"HHSYNC_GIT_TOKEN": servers.passwords["hhsync"], "HHSYNC_NETBOX_TOKEN": "unused"}
    rest = ["--netbox-url", "http://127.0.0.1:1", "--in-cluster", "--no-check"]
    project.hhsync("init", *options, *rest, environment=environment)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
