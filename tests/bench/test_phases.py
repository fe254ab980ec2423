"""Where the time went, from a run's debug log."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bench.phases import newest, phases

if TYPE_CHECKING:
    from pathlib import Path

LOG = """\
2026-12-01 04:44:29,000 DEBUG hhsync.context: phase read: state took 0.400 s
2026-12-01 04:44:29,500 DEBUG hhsync.context: phase read took 0.900 s
2026-12-01 04:44:29,600 DEBUG hhsync.engine: the phase of waiting took long
2026-12-01 04:44:30,000 DEBUG hhsync.engine: phase engine took 1.500 s
2026-12-01 04:44:31,000 DEBUG hhsync.engine: phase engine took 0.250 s
"""


def test_phases_come_in_the_logs_order_and_one_that_comes_again_in_sum() -> None:
    assert list(phases(LOG).items()) == [("read: state", 0.4), ("read", 0.9), ("engine", 1.75)]


def test_the_newest_log_counts(tmp_path: Path) -> None:
    for name, moment in (("b.log", 1), ("a.log", 2)):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (moment, moment))
    assert newest(tmp_path) == "a.log"


def test_no_log_is_no_phases(tmp_path: Path) -> None:
    assert phases(newest(tmp_path / "missing")) == {}
